//! The zygote: enters the jail, warms an interpreter, and makes a process for
//! each run on the host's demand. It never reads an agent's bytes.

use std::{
    collections::BTreeMap,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    event::{PollFd, PollFlags},
    net::RecvFlags,
    process::Pid,
};
use terraphim_sandbox_protocol::{
    EXIT_JAIL, VERSION,
    control::{FromZygote, MAX_DATAGRAM, ToZygote},
};

use crate::{
    engine::Engine,
    jail::{self, Fork, JailError, RunFilter},
    random::Random,
    run,
};

struct Child {
    pid: Pid,
    pidfd: OwnedFd,
}

/// Serves until the host goes away; gives the process's exit code.
pub(crate) fn serve() -> i32 {
    match prepare() {
        Ok(mut zygote) => zygote.serve(),
        Err(error) => {
            tell(&FromZygote::Broken { child: 0, message: error.to_string() }, &[]);
            EXIT_JAIL
        }
    }
}

fn prepare() -> Result<Zygote, JailError> {
    jail::adopt_channel()?;
    let jail = jail::enter()?;
    let filter = jail::run_filter()?;
    let engine = Engine::warm().map_err(|error| JailError {
        step: "interpreter",
        source: std::io::Error::other(error.to_string()),
    })?;
    tell(&FromZygote::Ready { version: VERSION, layers: jail.layers, reduced: jail.reduced }, &[]);
    Ok(Zygote { filter, engine: Some(engine), children: BTreeMap::new() })
}

fn tell(message: &FromZygote, descriptors: &[std::os::fd::BorrowedFd<'_>]) {
    // A host that is gone closes the channel, which ends the loop below.
    let _ = jail::send_with_descriptors(&message.encode(), descriptors);
}

struct Zygote {
    filter: RunFilter,
    engine: Option<Engine>,
    children: BTreeMap<u32, Child>,
}

impl Zygote {
    fn serve(&mut self) -> i32 {
        loop {
            let control_ready = self.wait();
            self.reap();
            if control_ready {
                match receive() {
                    Some(ToZygote::Fork { child, memory_bytes, cpu_seconds }) => {
                        self.fork(child, memory_bytes, cpu_seconds);
                    }
                    None => return 0,
                }
            }
        }
    }

    /// Waits for the host or for the end of a child; whether it is the host.
    fn wait(&self) -> bool {
        let control = jail::channel();
        let mut watched = Vec::with_capacity(self.children.len() + 1);
        watched.push(PollFd::new(&control, PollFlags::IN));
        watched.extend(self.children.values().map(|child| PollFd::new(&child.pidfd, PollFlags::IN)));
        match rustix::event::poll(&mut watched, None) {
            Ok(_) => watched.first().is_some_and(|control| !control.revents().is_empty()),
            Err(_) => false,
        }
    }

    fn reap(&mut self) {
        let ended = self.children.extract_if(.., |number, child| match jail::reap(child.pid) {
            Some(exit) => {
                let jail::Exit { status, cpu_micros, peak_kib } = exit;
                tell(&FromZygote::Exited { child: *number, status, cpu_micros, peak_kib }, &[]);
                true
            }
            None => false,
        });
        drop(ended.collect::<Vec<_>>());
    }

    fn fork(&mut self, number: u32, memory_bytes: u64, cpu_seconds: u64) {
        match jail::fork() {
            Ok(Fork::Child { channel }) => self.become_run(channel, memory_bytes, cpu_seconds),
            Ok(Fork::Zygote { pid, pidfd, channel }) => {
                tell(&FromZygote::Forked { child: number }, &[pidfd.as_fd(), channel.as_fd()]);
                self.children.insert(number, Child { pid, pidfd });
            }
            Err(error) => tell(&FromZygote::Broken { child: number, message: error.to_string() }, &[]),
        }
    }

    /// In the child: the last steps of the jail, then the run.
    fn become_run(&mut self, channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> ! {
        let seed = jail::random_seed();
        let entered = jail::enter_child(channel, memory_bytes, cpu_seconds)
            .and_then(|()| jail::lock_down(&self.filter));
        match (entered, seed, self.engine.take()) {
            (Ok(()), Ok(seed), Some(engine)) => run::serve(engine, Random::from_seed(seed)),
            _ => jail::exit_now(EXIT_JAIL),
        }
    }
}

/// The next order; `None` if the host is gone or speaks nonsense.
fn receive() -> Option<ToZygote> {
    let mut datagram = [0; MAX_DATAGRAM];
    let received =
        rustix::io::retry_on_intr(|| rustix::net::recv(jail::channel(), &mut datagram, RecvFlags::empty()));
    let (length, _) = received.ok()?;
    ToZygote::decode(datagram.get(..length)?).ok()
}
