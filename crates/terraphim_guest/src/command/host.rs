//! The way of a command to the host: a connection that the run's supervisor
//! gives it, on which it speaks the frames of a run's channel.

use std::{
    io::{self, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::unix::net::UnixStream,
};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use terraphim_sandbox_protocol::{Budget, GuestFrame, HEADER_BYTES, Header, HostFrame};

use super::refusal::{CallError, FAILED, Refusal, USAGE};
use crate::jail;

/// What may come from the host; the bound only keeps a broken length from allocating everything.
const BUDGET: Budget = Budget { start: 0, reply: 512 << 20, call: 0, log: 0, done: 0, failed: 0 };

/// Bytes of a reply that are made room for before they have come.
const READ_BYTES: usize = 64 << 10;

/// The way to the host.
pub(super) struct Host {
    socket: UnixStream,
    last: u32,
}

impl Host {
    pub(super) fn connect() -> Result<Self, Refusal> {
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
    pub(super) fn ask(
        &mut self,
        operation: &str,
        payload: &str,
    ) -> Result<Result<String, CallError>, Refusal> {
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
        // A long one grows as it comes.
        let mut body = Vec::with_capacity(header.body.min(READ_BYTES));
        (&self.socket).take(header.body as u64).read_to_end(&mut body)?;
        HostFrame::decode(header.kind, body).map_err(broken)
    }
}
