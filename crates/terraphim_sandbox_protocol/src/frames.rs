//! The frames of a run's channel.

use std::ops::Deref;

use crate::wire::{Budget, DecodeError, Header, Reader, Writer};

const START: u8 = 1;
const REPLY: u8 = 2;
const PREPARE: u8 = 3;
const STAGE: u8 = 4;

/// Most arguments of a stage.
const MOST_ARGUMENTS: u32 = 4096;

/// Kind byte of [`GuestFrame::Started`].
pub const STARTED: u8 = 16;
const CALL: u8 = 17;
const LOG: u8 = 18;
const DONE: u8 = 19;
const FAILED: u8 = 20;
/// Kind byte of [`GuestFrame::Prepared`].
pub const PREPARED: u8 = 21;

/// Opaque bytes at the end of a received body, kept where they were received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    body: Vec<u8>,
    start: usize,
}

impl Payload {
    fn new(body: Vec<u8>, length: usize) -> Self {
        let start = body.len().saturating_sub(length);
        Self { body, start }
    }

    /// The bytes alone.
    pub fn into_vec(mut self) -> Vec<u8> {
        self.body.drain(..self.start);
        self.body
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.body.get(self.start..).unwrap_or_default()
    }
}

/// Which grammar the program has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// TypeScript.
    TypeScript,
    /// JavaScript.
    JavaScript,
    /// Python.
    Python,
    /// Bash.
    Bash,
    /// Rust that was compiled before.
    Rust,
    /// Rust that is only compiled.
    RustBuild,
    /// TypeScript or JavaScript, for the machine's own node.
    Node,
}

/// The program and what its process must know of its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The grammar.
    pub syntax: Syntax,
    /// Milliseconds until the interpreter is to stop by itself.
    pub wall_ms: u64,
    /// Bytes that the interpreter's heap may grow to.
    pub heap_bytes: u64,
    /// Longest result, in bytes.
    pub result_bytes: u64,
    /// Longest arguments of one call, in bytes.
    pub arguments_bytes: u64,
    /// Calls over the whole run.
    pub tool_calls: u32,
    /// Whether another program may follow that finds what this one leaves behind.
    pub keeps: bool,
    /// The program's text.
    pub source: String,
}

/// The folder of a run in a runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepare {
    /// What is there already, relative to the store that the jail shows; empty for the store itself.
    pub lower: String,
    /// What the run may write, in bytes.
    pub bytes: u64,
    /// How many files and folders it may make.
    pub files: u64,
}

/// What a run of a compiled language is to see of the cache, and what is
/// started with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What is shown, relative to the cache: a folder at `/cache`, a file at
    /// `/program`. Nothing else of the cache is.
    pub shown: String,
    /// After the name of what is started.
    pub arguments: Vec<String>,
}

/// A frame from the host to a run's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostFrame {
    /// What of the cache is seen, for languages that are compiled; before the folder.
    Stage(Stage),
    /// The folder, for runtimes that have one; before the program.
    Prepare(Prepare),
    /// The program; the first frame, sent once.
    Start(Start),
    /// What a call answered.
    Reply {
        /// The id that the guest gave the call.
        id: u32,
        /// Whether the payload is the value or the error.
        ok: bool,
        /// JSON.
        payload: Payload,
    },
}

/// How a log line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// `console.debug`.
    Debug,
    /// `console.log` and `console.info`.
    Info,
    /// `console.warn`.
    Warn,
    /// `console.error`.
    Error,
}

/// What kind of failure ended the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The text is not a program.
    Syntax,
    /// The program threw.
    Runtime,
    /// A tool call failed and the program did not catch it.
    Tool,
    /// A limit was reached.
    Limit,
    /// A call was not permitted and the program did not catch it.
    Denied,
}

/// How a program failed, in its own lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// What happened.
    pub message: String,
    /// What to change; empty where nothing is known.
    pub hint: String,
    /// Line in the program's text, from 1; 0 where it is not known.
    pub line: u32,
    /// Column in characters, from 1; 0 where it is not known.
    pub column: u32,
    /// The program's own frames, one a line, innermost first; may be empty.
    pub stack: String,
}

