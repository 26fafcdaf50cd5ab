//! One run, from the host's side: one task that reads frames, answers calls,
//! keeps the deadline, and ends the process.
//!
//! A call with long arguments is answered by a task of its own, so that reading
//! them does not delay the deadline. The task never waits for the guest with a
//! reply in hand while the guest waits for it: it goes on reading whatever it
//! has to write.

use std::{
    any::Any,
    collections::VecDeque,
    future::Future,
    os::fd::OwnedFd,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use terraphim_sandbox_protocol::{DecodeError, FailureKind, GuestFrame, HostFrame, PREPARED, STARTED};
use terraphim_types::{Language, Limits};
use tokio::io::Interest;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

mod ending;
mod frames;
mod kept;

use self::frames::{prepare_frame, stage_frame, start_frame};
pub use self::{ending::Ending, kept::Kept};
pub(crate) use self::{frames::budget, kept::Before};
use crate::{
    channel::{Closed, FrameReader, SLICES, Writes},
    conclude::conclude,
    logs::Logs,
    pool::Lease,
    process::RunProcess,
    zygote::Jail,
};

/// How much later than the interpreter's own deadline the process is killed.
const KILL_GRACE: Duration = Duration::from_millis(40);

/// How often the threads of a run are counted that may have several.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How much more memory a run may have than its limit before the host ends it, in
/// bytes: the kernel's own limits come first, and let the program say so.
const MEMORY_SLACK: u64 = 32 << 20;

/// Host calls of a run that are not counted as tool calls: imports, searches, documents.
const OTHER_CALLS: u32 = 10_000;

/// Arguments of calls under way beyond which further ones wait, in bytes.
const UNDER_WAY_BYTES: usize = 16 << 20;

/// Arguments of calls that wait for their turn, in bytes.
const WAITING_BYTES: usize = 64 << 20;

/// Arguments that are read by a task of their own, in bytes.
const LONG_ARGUMENTS: usize = 64 << 10;

/// A program to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its text.
    pub source: String,
    /// Its language.
    pub language: Language,
    /// Its folder, for languages that have files: where it is relative to the
    /// pool's store, empty for the store itself.
    pub folder: String,
    /// What is done with it, where it is compiled; none in other languages.
    pub stage: Option<Stage>,
}

/// The two kinds of runs of a language that is compiled. Paths are relative to the pool's cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The compiler makes something of the program, which lies beside `program.rs` in what is written.
    Compile {
        /// What it sees of the cache.
        folder: String,
        /// Its arguments; it is started where the program is.
        arguments: Vec<String>,
    },
    /// What was made is executed; the source is not looked at.
    Execute {
        /// Where it is. The run sees nothing else of the cache.
        program: String,
    },
}

/// A call that the guest asks the host to answer.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub name: String,
    /// Its arguments.
    pub payload: Vec<u8>,
    /// The upper layer of its folder, where it has one: what it has written so
    /// far, and is perhaps writing. Hostile.
    pub written: Option<Arc<OwnedFd>>,
}

/// The answer to a call.
#[derive(Default)]
pub struct HostReply {
    /// Whether it is the value or the error.
    pub ok: bool,
    /// The value or the error, as JSON.
    pub payload: Vec<u8>,
    /// Dropped once the reply is written; holds the reply's share of a budget.
    pub hold: Hold,
}

/// Something that is dropped once a reply is written, or nothing.
pub type Hold = Option<Box<dyn Any + Send>>;

/// Answers the calls of a run.
pub trait HostCalls: Send + Sync + 'static {
    /// Answers one call. Dropping the future ends the call.
    fn call(&self, call: Call) -> Pin<Box<dyn Future<Output = HostReply> + Send + '_>>;
}

/// What a run used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// From the program's dispatch to its last word.
    pub wall: Duration,
    /// User and system time of the process.
    pub cpu: Duration,
    /// Largest resident size of the process, in bytes.
    pub peak_memory_bytes: u64,
    /// How long the run waited for a place.
    pub queued: Duration,
    /// What went to the program: its text and the replies, in bytes.
    pub bytes_in: u64,
    /// What came from it: arguments, logs and the result, in bytes.
    pub bytes_out: u64,
}

