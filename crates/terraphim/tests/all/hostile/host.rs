//! What one long-lived host process holds: it must be the same after every program.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{place::Place, watch};

/// Guests that a host may hold while no run is under way: more than it keeps ready, fewer than there are programs.
const MOST_GUESTS: usize = 16;

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
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors").count();
        let family = watch::descendants(pid);
        let guests = family.iter().filter(|process| process.is_guest()).count();
        Self {
            descriptors: descriptors as isize - (DESCRIPTORS_OF_A_GUEST * guests) as isize,
            helpers: family.len() - guests,
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

fn list(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), files);
        } else {
            files.insert(entry.path());
        }
    }
}

/// A number of `/proc/PID/status`, such as `Threads` or `VmRSS` in KiB.
pub(crate) fn status(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("the field");
    line.trim_start_matches(':').split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number")
}
