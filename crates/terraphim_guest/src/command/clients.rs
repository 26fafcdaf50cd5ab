//! The `mcp` commands of a run. On the broker's socket, which all of them
//! inherit, there are always connections to take; on its own one a command speaks
//! the frames of a run's channel. Everything that comes from there is the program's.

use std::{
    collections::BTreeMap,
    io::IoSlice,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    event::PollFlags,
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
        SocketType,
    },
};
use terraphim_sandbox_protocol::{Budget, GuestFrame, HEADER_BYTES, Header, HostFrame};

use crate::jail::JailError;

/// Connections at once, taken or not; further commands wait.
const MOST: usize = 64;

/// Connections that wait to be taken.
const SPARE: usize = 8;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

/// Bytes of unfinished calls beyond which only the oldest is read on.
const RECEIVED_BYTES: usize = 16 << 20;

/// Replies that are not yet taken, beyond which no more are asked of the host, in bytes.
const WAITING_BYTES: usize = 64 << 20;

/// Longest name of a call and its lengths, in bytes.
const BESIDE_ARGUMENTS: usize = 4 << 10;

/// Longest note that is kept, in bytes.
const NOTE_BYTES: usize = 2 << 10;

/// Which connection: never used twice in one run.
pub(super) type Number = u32;

/// The broker's own socket.
const BROKER: Number = 0;

struct Client {
    socket: OwnedFd,
    received: Vec<u8>,
    /// The id that it gave the call that it waits for.
    waiting: Option<u32>,
    /// What it is to be told, and how much of that it has taken.
    reply: Vec<u8>,
    taken: usize,
    /// Whether anything has come from it: the connection is taken.
    is_taken: bool,
    /// Nothing that it sends is looked at any more.
    is_refused: bool,
}

/// All commands that are connected.
pub(super) struct Clients {
    broker: Option<OwnedFd>,
    connected: BTreeMap<Number, Client>,
    last: Number,
    arguments_bytes: usize,
    /// What was written last to the broker's socket: how the program ended.
    note: Vec<u8>,
}

/// A call that a command makes.
pub(super) struct Called {
    pub(super) client: Number,
    pub(super) name: String,
    pub(super) payload: Vec<u8>,
}

/// The sockets of a broker: the supervisor's, and the one that commands inherit.
/// What is said on that one is a note of the shell on its end, or of no meaning.
pub(super) fn broker() -> Result<(OwnedFd, OwnedFd), JailError> {
    let failed = |error: Errno| JailError { step: "socketpair", source: error.into() };
    let kind = SocketType::SEQPACKET;
    rustix::net::socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).map_err(failed)
}

impl Clients {
    pub(super) fn new(broker: OwnedFd, arguments_bytes: u64) -> Self {
        let arguments_bytes = usize::try_from(arguments_bytes).unwrap_or(usize::MAX);
        let mut clients = Self {
            broker: Some(broker),
            connected: BTreeMap::new(),
            last: 0,
            arguments_bytes,
            note: Vec::new(),
        };
        clients.offer();
        clients
    }