/// Everything about an ended run.
#[derive(Debug)]
pub struct RunEnd {
    /// How it ended.
    pub ending: Ending,
    /// What it logged.
    pub logs: Logs,
    /// What it used.
    pub usage: Usage,
    /// The wall that it was behind.
    pub jail: Arc<Jail>,
    /// The folder that holds what it wrote, as an overlay's upper layer; none
    /// where the language has no files, and where there was nothing in it when the
    /// program ended. No process writes to it any more. What lies there is the
    /// program's work.
    pub written: Option<Arc<OwnedFd>>,
}

impl Lease {
    /// Runs a program to its end, at the latest to its deadline. Uses the process up.
    pub async fn run(
        self,
        program: Program,
        host: Arc<dyn HostCalls>,
        cancel: &CancellationToken,
        log_bytes: usize,
    ) -> RunEnd {
        self.go(program, host, cancel, log_bytes, false).await.0
    }

    /// The same, and keeps the process where the program came to its own end,
    /// well or not. It must be a lease for a session: see [`crate::Pool::checkout_session`].
    pub async fn run_keeping(
        self,
        program: Program,
        host: Arc<dyn HostCalls>,
        cancel: &CancellationToken,
        log_bytes: usize,
    ) -> (RunEnd, Option<Kept>) {
        self.go(program, host, cancel, log_bytes, true).await
    }