/// A frame from a run's process to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestFrame {
    /// The folder is there; what the run writes goes to the one whose descriptor comes along.
    Prepared,
    /// The program was understood and begins.
    Started,
    /// A call; its reply carries the same id.
    Call {
        /// Chosen by the guest, never used twice in one run.
        id: u32,
        /// What is called.
        name: String,
        /// JSON.
        payload: Payload,
    },
    /// A piece of the logs.
    Log {
        /// How it was written.
        level: LogLevel,
        /// One or more whole lines without the last line feed.
        text: String,
    },
    /// The result; the last frame.
    Done {
        /// JSON.
        payload: Payload,
    },
    /// The program failed; the last frame.
    Failed(Failure),
}

fn check(header: Header, limit: usize) -> Result<(), DecodeError> {
    if header.body > limit {
        return Err(DecodeError::TooLong { kind: header.kind, length: header.body, limit });
    }
    Ok(())
}

impl HostFrame {
    /// Encodes a program.
    pub fn encode_start(start: &Start) -> Vec<u8> {
        Writer::new(START, start.source.len() + 64)
            .u8(match start.syntax {
                Syntax::TypeScript => 0,
                Syntax::JavaScript => 1,
                Syntax::Python => 2,
                Syntax::Bash => 3,
                Syntax::Rust => 4,
                Syntax::RustBuild => 5,
                Syntax::Node => 6,
            })
            .u64(start.wall_ms)
            .u64(start.heap_bytes)
            .u64(start.result_bytes)
            .u64(start.arguments_bytes)
            .u32(start.tool_calls)
            .u8(u8::from(start.keeps))
            .text(&start.source)
            .finish()
    }

    /// Encodes the folder.
    pub fn encode_prepare(prepare: &Prepare) -> Vec<u8> {
        let Prepare { lower, bytes, files } = prepare;
        Writer::new(PREPARE, lower.len() + 24).u64(*bytes).u64(*files).text(lower).finish()
    }

    /// Encodes what of the cache is seen.
    pub fn encode_stage(stage: &Stage) -> Vec<u8> {
        let Stage { shown, arguments } = stage;
        let bytes = arguments.iter().map(|argument| argument.len() + 4).sum::<usize>();
        // The reader refuses what has more of them than there can be.
        let count = u32::try_from(arguments.len()).unwrap_or(u32::MAX);
        let writer = Writer::new(STAGE, shown.len() + bytes + 8).text(shown).u32(count);
        arguments.iter().fold(writer, |writer, argument| writer.text(argument)).finish()
    }

    /// Encodes a reply.
    pub fn encode_reply(id: u32, ok: bool, payload: &[u8]) -> Vec<u8> {
        Writer::new(REPLY, payload.len() + 5).u32(id).u8(u8::from(ok)).rest(payload).finish()
    }

    /// Whether a body of this kind and length may be received at all; to be asked before it is.
    pub fn admit(header: Header, budget: &Budget) -> Result<(), DecodeError> {
        match header.kind {
            START | PREPARE | STAGE => check(header, budget.start),
            REPLY => check(header, budget.reply),
            kind => Err(DecodeError::UnknownKind(kind)),
        }
    }

    /// Decodes a body that was admitted.
    pub fn decode(kind: u8, body: Vec<u8>) -> Result<Self, DecodeError> {
        let mut fields = Reader::new(kind, &body);
        match kind {
            START => {
                let start = Start {
                    syntax: match fields.u8()? {
                        0 => Syntax::TypeScript,
                        1 => Syntax::JavaScript,
                        2 => Syntax::Python,
                        3 => Syntax::Bash,
                        4 => Syntax::Rust,
                        5 => Syntax::RustBuild,
                        6 => Syntax::Node,
                        other => return Err(fields.bad_value(other)),
                    },
                    wall_ms: fields.u64()?,
                    heap_bytes: fields.u64()?,
                    result_bytes: fields.u64()?,
                    arguments_bytes: fields.u64()?,
                    tool_calls: fields.u32()?,
                    keeps: match fields.u8()? {
                        0 => false,
                        1 => true,
                        other => return Err(fields.bad_value(other)),
                    },
                    source: fields.text()?,
                };
                fields.end()?;
                Ok(Self::Start(start))
            }
            PREPARE => {
                let (bytes, files) = (fields.u64()?, fields.u64()?);
                let prepare = Prepare { bytes, files, lower: fields.text()? };
                fields.end()?;
                Ok(Self::Prepare(prepare))
            }
            STAGE => {
                let (shown, count) = (fields.text()?, fields.u32()?);
                if count > MOST_ARGUMENTS {
                    return Err(fields.bad_value(u8::MAX));
                }
                let arguments = (0..count).map(|_| fields.text()).collect::<Result<_, _>>()?;
                fields.end()?;
                Ok(Self::Stage(Stage { shown, arguments }))
            }
            REPLY => {
                let id = fields.u32()?;
                let ok = match fields.u8()? {
                    0 => false,
                    1 => true,
                    other => return Err(fields.bad_value(other)),
                };
                let left = fields.left();
                Ok(Self::Reply { id, ok, payload: Payload::new(body, left) })
            }
            other => Err(DecodeError::UnknownKind(other)),
        }
    }
}

