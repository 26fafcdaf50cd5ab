//! What one long-lived host process holds: it must be the same after every program.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::place::Place;

/// Guests that a host may hold while no run is under way: more than it keeps ready, fewer than there are programs.
const MOST_GUESTS: usize = 40;

/// How a guest is started; what it becomes, and what that starts, are guests too.
const GUEST: &str = "terraphim-guest";

/// Descriptors of the host that stand for one guest: the process, and the channel to it.
const DESCRIPTORS_OF_A_GUEST: usize = 2;

/// What a run could leave behind in a host, or around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// Those of guests left out: how many are kept ready changes.
    descriptors: isize,
    /// Processes that are no guests.
    helpers: usize,
    too_many_guests: bool,
    files: BTreeSet<PathBuf>,
}

impl Holdings {
    /// What the host holds now.
    pub(crate) fn of(pid: u32, place: &Place) -> Self {
        let mut files = BTreeSet::new();
        // The journal of the test server is not the host's.
        for folder in ["home", "project", "config", "cache", "data", "tmp"] {
            list(&place.path(folder), &mut files);
        }
        files.retain(|path| !is_kept_by_the_host(path));
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors").count();
        let (guests, helpers) = family(pid);
        Self {
            descriptors: descriptors as isize - (DESCRIPTORS_OF_A_GUEST * guests) as isize,
            helpers,
            too_many_guests: guests > MOST_GUESTS,
            files,
        }
    }
}

/// Looks until it sees what is expected, at most 20 s; gives what it saw last.
pub(crate) fn eventually(expected: &Holdings, mut look: impl FnMut() -> Holdings) -> Holdings {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let seen = look();
        if seen == *expected || Instant::now() >= deadline {
            return seen;
        }
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// How many processes below this one are guests, and how many are not.
fn family(pid: u32) -> (usize, usize) {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: Vec<(u32, u32)> = processes.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let (mut found, mut next) = (vec![(pid, false)], 0);
    while let Some(&(above, in_guest)) = found.get(next) {
        let children = parents.iter().filter(|(_, parent)| *parent == above);
        found.extend(children.map(|(child, _)| (*child, in_guest || is_guest(*child))));
        next += 1;
    }
    let guests = found.iter().filter(|(_, is_guest)| *is_guest).count();
    (guests, found.len() - 1 - guests)
}

fn is_guest(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| words.starts_with(GUEST.as_bytes()))
}

/// The parent of a process that has not ended.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.next()?.parse().ok())?
}

fn list(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), files);
        } else {
            files.insert(entry.path());
        }
    }
}

/// Whether a file is a program that is kept by the hash of its text, or the note of one,
/// or what a server was seen to answer: every program leaves those.
fn is_kept_by_the_host(path: &Path) -> bool {
    let has_hash = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = path.iter().rev().filter_map(|part| part.to_str()).take(4).collect();
    match parts.as_slice() {
        [name, "bin", "rust", "cache"] => has_hash(name),
        [name, "sums", "rust", "cache"] => name.strip_prefix("bin-").is_some_and(has_hash),
        ["lock", "observed", "cache", "terraphim"] => true,
        [name, "observed", "cache", "terraphim"] => name.strip_suffix(".json").is_some_and(has_hash),
        _ => false,
    }
}

/// A number of `/proc/PID/status`, such as `Threads` or `VmRSS` in KiB.
pub(crate) fn status(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("the field");
    line.trim_start_matches(':').split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number")
}