    /// Puts connections where commands take them.
    fn offer(&mut self) {
        let mut spare = self.connected.values().filter(|client| !client.is_taken).count();
        while spare < SPARE && self.connected.len() < MOST {
            let Some(broker) = &self.broker else { return };
            let kind = SocketType::STREAM;
            let pair = rustix::net::socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None);
            // Without descriptors left it is tried again when a connection ends.
            let Ok((socket, theirs)) = pair else { return };
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut beside = SendAncillaryBuffer::new(&mut space);
            let descriptors = [theirs.as_fd()];
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            let sent = beside.push(SendAncillaryMessage::ScmRights(&descriptors))
                && rustix::net::sendmsg(broker, &[IoSlice::new(b".")], &mut beside, flags).is_ok();
            if !sent {
                // Every copy of the other end is closed; what was written before that is taken.
                self.take_note(PollFlags::empty());
                self.broker = None;
                return;
            }
            self.last += 1;
            let client = Client {
                socket,
                received: Vec::new(),
                waiting: None,
                reply: Vec::new(),
                taken: 0,
                is_taken: false,
                is_refused: false,
            };
            self.connected.insert(self.last, client);
            spare += 1;
        }
    }

    /// How many calls are not answered.
    pub(super) fn under_way(&self) -> usize {
        self.connected.values().filter(|client| client.waiting.is_some()).count()
    }

    /// Whether replies may be read from the host: what it sends is kept until it is taken.
    pub(super) fn takes_replies(&self) -> bool {
        let waiting = self.connected.values().map(|client| client.reply.len() - client.taken);
        waiting.sum::<usize>() <= WAITING_BYTES
    }

    /// Everything to wait for, and for what.
    pub(super) fn watched(&self) -> Vec<(Number, BorrowedFd<'_>, PollFlags)> {
        let mut watched = Vec::with_capacity(self.connected.len() + 1);
        watched.extend(self.broker.iter().map(|broker| (BROKER, broker.as_fd(), PollFlags::IN)));
        let received: usize = self.connected.values().map(|client| client.received.len()).sum();
        let mut may_read = true;
        for (number, client) in &self.connected {
            let mut flags = PollFlags::empty();
            if client.taken < client.reply.len() {
                flags |= PollFlags::OUT;
            } else if client.waiting.is_none() && may_read {
                flags |= PollFlags::IN;
                // The oldest of those that have begun is read to its end before others are.
                may_read = received <= RECEIVED_BYTES || client.received.is_empty();
            }
            watched.push((*number, client.socket.as_fd(), flags));
        }
        watched
    }

    /// Does what can be done now; a call if one is whole.
    pub(super) fn on_ready(&mut self, number: Number, flags: PollFlags) -> Option<Called> {
        if number == BROKER {
            self.take_note(flags);
            return None;
        }
        let client = self.connected.get_mut(&number)?;
        let (is_open, called) = if flags.contains(PollFlags::OUT) {
            (client.write(), None)
        } else if flags.contains(PollFlags::IN) {
            client.read(self.arguments_bytes)
        } else {
            // It is gone, with or without a call under way.
            (!flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL), None)
        };
        let was_spare = !std::mem::replace(&mut client.is_taken, true);
        if !is_open {
            self.connected.remove(&number);
        }
        if was_spare || !is_open {
            self.offer();
        }
        called.map(|(name, payload)| Called { client: number, name, payload })
    }

    fn take_note(&mut self, flags: PollFlags) {
        let Some(broker) = &self.broker else { return };
        let mut note = [0; NOTE_BYTES];
        let mut read = rustix::net::recv(broker, &mut note, RecvFlags::DONTWAIT);
        if read == Err(Errno::CONNRESET) {
            // Told once: the other end was closed with connections that nobody took. A note may be there.
            read = rustix::net::recv(broker, &mut note, RecvFlags::DONTWAIT);
        }
        let read = read.map_or(0, |(count, _)| count);
        match note.get(..read) {
            Some(note) if read > 0 => self.note = note.to_vec(),
            // Every copy of the other end is closed.
            _ if flags.contains(PollFlags::HUP) => self.broker = None,
            _ => {}
        }
    }

    /// What was written last to the broker's socket.
    pub(super) fn note(&self) -> &[u8] {
        &self.note
    }

    /// Hands a reply to the command that waits for it; one that is gone needs none.
    pub(super) fn reply(&mut self, number: Number, ok: bool, payload: &[u8]) {
        let Some(client) = self.connected.get_mut(&number) else { return };
        let Some(id) = client.waiting.take() else { return };
        client.tell(id, ok, payload);
        if !client.write() {
            self.connected.remove(&number);
            self.offer();
        }
    }
}

impl Client {
    fn tell(&mut self, id: u32, ok: bool, payload: &[u8]) {
        self.reply = HostFrame::encode_reply(id, ok, payload);
        self.taken = 0;
    }

    /// Writes what it takes now; whether it is still there.
    fn write(&mut self) -> bool {
        while let Some(rest) = self.reply.get(self.taken..).filter(|rest| !rest.is_empty()) {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match rustix::net::send(&self.socket, rest, flags) {
                Ok(count) => self.taken += count,
                Err(Errno::AGAIN | Errno::INTR) => return true,
                Err(_) => return false,
            }
        }
        self.reply = Vec::new();
        self.taken = 0;
        true
    }

    /// Reads what is there, up to one read; whether it is still there, and the
    /// call if one is whole.
    fn read(&mut self, most: usize) -> (bool, Option<(String, Vec<u8>)>) {
        let start = self.received.len();
        self.received.resize(start + READ_BYTES, 0);
        let target = self.received.get_mut(start..).unwrap_or_default();
        let read = rustix::net::recv(&self.socket, target, RecvFlags::DONTWAIT).map(|(count, _)| count);
        self.received.truncate(start + read.unwrap_or(0));
        match read {
            Ok(count) if count > 0 => {}
            Err(Errno::AGAIN | Errno::INTR) => return (true, None),
            _ => return (false, None),
        }
        if self.is_refused {
            self.received.clear();
            return (true, None);
        }
        self.take_call(most)
    }

    fn take_call(&mut self, most: usize) -> (bool, Option<(String, Vec<u8>)>) {
        let Some(header) = self.received.first_chunk::<HEADER_BYTES>() else { return (true, None) };
        let call = most.saturating_add(BESIDE_ARGUMENTS);
        let budget = Budget { start: 0, reply: 0, call, log: 0, done: 0, failed: 0 };
        let Some(header) = Header::decode(*header) else { return (false, None) };
        if GuestFrame::admit(header, &budget).is_err() {
            self.refuse(most);
            return (self.write(), None);
        }
        let end = HEADER_BYTES + header.body;
        if self.received.len() < end {
            return (true, None);
        }
        let rest = self.received.split_off(end);
        let body = std::mem::replace(&mut self.received, rest).split_off(HEADER_BYTES);
        match GuestFrame::decode(header.kind, body) {
            Ok(GuestFrame::Call { payload, .. }) if payload.len() > most => {
                self.refuse(most);
                (self.write(), None)
            }
            Ok(GuestFrame::Call { id, name, payload }) => {
                self.waiting = Some(id);
                (true, Some((name, payload.into_vec())))
            }
            _ => (false, None),
        }
    }

