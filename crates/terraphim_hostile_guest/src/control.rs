//! Zygotes that attack. Those whose role opens with `start:` do it instead of
//! saying that they are ready; the role `zygote` does it when it is asked for a
//! process with a CPU time that no run has; the other roles leave a filter out, so
//! that the attacks of a run meet the one below it.

use std::{
    collections::BTreeMap,
    io::IoSlice,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    event::{PollFd, PollFlags},
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
        SocketType,
    },
    process::Pid,
};
use terraphim_guest::jail::{self, Fork, JailError, RunFilter};
use terraphim_sandbox_protocol::{
    VERSION,
    control::{FromZygote, Layers, MAX_DATAGRAM, ToZygote},
};

use crate::script;

/// CPU time, in seconds, from which on it stands for an attack.
const ATTACKS_FROM: u64 = 1_000_000;

/// The filter that a run's process is left with.
enum Filter {
    Run(RunFilter),
    Zygote,
    Waiter,
}

/// Plays a role; gives the process's exit code.
pub(crate) fn main(role: &str) -> i32 {
    match role.strip_prefix("start:") {
        Some(attack) => jail::adopt_channel().map_or(1, |()| start(attack)),
        None => enter(role).map_or(1, serve),
    }
}

fn send(datagram: &[u8], descriptors: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(16))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    let datagram = [IoSlice::new(datagram)];
    // A host that has ended this process is what most attacks lead to.
    let _ = rustix::net::sendmsg(jail::channel(), &datagram, &mut ancillary, SendFlags::NOSIGNAL);
}

fn ready(version: u16, layers: Layers) -> Vec<u8> {
    FromZygote::Ready { version, layers, reduced: "hostile".into() }.encode()
}

/// A socket of the right kind that leads nowhere.
fn sockets() -> Vec<OwnedFd> {
    let pair = rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    pair.map_or_else(|_| Vec::new(), |(one, other)| vec![one, other])
}

fn start(attack: &str) -> i32 {
    let sockets = sockets();
    let borrowed: Vec<_> = sockets.iter().map(AsFd::as_fd).collect();
    match attack {
        "exit" => return 0,
        "garbage" => send(&[0xff; 100], &[]),
        "empty" => send(&[], &[]),
        "long" => send(&[ready(VERSION, Layers::default()), vec![0; 100_000]].concat(), &[]),
        "version" => send(&ready(VERSION + 1, Layers::default()), &[]),
        "descriptors" => send(&ready(VERSION, Layers::default()), &borrowed),
        "forked" => send(&FromZygote::Forked { child: 1 }.encode(), &borrowed),
        "broken" => {
            send(&FromZygote::Broken { child: 0, message: "\u{1b}[2J".repeat(400) }.encode(), &[]);
        }
        "text" => send(&[6, 0, 0, 0, 19, 0, 0, 0, 0, 1, 0, 0, 0, 0xff], &[]),
        // Anything else says nothing at all.
        _ => {}
    }
    loop {
        if receive().is_none() {
            return 0;
        }
    }
}

fn enter(role: &str) -> Result<Zygote, JailError> {
    jail::adopt_channel()?;
    let (layers, filter) = match role {
        // It only waits in the product, so it has no more of a jail than its filter.
        "waiter" => (Layers::default(), Filter::Waiter),
        "filter of the zygote" => (jail::enter()?.layers, Filter::Zygote),
        _ => (jail::enter()?.layers, Filter::Run(jail::run_filter()?)),
    };
    send(&ready(VERSION, layers), &[]);
    Ok(Zygote { filter, children: BTreeMap::new() })
}

struct Zygote {
    filter: Filter,
    children: BTreeMap<u32, (Pid, OwnedFd)>,
}

fn serve(mut zygote: Zygote) -> i32 {
    loop {
        let is_asked = zygote.wait();
        zygote.reap();
        if is_asked {
            match receive() {
                Some(ToZygote::Fork { child, memory_bytes, cpu_seconds }) => {
                    match cpu_seconds.checked_sub(ATTACKS_FROM) {
                        Some(attack) => zygote.attack(attack, child),
                        None => zygote.fork(child, memory_bytes, cpu_seconds),
                    }
                }
                None => return 0,
            }
        }
    }
}

fn receive() -> Option<ToZygote> {
    let mut datagram = [0; MAX_DATAGRAM];
    let received =
        rustix::io::retry_on_intr(|| rustix::net::recv(jail::channel(), &mut datagram, RecvFlags::empty()));
    ToZygote::decode(datagram.get(..received.ok()?.0)?).ok()
}

impl Zygote {
    fn wait(&self) -> bool {
        let control = jail::channel();
        let mut watched = vec![PollFd::new(&control, PollFlags::IN)];
        watched.extend(self.children.values().map(|(_, pidfd)| PollFd::new(pidfd, PollFlags::IN)));
        let polled = rustix::event::poll(&mut watched, None);
        polled.is_ok() && watched.first().is_some_and(|control| !control.revents().is_empty())
    }