    async fn go(
        self,
        program: Program,
        host: Arc<dyn HostCalls>,
        cancel: &CancellationToken,
        log_bytes: usize,
        keeps: bool,
    ) -> (RunEnd, Option<Kept>) {
        let began = Instant::now();
        let language = program.language;
        let Self { mut process, limits, queued, jail, kept, place } = self;
        let is_resumed = kept.is_some();
        let Before { folder, used, base } = kept.unwrap_or_default();
        // What the runtime has before any program, which the limit does not count.
        let is_watched = language.has_files() && !is_supervised(language);
        let base = base.or_else(|| if is_watched { process.own_memory() } else { None });
        let mut run = Run {
            frames: FrameReader::new(budget(&limits)),
            writes: Writes::default(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            under_way: FuturesUnordered::new(),
            under_way_bytes: 0,
            calls_made: 0,
            started: false,
            has_threads: language.has_files(),
            cpu: keeps.then(|| limits.cpu.saturating_add(used)),
            // What a supervisor has started is watched where it is seen: inside.
            memory: base.map(|base| base.saturating_add(limits.memory_bytes)),
            logs: Logs::with_budget(log_bytes),
            host,
            limits,
            folder,
            bytes_in: program.source.len() as u64,
            bytes_out: 0,
        };
        if language.has_files() && run.folder.is_none() {
            run.frames.expect_folder();
            program.stage.iter().for_each(|stage| run.writes.push(stage_frame(stage), None));
            run.writes.push(prepare_frame(&program, &limits), None);
        }
        run.writes.push(start_frame(&program, &limits, keeps), None);
        if is_resumed {
            process.go_on();
        }
        let ending = run.drive(&process, cancel).await;
        let wall = began.elapsed();
        let started = run.started;
        let Run { logs, under_way, folder, bytes_in, bytes_out, .. } = run;
        // Ends the calls that are still under way.
        drop(under_way);
        let own_end = match &ending {
            Some(Ending::Result(_)) => true,
            // A runtime says so from the midst of the program, and cannot leave it.
            Some(Ending::Failed(failure)) => failure.kind != FailureKind::Limit || !language.has_files(),
            _ => false,
        };
        let written = folder.clone().filter(|folder| !is_empty(folder));
        let (ending, measured, process) = if keeps && own_end && process.rest(language.has_files()).await {
            let measured = process.measure(language.has_files()).unwrap_or_default();
            (ending.unwrap_or(Ending::Lost), measured, Some(process))
        } else {
            let (ending, measured) = conclude(
                process,
                ending,
                started,
                language.has_files(),
                written.is_some() || is_supervised(language),
            )
            .await;
            (ending, measured, None)
        };
        let (cpu, peak_memory_bytes) = measured;
        let cpu_of_run = cpu.saturating_sub(used);
        let usage = Usage { wall, cpu: cpu_of_run, peak_memory_bytes, queued, bytes_in, bytes_out };
        let kept = process.map(|process| Kept {
            process,
            language,
            limits,
            jail: Arc::clone(&jail),
            before: Before { folder, used: cpu, base },
        });
        // The process is killed, or rests, before its place is free.
        drop(place);
        (RunEnd { ending, logs, usage, jail, written }, kept)
    }
}

/// Whether the run is many processes, with one that starts and ends them.
fn is_supervised(language: Language) -> bool {
    matches!(language, Language::Bash | Language::Rust | Language::Node)
}

/// Whether nothing lies in a folder; not if the program keeps the host from looking.
fn is_empty(folder: &OwnedFd) -> bool {
    let names = rustix::fs::Dir::read_from(folder);
    names.is_ok_and(|mut names| {
        names.all(|entry| entry.is_ok_and(|entry| matches!(entry.file_name().to_bytes(), b"." | b"..")))
    })
}

type Answering = Pin<Box<dyn Future<Output = Answered> + Send>>;

struct Answered {
    id: u32,
    /// Length of the arguments, which the call's future held.
    bytes: usize,
    reply: HostReply,
}

struct Run {
    frames: FrameReader,
    writes: Writes,
    waiting: VecDeque<(u32, Call)>,
    waiting_bytes: usize,
    under_way: FuturesUnordered<Answering>,
    under_way_bytes: usize,
    calls_made: u32,
    started: bool,
    /// Whether the language has threads.
    has_threads: bool,
    /// CPU time that the process may have used at most, where the kernel does
    /// not end it because it is to live longer.
    cpu: Option<Duration>,
    /// Memory of its own that it may have, in bytes, where the kernel's limits leave ways around.
    memory: Option<u64>,
    logs: Logs,
    host: Arc<dyn HostCalls>,
    limits: Limits,
    /// Where the program writes, once it is known.
    folder: Option<Arc<OwnedFd>>,
    bytes_in: u64,
    bytes_out: u64,
}

impl Run {
    /// Goes on until something ends the run; `None` if the channel closed without a last word.
    async fn drive(&mut self, process: &RunProcess, cancel: &CancellationToken) -> Option<Ending> {
        let deadline = tokio::time::sleep(self.limits.wall.saturating_add(KILL_GRACE));
        tokio::pin!(deadline);
        let mut look = tokio::time::interval_at(tokio::time::Instant::now() + LOOK_EVERY, LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if self.writes.write(process).is_err() {
                self.writes = Writes::default();
            }
            let interest = if self.writes.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Some(Ending::Cancelled),
                () = &mut deadline => return Some(Ending::Deadline),
                _ = look.tick(), if self.has_threads || self.cpu.is_some() => {
                    if let Some(ending) = self.look(process) {
                        return Some(ending);
                    }
                }
                Some(answered) = self.under_way.next() => {
                    self.on_reply(answered);
                    // Replies that are there already leave in the same write.
                    for _ in 0..SLICES {
                        let Some(Some(answered)) = self.under_way.next().now_or_never() else { break };
                        self.on_reply(answered);
                    }
                }
                ready = process.channel.ready(interest) => {
                    if !ready.is_ok_and(|ready| ready.is_readable()) {
                        continue;
                    }
                    match self.read(process) {
                        Ok(Some(ending)) => return Some(ending),
                        Ok(None) => {}
                        Err(Closed) => return None,
                    }
                }
            }
        }
    }

    /// Whether the process has more than the kernel keeps it from having.
    fn look(&self, process: &RunProcess) -> Option<Ending> {
        let limit = self.limits.threads;
        if self.has_threads && process.threads().is_some_and(|threads| threads > limit.saturating_add(1)) {
            return Some(Ending::TooManyThreads { limit });
        }
        if self.memory.is_some_and(|most| {
            process.own_memory().is_some_and(|used| used > most.saturating_add(MEMORY_SLACK))
        }) {
            return Some(Ending::Memory);
        }
        let over = self.cpu.is_some_and(|most| process.cpu().is_some_and(|used| used > most));
        over.then_some(Ending::Cpu)
    }

