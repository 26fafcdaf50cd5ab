//! The host's side: a socket on which connections are taken, and on each of them calls that
//! are answered. It is what a run's supervisor and the host are together.

use std::{
    collections::BTreeSet,
    io::{IoSlice, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
    process::{Command, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use serde_json::{Value, json};
use terraphim_sandbox_protocol::{GuestFrame, HEADER_BYTES, Header, HostFrame};

/// What the host has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// The calls in their order: name and payload.
    pub(super) calls: Vec<(String, Value)>,
    /// The connections on which there were any.
    pub(super) connections: BTreeSet<usize>,
    waiting: usize,
}

#[derive(Default)]
struct Host {
    seen: Mutex<Seen>,
    met: Condvar,
}

/// Runs a program with the host on descriptor 9; what it said, and what the host has seen.
pub(super) fn run(program: &Path) -> (Output, Seen) {
    let pair =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let (ours, theirs) = pair.expect("a pair of sockets");
    let host = Arc::new(Host::default());
    let serving = Arc::clone(&host);
    let offers = thread::spawn(move || offer(&ours, &serving));
    // The shell puts the socket where programs look for it.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "exec \"$0\" 9<&0 0</dev/null"]).arg(program).stdin(Stdio::from(theirs));
    let output = command.output().expect("the program runs");
    // It closes the program's end, without which no further connection can be offered.
    drop(command);
    offers.join().expect("the host goes on");
    let mut seen = host.seen.lock().expect("the host's record");
    let seen = std::mem::take(&mut *seen);
    (output, seen)
}

fn offer(broker: &OwnedFd, host: &Arc<Host>) {
    let mut serving = Vec::new();
    for number in 0.. {
        let (mine, theirs) = UnixStream::pair().expect("a connection");
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let descriptors = [theirs.as_fd()];
        assert!(beside.push(SendAncillaryMessage::ScmRights(&descriptors)));
        let sent = rustix::net::sendmsg(broker, &[IoSlice::new(b".")], &mut beside, SendFlags::NOSIGNAL);
        if sent.is_err() {
            break;
        }
        drop(theirs);
        let host = Arc::clone(host);
        serving.push(thread::spawn(move || serve(number, mine, &host)));
    }
    for one in serving {
        one.join().expect("a connection ends");
    }
}

fn serve(number: usize, mut stream: UnixStream, host: &Host) {
    loop {
        let mut header = [0; HEADER_BYTES];
        if stream.read_exact(&mut header).is_err() {
            return;
        }
        let header = Header::decode(header).expect("a header");
        let mut body = vec![0; header.body];
        stream.read_exact(&mut body).expect("a whole call");
        let frame = GuestFrame::decode(header.kind, body).expect("a frame");
        let GuestFrame::Call { id, name, payload } = frame else { panic!("{frame:?} is no call") };
        let payload: Value = serde_json::from_slice(&payload).expect("JSON");
        {
            let mut seen = host.seen.lock().expect("the host's record");
            seen.calls.push((name.clone(), payload.clone()));
            seen.connections.insert(number);
        }
        let reply = match host.answer(&name, &payload) {
            // As the host does with a call that it does not read to its end.
            Answer::Refused => HostFrame::encode_reply(0, false, br#"{"kind":"limit","message":"too long"}"#),
            Answer::Gone => return,
            Answer::Text(text) => HostFrame::encode_reply(id, true, text.as_bytes()),
            Answer::Failed(error) => HostFrame::encode_reply(id, false, error.to_string().as_bytes()),
        };
        if stream.write_all(&reply).is_err() {
            return;
        }
    }
}

enum Answer {
    Text(String),
    Failed(Value),
    Refused,
    Gone,
}

impl Host {
    fn answer(&self, name: &str, payload: &Value) -> Answer {
        let value = |value: Value| Answer::Text(value.to_string());
        match name {
            "tool" => self.tool(payload),
            "search_tools" => value(json!({ "tools": [{ "name": "notes.search" }], "asked": payload })),
            "tool_docs" if payload["names"][0] == "notes.serch" => value(
                json!({ "docs": [], "unknown": [{ "name": "notes.serch", "nearest": ["notes.search"] }] }),
            ),
            "tool_docs" => value(json!({ "docs": [{ "name": payload["names"][0] }], "unknown": [] })),
            "workspace.save" => value(json!({ "path": "data/x.json", "bytes": 1 })),
            "workspace.load" => value(json!({ "kept": payload["name"] })),
            "workspace.list" => value(json!(["a", "b"])),
            other => panic!("{other} is no call"),
        }
    }

    fn tool(&self, payload: &Value) -> Answer {
        let arguments = &payload["arguments"];
        match payload["tool"].as_str().expect("a tool") {
            "echo" | "search" | "now" => Answer::Text(arguments.to_string()),
            "give" => Answer::Text(arguments["text"].as_str().expect("a text").to_owned()),
            "docs" => Answer::Text(
                json!([
                    { "title": "b", "rank": 0.9, "topic": "x", "n": 2 }, { "title": "a", "rank": 0.5, "topic": "y" },
                    { "title": "c", "rank": null, "topic": "x", "n": "3" },
                ])
                .to_string(),
            ),
            "wrong" => Answer::Text(json!("none").to_string()),
            "meet" => self.meet(arguments["count"].as_u64().expect("a count") as usize),
            "refuse" => Answer::Refused,
            "leave" => Answer::Gone,
            "fail" => Answer::Failed(json!({
                "kind": "tool", "server": "notes", "tool": "fail", "message": "notes.fail failed: no\nsuch note",
                "hint": "look for it",
            })),
            other => Answer::Failed(json!({ "kind": "unknown", "message": format!("no {other}") })),
        }
    }

    /// Answers when so many calls are there at the same time.
    fn meet(&self, count: usize) -> Answer {
        let mut seen = self.seen.lock().expect("the host's record");
        seen.waiting += 1;
        self.met.notify_all();
        let wait = Duration::from_secs(20);
        let (_seen, waited) =
            self.met.wait_timeout_while(seen, wait, |seen| seen.waiting < count).expect("the host's record");
        if waited.timed_out() {
            return Answer::Failed(json!({ "kind": "tool", "message": "nobody else came" }));
        }
        Answer::Text(json!("met").to_string())
    }
}
