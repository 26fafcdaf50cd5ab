//! What can go wrong before and around a run.

use std::io;

use terraphim_sandbox_protocol::DecodeError;

use crate::places::Full;

/// The sandbox failed; no program is to blame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The guest could not be started. The pool tries again at the next checkout.
    #[error("failed to start the guest: {step}")]
    Start {
        /// What was attempted.
        step: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The guest could not enter its jail. The pool tries again at the next checkout.
    #[error("failed to enter the jail: {reason}; `terraphim doctor` tells what this machine offers")]
    Jail {
        /// The step and its cause.
        reason: String,
    },
    /// The machine has no runtime for the language, or none that can be used.
    #[error("there is no {language} to run this with: {reason}")]
    NoRuntime {
        /// The language.
        language: &'static str,
        /// What was looked for, and what to do.
        reason: String,
    },
    /// The language has files, and the pool has no folder for them.
    #[error("this pool runs only languages without files: make it with a folder for them")]
    NoStore,
    /// The language is compiled, and the pool has no folder for what is.
    #[error("this pool has no folder for compiled programs: there is no home folder to keep one in")]
    NoCache,
    /// The guest speaks another version of the protocol.
    #[error("the guest speaks protocol {theirs}, this host speaks {ours}: build both from one source")]
    Version {
        /// The guest's version.
        theirs: u16,
        /// This crate's version.
        ours: u16,
    },
    /// The zygote said something that cannot be.
    #[error("the zygote broke the protocol: {0}")]
    Protocol(#[from] DecodeError),
    /// The zygote is gone. The pool starts another one at the next checkout.
    #[error("the zygote is gone")]
    ZygoteGone,
    /// A process could not be made.
    #[error("failed to make a process for the run: {reason}")]
    Fork {
        /// The step and its cause.
        reason: String,
    },
    /// There is no place for the run.
    #[error(transparent)]
    Full(#[from] Full),
}

pub(crate) fn start(step: &'static str) -> impl FnOnce(io::Error) -> SandboxError {
    move |source| SandboxError::Start { step, source }
}