    fn read(&mut self, process: &RunProcess) -> Result<Option<Ending>, Closed> {
        let open = self.frames.fill(process)?;
        loop {
            match self.frames.next() {
                Ok(Some(frame)) => {
                    if let Some(ending) = self.on_frame(frame) {
                        return Ok(Some(ending));
                    }
                }
                Ok(None) if open => return Ok(None),
                Ok(None) => return Err(Closed),
                Err(error) => return Ok(Some(Ending::Protocol(Some(error)))),
            }
        }
    }

    fn on_frame(&mut self, frame: GuestFrame) -> Option<Ending> {
        match frame {
            GuestFrame::Started if self.started => {
                return Some(Ending::Protocol(Some(DecodeError::NotDue { kind: STARTED })));
            }
            GuestFrame::Started => self.started = true,
            GuestFrame::Prepared => match self.frames.take_folder() {
                Some(folder) if !self.started => self.folder = Some(Arc::new(folder)),
                _ => return Some(Ending::Protocol(Some(DecodeError::NotDue { kind: PREPARED }))),
            },
            GuestFrame::Log { level, text } => {
                self.bytes_out = self.bytes_out.saturating_add(text.len() as u64);
                self.logs.push(level, &text);
            }
            GuestFrame::Done { payload } => {
                self.bytes_out = self.bytes_out.saturating_add(payload.len() as u64);
                return Some(Ending::Result(payload.into_vec()));
            }
            GuestFrame::Failed(failure) => return Some(Ending::Failed(failure)),
            GuestFrame::Call { id, name, payload } => {
                self.calls_made = self.calls_made.saturating_add(1);
                self.waiting_bytes = self.waiting_bytes.saturating_add(payload.len());
                self.bytes_out = self.bytes_out.saturating_add(payload.len() as u64);
                let limit = self.limits.tool_calls.saturating_add(OTHER_CALLS);
                if self.calls_made > limit {
                    return Some(Ending::TooManyCalls { limit });
                }
                if self.waiting_bytes > WAITING_BYTES {
                    return Some(Ending::TooMuchWaiting { limit: WAITING_BYTES });
                }
                let written = self.folder.clone();
                self.waiting.push_back((id, Call { name, payload: payload.into_vec(), written }));
                self.begin_waiting();
            }
        }
        None
    }

    fn on_reply(&mut self, Answered { id, bytes, reply }: Answered) {
        self.under_way_bytes = self.under_way_bytes.saturating_sub(bytes);
        self.bytes_in = self.bytes_in.saturating_add(reply.payload.len() as u64);
        let frame = HostFrame::encode_reply(id, reply.ok, &reply.payload);
        self.writes.push(frame, reply.hold);
        self.begin_waiting();
    }

    fn begin_waiting(&mut self) {
        while self.under_way.len() < self.limits.calls_in_flight {
            let bytes = self.waiting.front().map_or(0, |(_, call)| call.payload.len());
            let held = self.under_way_bytes.saturating_add(bytes);
            if self.under_way_bytes > 0 && held > UNDER_WAY_BYTES {
                return;
            }
            let Some((id, call)) = self.waiting.pop_front() else { return };
            self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
            self.under_way_bytes = held;
            let host = Arc::clone(&self.host);
            let is_long = bytes > LONG_ARGUMENTS;
            let answer = async move { Answered { id, bytes, reply: host.call(call).await } };
            self.under_way.push(if is_long {
                let task = AbortOnDropHandle::new(tokio::spawn(answer));
                // Without an answer only after a defect of the host's.
                Box::pin(async move {
                    task.await.unwrap_or_else(|_| Answered { id, bytes, reply: HostReply::default() })
                })
            } else {
                Box::pin(answer)
            });
        }
    }
}