    /// Says that a call is too long. What is still to come of it is dropped, so
    /// that the command can read this.
    fn refuse(&mut self, most: usize) {
        let complaint = format!(
            "{{\"kind\":\"limit\",\"message\":\"the arguments of one call have more than {most} bytes\",\
             \"hint\":\"send the data in several calls\"}}"
        );
        self.is_refused = true;
        self.received = Vec::new();
        self.tell(0, false, complaint.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage};
    use std::io::IoSliceMut;

    use super::*;

    fn take(broker: &OwnedFd) -> OwnedFd {
        let mut datagram = [0; 8];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let target = &mut [IoSliceMut::new(&mut datagram)];
        rustix::net::recvmsg(broker, target, &mut beside, RecvFlags::DONTWAIT).unwrap();
        let socket = beside.drain().find_map(|beside| match beside {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        socket.unwrap()
    }

    fn serve(clients: &mut Clients) -> Vec<Called> {
        let ready: Vec<_> = clients
            .watched()
            .into_iter()
            .filter_map(|(number, socket, flags)| {
                let mut polled = [rustix::event::PollFd::from_borrowed_fd(socket, flags)];
                let now = rustix::event::Timespec::default();
                rustix::event::poll(&mut polled, Some(&now)).unwrap();
                let told = polled[0].revents();
                (!told.is_empty()).then_some((number, told))
            })
            .collect();
        ready.into_iter().filter_map(|(number, told)| clients.on_ready(number, told)).collect()
    }

    fn send(socket: &OwnedFd, bytes: &[u8]) {
        rustix::net::send(socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).unwrap();
    }

    #[test]
    fn what_is_no_call_ends_its_connection_and_no_other() {
        let (ours, theirs) = broker().unwrap();
        let mut clients = Clients::new(ours, 100);
        let call = GuestFrame::encode_call(7, "tool", b"{}");
        for garbage in [
            &b"\xff\xff\xff\xff\x11"[..],
            b"\0\0\0\0\x11",
            b"\x01\0\0\0\x10",
            b"\x05\0\0\0\x11\xff\xff\xff\xff",
        ] {
            let (odd, good) = (take(&theirs), take(&theirs));
            send(&odd, garbage);
            send(&good, &call);
            let called = serve(&mut clients);
            assert_eq!(called.len(), 1, "{garbage:?}");
            assert_eq!((called[0].name.as_str(), called[0].payload.as_slice()), ("tool", &b"{}"[..]));
            clients.reply(called[0].client, true, b"1");
            let mut answer = [0; 64];
            let (length, _) = rustix::net::recv(&good, &mut answer, RecvFlags::DONTWAIT).unwrap();
            assert_eq!(answer[..length], HostFrame::encode_reply(7, true, b"1"));
        }
    }

    #[test]
    fn a_call_that_is_too_long_is_told_so_and_not_kept() {
        let (ours, theirs) = broker().unwrap();
        let mut clients = Clients::new(ours, 100);
        let socket = take(&theirs);
        let call = GuestFrame::encode_call(1, "tool", &vec![b'x'; 50_000]);
        send(&socket, &call);
        assert!(serve(&mut clients).is_empty());
        let mut answer = [0; 512];
        let (length, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::DONTWAIT).unwrap();
        let text = String::from_utf8_lossy(&answer[..length]);
        assert!(text.contains("more than 100 bytes"), "{text}");
        send(&socket, &call);
        assert!(serve(&mut clients).is_empty());
        assert!(clients.connected.values().all(|client| client.received.is_empty()));
    }

    #[test]
    fn the_last_note_is_kept_and_bounded() {
        let (ours, theirs) = broker().unwrap();
        let mut clients = Clients::new(ours, 100);
        for note in [&b"first"[..], &[b'x'; 3 * NOTE_BYTES], b"", b"last"] {
            send(&theirs, note);
            assert!(serve(&mut clients).is_empty());
            assert!(clients.note().len() <= NOTE_BYTES);
        }
        assert_eq!(clients.note(), b"last");
        send(&theirs, b"at the end");
        drop(theirs);
        // The connections that nobody took are seen to be closed first.
        let spare: Vec<_> = clients.connected.keys().copied().collect();
        spare.into_iter().for_each(|number| drop(clients.on_ready(number, PollFlags::HUP)));
        serve(&mut clients);
        assert_eq!(clients.note(), b"at the end");
        assert!(clients.broker.is_none(), "a closed socket is waited for");
    }

    #[test]
    fn connections_are_bounded_and_offered_anew() {
        let (ours, theirs) = broker().unwrap();
        let mut clients = Clients::new(ours, 100);
        let mut taken = Vec::new();
        for _ in 0..MOST {
            taken.push(take(&theirs));
            send(taken.last().unwrap(), b"x");
            serve(&mut clients);
        }
        assert_eq!(clients.connected.len(), MOST);
        drop(taken);
        serve(&mut clients);
        assert_eq!(clients.connected.len(), SPARE);
        send(&take(&theirs), b"x");
    }
}
