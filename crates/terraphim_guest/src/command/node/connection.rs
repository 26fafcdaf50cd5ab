//! The one connection with node. It speaks the frames of a run's channel and a
//! few of its own, with JSON in them. Before the program begins it is the guest's
//! own code that speaks; from then on everything that comes is the program's.

use std::{
    collections::VecDeque,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    event::PollFlags,
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType},
};
use terraphim_sandbox_protocol::{
    Budget, EXIT_BAD_CHANNEL, Failure, GuestFrame, HEADER_BYTES, Header, HostFrame, LogLevel,
};

use crate::jail::{self, JailError};

/// It waits for its program; a list of the modules that it has.
const READY: u8 = 64;
/// A promise was rejected and nobody handled that.
const REJECTED: u8 = 65;
/// A module has no export of a name.
const MISSING: u8 = 66;
/// To node: the program.
const PROGRAM: u8 = 80;

/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;

/// Longest text of a log, in bytes.
const LOG_BYTES: usize = 128 << 10;

/// Longest description of a failure, in bytes.
const FAILED_BYTES: usize = 256 << 10;

/// Longest of the frames that are node's own, in bytes.
const OWN_BYTES: usize = 128 << 10;

/// Longest name of a call and its lengths, in bytes.
const BESIDE_ARGUMENTS: usize = 4 << 10;

/// Replies that are not yet taken, beyond which no more are asked of the host, in bytes.
const WAITING_BYTES: usize = 64 << 20;

/// What node says.
pub(super) enum Said {
    /// It waits for its program: JSON.
    Ready(String),
    Call {
        id: u32,
        name: String,
        payload: Vec<u8>,
    },
    Log {
        level: LogLevel,
        text: String,
    },
    /// JSON.
    Rejected(String),
    /// JSON.
    Missing(String),
    /// The result: JSON.
    Done(String),
    /// The result has so many bytes, which are too many.
    TooLong(usize),
    /// The program failed; where, is still the generated code's.
    Failed(Failure),
}

/// This process's end.
pub(super) struct Connection {
    socket: OwnedFd,
    received: Vec<u8>,
    /// How much of that was taken.
    begin: usize,
    /// What node is to be told, and how much of the first it has taken.
    replies: VecDeque<Vec<u8>>,
    taken: usize,
    budget: Budget,
    is_open: bool,
}

impl Connection {
    /// Both ends: this process's and node's.
    pub(super) fn new() -> Result<(Self, OwnedFd), JailError> {
        let kind = SocketType::STREAM;
        let pair = rustix::net::socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None);
        let (socket, theirs) =
            pair.map_err(|error| JailError { step: "socketpair", source: error.into() })?;
        let budget = Budget { start: 0, reply: 0, call: 0, log: LOG_BYTES, done: 0, failed: FAILED_BYTES };
        let connection = Self {
            socket,
            received: Vec::new(),
            begin: 0,
            replies: VecDeque::new(),
            taken: 0,
            budget,
            is_open: true,
        };
        Ok((connection, theirs))
    }

    /// From here on a program speaks, within these lengths in bytes.
    pub(super) fn allow(&mut self, arguments: u64, result: u64) {
        self.budget.call = usize::try_from(arguments).unwrap_or(usize::MAX).saturating_add(BESIDE_ARGUMENTS);
        self.budget.done = usize::try_from(result).unwrap_or(usize::MAX);
    }

    /// What to wait for, while it is open.
    pub(super) fn watched(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let writing = if self.replies.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        self.is_open.then(|| (self.socket.as_fd(), PollFlags::IN | writing))
    }

    /// Whether replies may be read from the host: what it sends is kept until it is taken.
    pub(super) fn takes_replies(&self) -> bool {
        self.replies.iter().map(Vec::len).sum::<usize>() <= WAITING_BYTES
    }

    /// Sends the program: JSON.
    pub(super) fn send_program(&mut self, json: &str) {
        let length = u32::try_from(json.len() + 1).unwrap_or_else(|_| jail::exit_now(EXIT_BAD_CHANNEL));
        let mut frame = Vec::with_capacity(json.len() + HEADER_BYTES);
        frame.extend_from_slice(&length.to_le_bytes());
        frame.push(PROGRAM);
        frame.extend_from_slice(json.as_bytes());
        self.send(frame);
    }

    /// Sends what a call has answered.
    pub(super) fn send_reply(&mut self, id: u32, ok: bool, payload: &[u8]) {
        self.send(HostFrame::encode_reply(id, ok, payload));
    }

    fn send(&mut self, frame: Vec<u8>) {
        self.replies.push_back(frame);
        self.write();
    }

    /// Writes what node takes now.
    pub(super) fn write(&mut self) {
        while let Some(first) = self.replies.front() {
            let rest = first.get(self.taken..).unwrap_or_default();
            if rest.is_empty() {
                self.replies.pop_front();
                self.taken = 0;
                continue;
            }
            match rustix::net::send(&self.socket, rest, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(count) => self.taken += count,
                Err(Errno::AGAIN | Errno::INTR) => return,
                Err(_) => {
                    // Nobody is there to be told; its end is told by the process's own.
                    self.replies.clear();
                    self.taken = 0;
                }
            }
        }
    }

    /// Reads what is there, up to one read; whether there was something.
    pub(super) fn read(&mut self) -> bool {
        self.received.drain(..self.begin);
        self.begin = 0;
        let start = self.received.len();
        self.received.resize(start + READ_BYTES, 0);
        let target = self.received.get_mut(start..).unwrap_or_default();
        let read = rustix::net::recv(&self.socket, target, RecvFlags::DONTWAIT).map(|(count, _)| count);
        self.received.truncate(start + read.unwrap_or(0));
        match read {
            Ok(count) if count > 0 => true,
            Err(Errno::AGAIN | Errno::INTR) => false,
            _ => {
                self.is_open = false;
                false
            }
        }
    }

    /// Whether a frame is there that is whole, or cannot be.
    pub(super) fn has_frame(&self) -> bool {
        let waiting = self.received.get(self.begin..).unwrap_or_default();
        let header = waiting.first_chunk::<HEADER_BYTES>().map(|bytes| Header::decode(*bytes));
        header.is_some_and(|header| header.is_none_or(|header| waiting.len() - HEADER_BYTES >= header.body))
    }

    /// Takes the next whole frame that was read. A frame that cannot be ends
    /// this process, and with it the run.
    pub(super) fn next(&mut self) -> Option<Said> {
        let waiting = self.received.get(self.begin..).unwrap_or_default();
        let header = Header::decode(*waiting.first_chunk::<HEADER_BYTES>()?).unwrap_or_else(|| broken());
        let is_whole = waiting.len() - HEADER_BYTES >= header.body;
        if let Some(bytes) = self.too_long(header) {
            return Some(Said::TooLong(bytes));
        }
        if !is_whole {
            return None;
        }
        let body = self.take(header.body);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_else(|_| broken());
        Some(match header.kind {
            READY => Said::Ready(text(body)),
            REJECTED => Said::Rejected(text(body)),
            MISSING => Said::Missing(text(body)),
            kind => match GuestFrame::decode(kind, body) {
                Ok(GuestFrame::Call { id, name, payload }) => {
                    Said::Call { id, name, payload: payload.into_vec() }
                }
                Ok(GuestFrame::Log { level, text }) => Said::Log { level, text },
                Ok(GuestFrame::Done { payload }) => Said::Done(text(payload.into_vec())),
                Ok(GuestFrame::Failed(failure)) => Said::Failed(failure),
                _ => broken(),
            },
        })
    }

    /// The body behind a header; what is long and alone is not copied.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let start = self.begin + HEADER_BYTES;
        self.begin = start + length;
        if self.begin == self.received.len() {
            self.begin = 0;
            let mut body = std::mem::take(&mut self.received);
            body.drain(..start);
            return body;
        }
        self.received.get(start..start + length).unwrap_or_default().to_vec()
    }

    /// The length of a result that is too long; what else is too long is refused.
    fn too_long(&self, header: Header) -> Option<usize> {
        let is_own = matches!(header.kind, READY | REJECTED | MISSING);
        if is_own && header.body <= OWN_BYTES {
            return None;
        }
        // Whether it would be let through if results had any length.
        let endless = Budget { done: usize::MAX, ..self.budget };
        if is_own || GuestFrame::admit(header, &endless).is_err() {
            broken();
        }
        GuestFrame::admit(header, &self.budget).is_err().then_some(header.body)
    }
}

