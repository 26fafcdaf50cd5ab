//! A small process that ends the servers when this one cannot: when it is
//! killed, nothing of it runs any more, and a server that does not end with its
//! standard input would stay.
//!
//! The guard is told each server's process group when it begins and when it is
//! gone. The end of its standard input, which the kernel brings about whatever
//! ends this process, makes it end the groups that are left.

use std::{
    collections::{BTreeSet, HashSet},
    ffi::OsString,
    fs::File,
    io::{self, BufRead, Write},
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};

/// How long servers have from SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// How often it is looked whether they are gone.
const TICK: Duration = Duration::from_millis(20);

/// How the guard is started: a program that runs [`serve_guard`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// The guard of a gateway's servers, started with the first of them.
pub(crate) struct Guard {
    command: Option<GuardCommand>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    groups: BTreeSet<i32>,
}

struct Running {
    orders: File,
    /// Reaped by the runtime after it was dropped.
    _process: Child,
}

/// A process group under guard; dropped once the group is gone.
pub(crate) struct Guarded {
    guard: Arc<Guard>,
    group: Pid,
}

impl Guard {
    /// A guard that starts nothing yet; without a command there is none.
    pub(crate) fn new(command: Option<GuardCommand>) -> Arc<Self> {
        Arc::new(Self { command, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a group ended when this process is gone.
    pub(crate) fn watch(self: &Arc<Self>, group: Pid) -> Guarded {
        let number = group.as_raw_pid();
        let mut state = self.state();
        state.groups.insert(number);
        let told = state.tell(&format!("+{number}\n"));
        if told.is_err()
            && let Some(command) = &self.command
            && let Err(error) = state.start(command)
        {
            // Servers are ended in order all the same as long as this process lives.
            tracing::warn!(%error, "the guard of the servers could not be started");
        }
        drop(state);
        Guarded { guard: Arc::clone(self), group }
    }
}

impl State {
    fn tell(&mut self, order: &str) -> io::Result<()> {
        let Some(running) = &mut self.running else { return Err(io::ErrorKind::NotConnected.into()) };
        let told = running.orders.write_all(order.as_bytes());
        if told.is_err() {
            self.running = None;
        }
        told
    }

    /// Starts the guard and tells it all groups.
    fn start(&mut self, command: &GuardCommand) -> io::Result<()> {
        let mut process = Command::new(&command.program)
            .args(&command.args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is sent to this process's group is not meant for it.
            .process_group(0)
            .spawn()?;
        let orders = process.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?.into_owned_fd()?;
        // The pipe is written to as it comes; a few bytes never wait.
        rustix::io::ioctl_fionbio(&orders, false)?;
        self.running = Some(Running { orders: orders.into(), _process: process });
        let groups: String = self.groups.iter().map(|group| format!("+{group}\n")).collect();
        self.tell(&groups)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let number = self.group.as_raw_pid();
        let mut state = self.guard.state();
        state.groups.remove(&number);
        // A guard that is gone is started again with the next server.
        let _ = state.tell(&format!("-{number}\n"));
    }
}

/// Is the guard: reads orders until the end of `input`, then ends the groups
/// that are left, by SIGTERM and 2 s later by SIGKILL.
pub fn serve_guard(input: impl BufRead) {
    let mut groups = HashSet::new();
    for line in input.lines().map_while(Result::ok) {
        let (order, number) = line.split_at_checked(1).unwrap_or_default();
        // Group 1 is not a server's, and 0 would be this process's own.
        let Some(group) = number.parse().ok().filter(|number| *number > 1).and_then(Pid::from_raw) else {
            continue;
        };
        if order == "+" {
            groups.insert(group);
        } else {
            groups.remove(&group);
        }
    }
    // Signals fail where a group is gone already.
    for group in &groups {
        let _ = kill_process_group(*group, Signal::TERM);
    }
    let until = Instant::now() + GRACE;
    while groups.iter().any(|group| test_kill_process_group(*group).is_ok()) && Instant::now() < until {
        thread::park_timeout(TICK);
    }
    for group in &groups {
        let _ = kill_process_group(*group, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufReader, Read},
        os::unix::process::{CommandExt, ExitStatusExt},
        process::{Child, Command},
    };

    use super::*;

    /// A process in a group of its own that ignores SIGTERM and the end of its input.
    fn stubborn() -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; echo; while :; do sleep 1; done"]).process_group(0);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a shell");
        let mut line = [0];
        BufReader::new(child.stdout.take().expect("a pipe")).read_exact(&mut line).expect("it is ready");
        child
    }

    #[test]
    fn groups_that_are_left_at_the_end_are_ended() {
        let (mut left, mut released) = (stubborn(), stubborn());
        let (first, second) = (left.id(), released.id());
        let orders = format!("+{first}\n+{second}\n-{second}\n+0\n+1\n+-5\nnonsense\n\n+9{}", "9".repeat(30));
        serve_guard(orders.as_bytes());
        assert_eq!(left.wait().expect("its end").signal(), Some(9));
        assert!(released.try_wait().expect("its state").is_none(), "it is nobody's business");
        kill_process_group(Pid::from_child(&released), Signal::KILL).expect("it is there");
        released.wait().expect("its end");
    }

    #[tokio::test]
    async fn a_guard_is_told_of_groups_in_turn_and_started_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = folder.path().join("told");
        let script = "while read -r line; do echo \"$line\" >> \"$0\"; [ \"$line\" = -12 ] && exit; done";
        let args = ["-c".into(), script.into(), told.clone().into()].into();
        let guard = Guard::new(Some(GuardCommand { program: "/bin/sh".into(), args }));
        let pid = |number| Pid::from_raw(number).expect("a number");
        let written = async |expected: &str| {
            let until = Instant::now() + Duration::from_secs(20);
            while std::fs::read_to_string(&told).unwrap_or_default() != expected {
                assert!(Instant::now() < until, "{:?} is not {expected:?}", std::fs::read_to_string(&told));
                tokio::time::sleep(TICK).await;
            }
        };
        let first = guard.watch(pid(11));
        drop(guard.watch(pid(12)));
        written("+11\n+12\n-12\n").await;
        // The guard has gone; the next order that fails starts another one with all groups.
        let until = Instant::now() + Duration::from_secs(20);
        while guard.state().tell("").is_ok() && guard.state().tell("+11\n").is_ok() {
            assert!(Instant::now() < until, "its pipe stays open");
            tokio::time::sleep(TICK).await;
        }
        let second = guard.watch(pid(13));
        written("+11\n+12\n-12\n+11\n+13\n").await;
        drop(first);
        drop(second);
        written("+11\n+12\n-12\n+11\n+13\n-11\n-13\n").await;
    }
}
