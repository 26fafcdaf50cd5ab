//! Processes whose programs have ended and that wait for another.

use std::{os::fd::OwnedFd, sync::Arc, time::Duration};

use terraphim_types::{Language, Limits};

use crate::{places::Place, pool::Lease, process::RunProcess, zygote::Jail};

/// A process whose program has ended, with what the program left behind. It
/// waits for another program, or is killed when this is dropped.
pub struct Kept {
    pub(crate) process: RunProcess,
    pub(crate) language: Language,
    pub(crate) limits: Limits,
    pub(crate) jail: Arc<Jail>,
    pub(super) before: Before,
}

/// What is known of a process from the programs that it has run.
#[derive(Default)]
pub(crate) struct Before {
    /// Where it writes.
    pub(super) folder: Option<Arc<OwnedFd>>,
    /// CPU time so far.
    pub(super) used: Duration,
    /// Memory of its own before the first program, in bytes.
    pub(super) base: Option<u64>,
}

impl Kept {
    /// Whether its process is still there.
    pub fn is_alive(&mut self) -> bool {
        self.process.is_running()
    }

    /// The language of its programs.
    pub fn language(&self) -> Language {
        self.language
    }
}

impl Kept {
    /// A lease on the process that rests.
    pub(crate) fn lease(self, queued: Duration, place: Place) -> Lease {
        let Self { process, limits, jail, before, .. } = self;
        Lease { process, limits, queued, jail, kept: Some(before), place }
    }
}