impl GuestFrame {
    /// Encodes that the folder is there.
    pub fn encode_prepared() -> Vec<u8> {
        Writer::new(PREPARED, 0).finish()
    }

    /// Encodes the begin of a program.
    pub fn encode_started() -> Vec<u8> {
        Writer::new(STARTED, 0).finish()
    }

    /// Encodes a call.
    pub fn encode_call(id: u32, name: &str, payload: &[u8]) -> Vec<u8> {
        Writer::new(CALL, name.len() + payload.len() + 8).u32(id).text(name).rest(payload).finish()
    }

    /// Encodes a piece of the logs.
    pub fn encode_log(level: LogLevel, text: &str) -> Vec<u8> {
        let level = match level {
            LogLevel::Debug => 0,
            LogLevel::Info => 1,
            LogLevel::Warn => 2,
            LogLevel::Error => 3,
        };
        Writer::new(LOG, text.len() + 5).u8(level).text(text).finish()
    }

    /// Encodes a result.
    pub fn encode_done(payload: &[u8]) -> Vec<u8> {
        Writer::new(DONE, payload.len()).rest(payload).finish()
    }

    /// Encodes a failure.
    pub fn encode_failed(failure: &Failure) -> Vec<u8> {
        Writer::new(FAILED, failure.message.len() + failure.hint.len() + failure.stack.len() + 32)
            .u8(match failure.kind {
                FailureKind::Syntax => 0,
                FailureKind::Runtime => 1,
                FailureKind::Tool => 2,
                FailureKind::Limit => 3,
                FailureKind::Denied => 4,
            })
            .u32(failure.line)
            .u32(failure.column)
            .text(&failure.message)
            .text(&failure.hint)
            .text(&failure.stack)
            .finish()
    }

    /// Whether a body of this kind and length may be received at all; to be asked before it is.
    pub fn admit(header: Header, budget: &Budget) -> Result<(), DecodeError> {
        match header.kind {
            STARTED | PREPARED => check(header, 0),
            CALL => check(header, budget.call),
            LOG => check(header, budget.log),
            DONE => check(header, budget.done),
            FAILED => check(header, budget.failed),
            kind => Err(DecodeError::UnknownKind(kind)),
        }
    }

    /// Decodes a body that was admitted.
    pub fn decode(kind: u8, body: Vec<u8>) -> Result<Self, DecodeError> {
        let mut fields = Reader::new(kind, &body);
        match kind {
            STARTED => fields.end().map(|()| Self::Started),
            PREPARED => fields.end().map(|()| Self::Prepared),
            CALL => {
                let id = fields.u32()?;
                let name = fields.text()?;
                let left = fields.left();
                Ok(Self::Call { id, name, payload: Payload::new(body, left) })
            }
            LOG => {
                let level = match fields.u8()? {
                    0 => LogLevel::Debug,
                    1 => LogLevel::Info,
                    2 => LogLevel::Warn,
                    3 => LogLevel::Error,
                    other => return Err(fields.bad_value(other)),
                };
                let text = fields.text()?;
                fields.end()?;
                Ok(Self::Log { level, text })
            }
            DONE => {
                let length = body.len();
                Ok(Self::Done { payload: Payload::new(body, length) })
            }
            FAILED => {
                let kind = match fields.u8()? {
                    0 => FailureKind::Syntax,
                    1 => FailureKind::Runtime,
                    2 => FailureKind::Tool,
                    3 => FailureKind::Limit,
                    4 => FailureKind::Denied,
                    other => return Err(fields.bad_value(other)),
                };
                let (line, column) = (fields.u32()?, fields.u32()?);
                let failure = Failure {
                    kind,
                    line,
                    column,
                    message: fields.text()?,
                    hint: fields.text()?,
                    stack: fields.text()?,
                };
                fields.end()?;
                Ok(Self::Failed(failure))
            }
            other => Err(DecodeError::UnknownKind(other)),
        }
    }
}