    fn reap(&mut self) {
        self.children.retain(|number, (pid, _)| match jail::reap(*pid) {
            Some(jail::Exit { status, cpu_micros, peak_kib }) => {
                send(&FromZygote::Exited { child: *number, status, cpu_micros, peak_kib }.encode(), &[]);
                false
            }
            None => true,
        });
    }

    /// As the product does it, up to the filter.
    fn process(&self, memory_bytes: u64, cpu_seconds: u64) -> Option<(Pid, OwnedFd, OwnedFd)> {
        match jail::fork() {
            Ok(Fork::Zygote { pid, pidfd, channel }) => Some((pid, pidfd, channel)),
            Ok(Fork::Child { channel }) => {
                if jail::enter_child(channel, memory_bytes, cpu_seconds).is_err() {
                    jail::exit_now(1);
                }
                self.become_run();
            }
            Err(_) => None,
        }
    }

    fn become_run(&self) -> ! {
        match &self.filter {
            Filter::Run(filter) => match jail::lock_down(filter) {
                Ok(()) => script::serve(),
                Err(_) => jail::exit_now(1),
            },
            Filter::Zygote => script::serve(),
            Filter::Waiter => {
                // The list has no call to read with.
                let script = script::receive();
                match jail::confine_waiter() {
                    Ok(()) => script::follow(&script),
                    Err(_) => jail::exit_now(1),
                }
            }
        }
    }

    fn fork(&mut self, child: u32, memory_bytes: u64, cpu_seconds: u64) {
        if let Some((pid, pidfd, channel)) = self.process(memory_bytes, cpu_seconds) {
            send(&FromZygote::Forked { child }.encode(), &[pidfd.as_fd(), channel.as_fd()]);
            self.children.insert(child, (pid, pidfd));
        }
    }

    /// Answers the demand for a process in a way that the product never does.
    fn attack(&mut self, attack: u64, child: u32) {
        let Some((pid, pidfd, channel)) = self.process(1 << 30, 10) else { return };
        let forked = FromZygote::Forked { child }.encode();
        let sockets = sockets();
        let (process, channel) = (pidfd.as_fd(), channel.as_fd());
        let nowhere = sockets.first().map_or(channel, AsFd::as_fd);
        match attack {
            0 => send(&[0xff; 64], &[]),
            1 => send(&FromZygote::Forked { child: child + 1 }.encode(), &[process, channel]),
            2 => send(&forked, &[]),
            3 => send(&forked, &[process]),
            4 => send(&forked, &[process, channel, nowhere]),
            5 => send(&forked, &[process, channel, nowhere, nowhere, nowhere, nowhere, nowhere, nowhere]),
            6 => send(&forked, &[channel, process]),
            7 => send(&forked, &[nowhere, channel]),
            8 => send(&forked, &[process, process]),
            // The control channel itself is a socket of another kind.
            9 => send(&forked, &[process, jail::channel()]),
            10 => send(&[forked, vec![0; 4000]].concat(), &[process, channel]),
            11 => send(&[forked, vec![0]].concat(), &[process, channel]),
            12 => send(&[], &[]),
            13 => send(&[6, 0, 0, 0, 19, 0, 0, 0, 0, 1, 0, 0, 0, 0xff], &[]),
            14 => jail::exit_now(0),
            15 => send(&FromZygote::Broken { child, message: "\u{1b}[2J".repeat(400) }.encode(), &[]),
            16 => {
                send(&FromZygote::Broken { child: 0, message: String::new() }.encode(), &[process, channel])
            }
            17 => {
                for _ in 0..10 {
                    send(&forked, &[process, channel]);
                }
            }
            18 => {
                for number in 0..10_000 {
                    let number = child.wrapping_add(1).wrapping_add(number);
                    send(&FromZygote::Forked { child: number }.encode(), &[process, channel]);
                    let exited = FromZygote::Exited {
                        child: number,
                        status: i32::MIN,
                        cpu_micros: u64::MAX,
                        peak_kib: u64::MAX,
                    };
                    send(&exited.encode(), &[]);
                    send(&ready(VERSION, Layers(u32::MAX)), &[]);
                }
                send(&forked, &[process, channel]);
            }
            // The end of a process that has not ended, with numbers that are none.
            19 => {
                send(&forked, &[process, channel]);
                let exited =
                    FromZygote::Exited { child, status: 97 << 8, cpu_micros: u64::MAX, peak_kib: u64::MAX };
                send(&exited.encode(), &[]);
            }
            // Everything else is never answered.
            _ => {}
        }
        self.children.insert(u32::MAX - child, (pid, pidfd));
    }
}
