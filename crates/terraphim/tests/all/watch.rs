//! Watching processes through `/proc` and by descriptors that stand for one
//! process for ever, however often its id is used again.

use std::{
    fmt, fs,
    os::fd::OwnedFd,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

/// How the guest's processes call themselves.
const GUEST: &str = "terraphim-guest";

/// One process.
pub(crate) struct Watched {
    pid: u32,
    command: String,
    handle: OwnedFd,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.pid, self.command)
    }
}

impl Watched {
    /// The process of an id, while it lives.
    fn of(pid: u32) -> Option<Self> {
        let handle = pidfd_open(as_pid(pid)?, PidfdFlags::empty()).ok()?;
        let watched = Self { pid, command: words(pid, "cmdline"), handle };
        (!watched.is_gone_before(Instant::now())).then_some(watched)
    }

    pub(crate) fn is_guest(&self) -> bool {
        self.command.starts_with(GUEST)
    }

    /// Ends it, if it is still there.
    pub(crate) fn kill(&self) {
        kill(self.pid);
    }

    /// Waits for its end, at most until the deadline.
    pub(crate) fn is_gone_before(&self, deadline: Instant) -> bool {
        let mut polled = [PollFd::new(&self.handle, PollFlags::IN)];
        let ended = rustix::io::retry_on_intr(|| {
            let left = deadline.saturating_duration_since(Instant::now());
            poll(&mut polled, Some(&Timespec::try_from(left).expect("a short time")))
        });
        ended.expect("it can be polled") > 0
    }
}

fn as_pid(pid: u32) -> Option<Pid> {
    Pid::from_raw(pid.try_into().ok()?)
}

/// Sends a signal to a process that must be there.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(as_pid(pid).expect("an id"), signal).expect("it is there");
}

/// Ends a process, if it is still there.
pub(crate) fn kill(pid: u32) {
    if let Some(pid) = as_pid(pid) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Everything that a process has started, and what that has started.
pub(crate) fn descendants(pid: u32) -> Vec<Watched> {
    let parents: Vec<_> = all().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(&member) = family.get(next) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == member).map(|(pid, _)| *pid));
        next += 1;
    }
    family.into_iter().skip(1).filter_map(Watched::of).collect()
}

/// Every process with that text in its arguments or its environment.
pub(crate) fn mentioning(text: &str) -> Vec<Watched> {
    let mentions = |pid: &u32| ["cmdline", "environ"].iter().any(|file| words(*pid, file).contains(text));
    all().into_iter().filter(mentions).filter_map(Watched::of).collect()
}

fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A file of null-terminated strings; what cannot be read belongs to others.
fn words(pid: u32, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Looks again and again until the condition holds; panics when it does not within 20 s.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}
