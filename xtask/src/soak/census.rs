//! What the binary and all that it started hold, by what the kernel says.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::place::{KEPT, Place};
use crate::error::Error;

/// How long the processes may take to come to rest.
const REST: Duration = Duration::from_secs(30);

/// How long they stay as they are before they count as resting.
const STILL: Duration = Duration::from_millis(300);

const TICK: Duration = Duration::from_millis(20);

/// Processes of one zygote that wait for a program, at most; those that run one are gone at rest.
const READY: usize = 8;

/// The same of all three zygotes.
pub(super) const MOST_READY: usize = 3 * READY;

/// Address space of a run beyond its memory limit, in bytes.
const OWN_ADDRESS_SPACE: u64 = 48 << 20;

/// How guests call themselves.
const GUEST: &str = "terraphim-guest";

/// What is held at one moment at rest.
#[derive(Debug, Clone, Default)]
pub(super) struct Census {
    /// Resident memory of the binary, in KiB.
    pub(super) host_kib: u64,
    /// Resident memory of the zygotes, in KiB.
    pub(super) zygote_kib: u64,
    pub(super) threads: usize,
    /// Open descriptors of the binary.
    pub(super) descriptors: usize,
    /// Open descriptors of the zygotes.
    pub(super) zygote_descriptors: usize,
    /// Processes that wait for a program.
    pub(super) ready: usize,
    /// Processes of the servers and helpers that the binary started.
    pub(super) children: usize,
    /// Ended processes that nobody has waited for.
    pub(super) zombies: usize,
    /// Files below everything that may be written to.
    pub(super) files: usize,
    /// What is in them, in bytes.
    pub(super) file_bytes: u64,
    /// Every process with the time it began, which tells it from a later one of its number.
    pub(super) processes: Vec<(u32, u64)>,
}

impl Census {
    /// Waits until nothing changes any more and counts.
    pub(super) fn at_rest(host: u32, place: &Place) -> Result<Self, Error> {
        let until = Instant::now() + REST;
        let (mut seen, mut since) = (family(host), Instant::now());
        loop {
            thread::park_timeout(TICK);
            let now = family(host);
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
            if since.elapsed() >= STILL && runs(host).len() <= MOST_READY {
                return Ok(Self::now(host, place));
            }
            if Instant::now() > until {
                // What does not come to rest shows in the figures.
                return Ok(Self::now(host, place));
            }
            if !Path::new(&format!("/proc/{host}")).exists() {
                let complaint = "it has ended in the middle".into();
                return Err(Error::Unreadable { what: "the binary".into(), complaint });
            }
        }
    }

    fn now(host: u32, place: &Place) -> Self {
        let all = family(host);
        let zygotes = zygotes(host);
        let direct = children(host);
        let mut census = Self {
            host_kib: resident_kib(host),
            zygote_kib: zygotes.iter().map(|zygote| resident_kib(*zygote)).sum(),
            threads: entries(&format!("/proc/{host}/task")),
            descriptors: entries(&format!("/proc/{host}/fd")),
            zygote_descriptors: zygotes.iter().map(|zygote| entries(&format!("/proc/{zygote}/fd"))).sum(),
            ready: runs(host).len(),
            children: direct.iter().filter(|pid| name(**pid) != GUEST).count(),
            zombies: all.iter().filter(|(pid, _)| state(*pid) == Some('Z')).count(),
            processes: all,
            ..Self::default()
        };
        for folder in KEPT {
            census.count_files(&place.path(folder));
        }
        census
    }

    fn count_files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => self.count_files(&entry.path()),
                Ok(metadata) => {
                    self.files += 1;
                    self.file_bytes += metadata.len();
                }
                Err(_) => {}
            }
        }
    }
}

/// The process of a run with this memory limit.
pub(super) fn with_limit(host: u32, memory_mb: u64) -> Option<u32> {
    let wanted = ((memory_mb << 20) + OWN_ADDRESS_SPACE).to_string();
    let has_limit = |pid: &u32| {
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"));
        line.and_then(|line| line.split_whitespace().next()) == Some(wanted.as_str())
    };
    runs(host).into_iter().find(has_limit)
}

/// The server with this word among its arguments.
pub(super) fn server_with(host: u32, word: &str) -> Option<u32> {
    let has_word = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|part| part == word.as_bytes())
    };
    children(host).into_iter().find(has_word)
}

/// Those of the processes that are still there after a moment.
pub(super) fn left_of(processes: &[(u32, u64)]) -> Vec<u32> {
    let until = Instant::now() + REST;
    loop {
        let lives = |(pid, began): &&(u32, u64)| start_time(*pid) == Some(*began) && state(*pid) != Some('Z');
        let left: Vec<_> = processes.iter().filter(lives).map(|(pid, _)| *pid).collect();
        if left.is_empty() || Instant::now() > until {
            return left;
        }
        thread::park_timeout(TICK);
    }
}

/// The process and everything that it has started, with what that has started.
fn family(host: u32) -> Vec<(u32, u64)> {
    let mut family = vec![host];
    let mut next = 0;
    while let Some(&member) = family.get(next) {
        family.extend(children(member));
        next += 1;
    }
    family.into_iter().filter_map(|pid| Some((pid, start_time(pid)?))).collect()
}

/// The zygotes of all languages; each is the child of a process that only waits for it.
fn zygotes(host: u32) -> Vec<u32> {
    let waiters = children(host).into_iter().filter(|pid| name(*pid) == GUEST);
    waiters.filter_map(|waiter| children(waiter).first().copied()).collect()
}

/// The processes that wait for a program or run one.
fn runs(host: u32) -> Vec<u32> {
    zygotes(host).into_iter().flat_map(children).collect()
}

fn children(pid: u32) -> Vec<u32> {
    let mut children = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.extend(text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    children
}

fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// The fields of a process behind its name, the state first.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn state(pid: u32) -> Option<char> {
    fields(pid)?.first()?.chars().next()
}

fn start_time(pid: u32) -> Option<u64> {
    fields(pid)?.get(19)?.parse().ok()
}

fn entries(folder: &str) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
