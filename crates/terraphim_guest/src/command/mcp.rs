//! `mcp`: the command by which a shell's program calls tools. It runs behind the
//! walls of its run and asks the run's supervisor, which asks the host.

use std::{
    ffi::OsString,
    io::{self, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::unix::net::UnixStream,
};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use terraphim_sandbox_protocol::{Budget, GuestFrame, HEADER_BYTES, Header, HostFrame};

use super::{
    arguments::{self, Asked, Call, HELP, INPUT_BYTES, Source, object, quoted},
    ending::nearest,
};
use crate::{jail, json};

/// The tool failed.
const FAILED: i32 = 1;

/// The command line asks for what does not exist.
const USAGE: i32 = 2;

/// What may come from the host; the bound only keeps a broken length from allocating everything.
const BUDGET: Budget = Budget { start: 0, reply: 512 << 20, call: 0, log: 0, done: 0, failed: 0 };

/// Why a command fails.
struct Refusal {
    code: i32,
    message: String,
    hint: String,
}

impl Refusal {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: String::new() }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    fn tell(&self) {
        // What goes on in a further line is told from what follows.
        let lines = |text: &str| text.trim_end().replace('\n', "\n  ");
        let mut text = format!("mcp: {}\n", lines(&self.message));
        if !self.hint.is_empty() {
            text.push_str(&format!("hint: {}\n", lines(&self.hint)));
        }
        // Nobody is left to be told that this failed.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// The whole command with what stands behind its name; gives the exit code.
pub(super) fn main(words: impl Iterator<Item = OsString>) -> i32 {
    jail::end_by_broken_pipes();
    let words: Result<Vec<String>, OsString> = words.map(OsString::into_string).collect();
    let ended = words
        .map_err(|_| Refusal::new(USAGE, "an argument is not UTF-8"))
        .and_then(|words| {
            arguments::read(&words).map_err(|wrong| Refusal::new(USAGE, wrong).hint("mcp --help"))
        })
        .and_then(answer)
        .and_then(|text| print(&text));
    match ended {
        Ok(()) => 0,
        Err(refusal) => {
            refusal.tell();
            refusal.code
        }
    }
}

fn print(text: &str) -> Result<(), Refusal> {
    let mut out = io::stdout().lock();
    let written =
        out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    written.map_err(|error| Refusal::new(FAILED, format!("standard output: {error}")))
}

fn answer(asked: Asked) -> Result<String, Refusal> {
    match asked {
        Asked::Help => Ok(HELP.to_owned()),
        Asked::Call(call) => call_tool(&call),
        Asked::Plain { operation, payload } => plain(operation, &payload),
        Asked::Save(name) => {
            let value = input()?;
            if !json::is_value(&value) {
                let refusal = Refusal::new(USAGE, "what is to be saved is no JSON");
                return Err(refusal.hint("for a text: printf %s \"$text\" | jq -Rs . | mcp save NAME"));
            }
            plain("workspace.save", &object(&[("name", quoted(&name)), ("value", value)]))
        }
    }
}

fn input() -> Result<String, Refusal> {
    let mut text = String::new();
    let read = io::stdin().lock().take(INPUT_BYTES).read_to_string(&mut text);
    read.map_err(|error| Refusal::new(USAGE, format!("standard input: {error}")))?;
    Ok(text)
}

fn plain(operation: &str, payload: &str) -> Result<String, Refusal> {
    Host::connect()?.ask(operation, payload)?.map_err(|error| error.refusal(FAILED, ""))
}

fn call_tool(call: &Call) -> Result<String, Refusal> {
    let input = if call.object == Some(Source::Input) { Some(input()?) } else { None };
    let given = call.arguments(input.as_deref()).map_err(|wrong| Refusal::new(USAGE, wrong))?;
    let mut host = Host::connect()?;
    let names = format!("[{}]", quoted(&call.server));
    let request = object(&[("specifier", quoted("mcp-servers")), ("names", names)]);
    let tables = host.ask("import", &request)?.map_err(|error| error.refusal(USAGE, ""))?;
    let (server, tool) = resolve(call, &tables)?;
    let request = object(&[
        ("server", quoted(&server)),
        ("tool", quoted(&tool)),
        ("raw", call.raw.to_string()),
        ("arguments", given),
    ]);
    let value = host.ask("tool", &request)?.map_err(|error| {
        let mut refusal = error.refusal(FAILED, &format!("{server}.{tool}"));
        if error.kind == "arguments" && call.has_texts && refusal.hint.is_empty() {
            "name=value is a text; write name:=value for a number, a list, true or false"
                .clone_into(&mut refusal.hint);
        }
        refusal
    })?;
    Ok(match json::string(&value) {
        Some(text) if call.text => text,
        _ => value,
    })
}

/// The own names of the server and the tool, by the host's table of the server.
fn resolve(call: &Call, tables: &str) -> Result<(String, String), Refusal> {
    let unreadable = || Refusal::new(FAILED, "the table of the server cannot be read");
    let servers = member(tables, "servers").and_then(json::elements).ok_or_else(unreadable)?;
    let table = servers.first().ok_or_else(unreadable)?;
    let server = member(table, "server").and_then(json::string).ok_or_else(unreadable)?;
    if let Some(error) = member(table, "error").and_then(json::string) {
        return Err(Refusal::new(FAILED, format!("{server}.{}: {error}", call.tool)));
    }
    let tools = member(table, "tools").and_then(json::elements).ok_or_else(unreadable)?;
    let mut known = Vec::with_capacity(tools.len());
    for tool in tools {
        let name = member(tool, "name").and_then(json::string).ok_or_else(unreadable)?;
        let others = member(tool, "identifiers").and_then(json::elements).unwrap_or_default();
        if name == call.tool || others.into_iter().filter_map(json::string).any(|other| other == call.tool) {
            return Ok((server, name));
        }
        known.push(name);
    }
    let near = nearest(&call.tool, &known);
    let refusal = Refusal::new(USAGE, format!("the server `{server}` has no tool `{}`", call.tool));
    Err(if near.is_empty() {
        refusal.hint(format!("its tools: mcp search --server {server}"))
    } else {
        refusal.hint(format!("did you mean {}?", near.join(", ")))
    })
}

fn member<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    json::members(object)?.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// What the host says of a call that failed.
struct CallError {
    kind: String,
    message: String,
    hint: String,
}

impl CallError {
    fn read(payload: &str) -> Self {
        let text = |name| member(payload, name).and_then(json::string).unwrap_or_default();
        Self { kind: text("kind"), message: text("message"), hint: text("hint") }
    }

    /// `about` names the tool, unless the message does.
    fn refusal(&self, code: i32, about: &str) -> Refusal {
        let named = about.is_empty() || self.message.starts_with(about);
        let message = if named { self.message.clone() } else { format!("{about}: {}", self.message) };
        Refusal::new(code, message).hint(self.hint.clone())
    }
}

/// The way to the host.
struct Host {
    socket: UnixStream,
    last: u32,
}

impl Host {
    fn connect() -> Result<Self, Refusal> {
        let gone = |why: String| {
            let message =
                format!("the host cannot be reached: descriptor {} of the program: {why}", jail::BROKER);
            Refusal::new(USAGE, message)
        };
        let mut datagram = [0; 8];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let broker = jail::inherited_broker();
        rustix::io::retry_on_intr(|| {
            let target = &mut [IoSliceMut::new(&mut datagram)];
            rustix::net::recvmsg(broker, target, &mut beside, RecvFlags::CMSG_CLOEXEC)
        })
        .map_err(|error| gone(error.to_string()))?;
        let socket = beside.drain().find_map(|beside| match beside {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        let socket = socket.ok_or_else(|| gone("it gives no connection".to_owned()))?;
        Ok(Self { socket: socket.into(), last: 0 })
    }

    /// Makes a call and waits for its reply.
    fn ask(&mut self, operation: &str, payload: &str) -> Result<Result<String, CallError>, Refusal> {
        self.last += 1;
        let frame = GuestFrame::encode_call(self.last, operation, payload.as_bytes());
        // A call that is refused for its length is answered before it is read to its end.
        let sent = self.socket.write_all(&frame);
        let reply = self.reply().map_err(|error| {
            let error = sent.err().unwrap_or(error);
            Refusal::new(FAILED, format!("the host does not answer: {error}"))
        })?;
        let HostFrame::Reply { ok, payload, .. } = reply else {
            return Err(Refusal::new(FAILED, "the host's answer is none"));
        };
        let text = String::from_utf8(payload.into_vec())
            .map_err(|_| Refusal::new(FAILED, "the host's answer is not UTF-8"))?;
        Ok(if ok { Ok(text) } else { Err(CallError::read(&text)) })
    }

    fn reply(&mut self) -> io::Result<HostFrame> {
        let broken = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let mut header = [0; HEADER_BYTES];
        self.socket.read_exact(&mut header)?;
        let header = Header::decode(header).ok_or_else(|| io::Error::other("an empty frame"))?;
        HostFrame::admit(header, &BUDGET).map_err(broken)?;
        let mut body = Vec::new();
        (&self.socket).take(header.body as u64).read_to_end(&mut body)?;
        HostFrame::decode(header.kind, body).map_err(broken)
    }
}