fn broken() -> ! {
    jail::exit_now(EXIT_BAD_CHANNEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: &Said) -> String {
        match said {
            Said::Call { id, name, payload } => format!("call {id} {name} {}", payload.len()),
            Said::Log { text, .. } => format!("log {text}"),
            Said::Ready(text) => format!("ready {text}"),
            Said::Rejected(text) => format!("rejected {text}"),
            Said::Missing(text) => format!("missing {text}"),
            Said::Done(text) => format!("done {text}"),
            Said::TooLong(bytes) => format!("too long {bytes}"),
            Said::Failed(failure) => format!("failed {}", failure.message),
        }
    }

    #[test]
    fn frames_are_the_same_however_they_are_cut() {
        let mut bytes = vec![3, 0, 0, 0, READY, b'[', b']'];
        bytes.extend(GuestFrame::encode_call(7, "tool", b"{}"));
        bytes.extend(GuestFrame::encode_log(LogLevel::Info, "a line"));
        bytes.extend(GuestFrame::encode_done(b"42"));
        for cut in 0..=bytes.len() {
            let (mut connection, node) = Connection::new().unwrap();
            connection.allow(100, 100);
            let mut all = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                rustix::io::write(&node, part).unwrap();
                connection.read();
                while let Some(said) = connection.next() {
                    all.push(told(&said));
                }
            }
            assert_eq!(all, ["ready []", "call 7 tool 2", "log a line", "done 42"], "cut at {cut}");
        }
    }

    #[test]
    fn a_result_that_is_too_long_is_known_by_its_head() {
        let (mut connection, node) = Connection::new().unwrap();
        connection.allow(100, 100);
        rustix::io::write(&node, &[102, 0, 0, 0, 19]).unwrap();
        connection.read();
        assert!(matches!(connection.next(), Some(Said::TooLong(101))));
    }

    #[test]
    fn replies_wait_until_they_are_taken() {
        let (mut connection, node) = Connection::new().unwrap();
        let large = vec![b' '; WAITING_BYTES];
        connection.send_reply(1, true, &large);
        assert!(!connection.takes_replies());
        let mut taken = 0;
        let mut buffer = vec![0; 1 << 20];
        while taken < HEADER_BYTES + 5 + large.len() {
            taken += rustix::io::read(&node, &mut buffer).unwrap();
            connection.write();
        }
        assert!(connection.takes_replies());
        assert!(connection.watched().is_some_and(|(_, flags)| flags == PollFlags::IN));
    }
}
