//! The zygote: enters the jail, warms a worker, and makes a process for each
//! run on the host's demand. It never reads an agent's bytes.

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

use crate::jail::{self, Fork, Jail, JailError, RunFilter};

/// What a run's process does once it is alone in its jail.
pub trait Worker: Sized {
    /// Prepares what every run's process inherits; called once, in the jail.
    ///
    /// # Errors
    ///
    /// The step that failed, which the host is told.
    fn warm() -> Result<Self, JailError>;

    /// Serves the one run of this process. `seed` is this process's own randomness.
    fn serve(self, seed: [u8; 32]) -> !;
}

/// With so many children more, one more order is taken between two looks at them.
const CHILDREN_PER_ORDER: usize = 64;

struct Child {
    pid: Pid,
    pidfd: OwnedFd,
}

/// The whole program of a guest: serves until the host goes away, and gives the
/// process's exit code.
pub fn main<W: Worker>() -> i32 {
    // A panic must not write to a descriptor that may by now be the channel.
    std::panic::set_hook(Box::new(|_| ()));
    // The name in process lists; without it that of the descriptor it was started from.
    let _ = rustix::thread::set_name(c"terraphim-guest");
    match prepare::<W>() {
        Ok(mut zygote) => zygote.serve(),
        Err(error) => {
            tell(&FromZygote::Broken { child: 0, message: error.to_string() }, &[]);
            EXIT_JAIL
        }
    }
}

fn prepare<W: Worker>() -> Result<Zygote<Interpreting<W>>, JailError> {
    jail::adopt_channel()?;
    let jail = jail::enter()?;
    let filter = jail::run_filter()?;
    let worker = W::warm()?;
    Ok(Zygote::ready(jail, Interpreting { filter, worker: Some(worker) }))
}

fn tell(message: &FromZygote, descriptors: &[std::os::fd::BorrowedFd<'_>]) {
    // A host that is gone closes the channel, which ends the loop below.
    let _ = jail::send_with_descriptors(&message.encode(), descriptors);
}

/// How a zygote makes the process of a run, and what that one does.
pub(crate) trait MakeRun {
    /// Makes a process and a channel to it.
    fn fork(&self) -> Result<Fork, JailError>;

    /// In the child: the last steps of the jail, then the run.
    fn become_run(&mut self, channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> !;
}

/// Makes processes that serve a run themselves.
struct Interpreting<W> {
    filter: RunFilter,
    worker: Option<W>,
}

impl<W: Worker> MakeRun for Interpreting<W> {
    fn fork(&self) -> Result<Fork, JailError> {
        jail::fork()
    }

    fn become_run(&mut self, channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> ! {
        let seed = jail::random_seed();
        let entered = jail::enter_child(channel, memory_bytes, cpu_seconds)
            .and_then(|()| jail::lock_down(&self.filter));
        match (entered, seed, self.worker.take()) {
            (Ok(()), Ok(seed), Some(worker)) => worker.serve(seed),
            _ => jail::exit_now(EXIT_JAIL),
        }
    }
}

/// A process that makes another for each run.
pub(crate) struct Zygote<R> {
    runs: R,
    children: BTreeMap<u32, Child>,
}

impl<R: MakeRun> Zygote<R> {
    /// Tells the host that the jail is entered.
    pub(crate) fn ready(jail: Jail, runs: R) -> Self {
        tell(&FromZygote::Ready { version: VERSION, layers: jail.layers, reduced: jail.reduced }, &[]);
        Self { runs, children: BTreeMap::new() }
    }

    /// Serves until the host goes away; gives the process's exit code.
    pub(crate) fn serve(&mut self) -> i32 {
        loop {
            let (control_ready, ended) = self.wait();
            self.reap(&ended);
            if !control_ready {
                continue;
            }
            // The more children there are to look at, the more orders are taken between two looks.
            for _ in 0..=self.children.len() / CHILDREN_PER_ORDER {
                match receive() {
                    Received::Order(ToZygote::Fork { child, memory_bytes, cpu_seconds }) => {
                        self.fork(child, memory_bytes, cpu_seconds);
                    }
                    Received::Nothing => break,
                    Received::HostGone => return 0,
                }
            }
        }
    }

    /// Waits for the host or for the end of children; whether it is the host, and whose end.
    fn wait(&self) -> (bool, Vec<u32>) {
        let control = jail::channel();
        let mut watched = Vec::with_capacity(self.children.len() + 1);
        watched.push(PollFd::new(&control, PollFlags::IN));
        watched.extend(self.children.values().map(|child| PollFd::new(&child.pidfd, PollFlags::IN)));
        if rustix::event::poll(&mut watched, None).is_err() {
            return (false, Vec::new());
        }
        let mut told = watched.iter().map(|watched| !watched.revents().is_empty());
        let control_ready = told.next().unwrap_or(false);
        let ended = self.children.keys().zip(told).filter(|(_, told)| *told);
        (control_ready, ended.map(|(number, _)| *number).collect())
    }

    fn reap(&mut self, ended: &[u32]) {
        for number in ended {
            let Some(exit) = self.children.get(number).and_then(|child| jail::reap(child.pid)) else {
                continue;
            };
            self.children.remove(number);
            let jail::Exit { status, cpu_micros, peak_kib } = exit;
            tell(&FromZygote::Exited { child: *number, status, cpu_micros, peak_kib }, &[]);
        }
    }

    fn fork(&mut self, number: u32, memory_bytes: u64, cpu_seconds: u64) {
        match self.runs.fork() {
            Ok(Fork::Child { channel }) => self.runs.become_run(channel, memory_bytes, cpu_seconds),
            Ok(Fork::Zygote { pid, pidfd, channel }) => {
                tell(&FromZygote::Forked { child: number }, &[pidfd.as_fd(), channel.as_fd()]);
                self.children.insert(number, Child { pid, pidfd });
            }
            Err(error) => tell(&FromZygote::Broken { child: number, message: error.to_string() }, &[]),
        }
    }
}

/// What the host has sent.
enum Received {
    Order(ToZygote),
    Nothing,
    /// It is gone or speaks nonsense.
    HostGone,
}

fn receive() -> Received {
    let mut datagram = [0; MAX_DATAGRAM];
    let received =
        rustix::io::retry_on_intr(|| rustix::net::recv(jail::channel(), &mut datagram, RecvFlags::DONTWAIT));
    match received {
        Ok((length, _)) => match datagram.get(..length).map(ToZygote::decode) {
            Some(Ok(order)) => Received::Order(order),
            _ => Received::HostGone,
        },
        Err(rustix::io::Errno::AGAIN) => Received::Nothing,
        Err(_) => Received::HostGone,
    }
}
