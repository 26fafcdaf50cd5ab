//! How runs end.

use terraphim_sandbox_protocol::{DecodeError, Failure, FailureKind};

/// How a run ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ending {
    /// With a result, as JSON bytes that nobody has looked at yet.
    Result(Vec<u8>),
    /// The program failed and said how.
    Failed(Failure),
    /// The wall-clock limit passed.
    Deadline,
    /// The CPU-time limit passed.
    Cpu,
    /// The memory limit was reached.
    Memory,
    /// It made more calls to the host than any limit allows.
    TooManyCalls {
        /// How many it may make.
        limit: u32,
    },
    /// It had more threads at once than it may.
    TooManyThreads {
        /// How many it may have beside the first one.
        limit: u32,
    },
    /// It kept more arguments waiting for their turn than the host holds.
    TooMuchWaiting {
        /// How much may wait, in bytes.
        limit: usize,
    },
    /// It made a system call that is not permitted.
    Forbidden,
    /// The process died of `signal`, before or after it had understood the program.
    Crashed {
        /// Whether the program had begun.
        started: bool,
        /// The signal, 0 for a plain exit.
        signal: i32,
    },
    /// The process broke the protocol.
    Protocol(Option<DecodeError>),
    /// The caller ended the run.
    Cancelled,
    /// The zygote or the machine failed.
    Lost,
}

impl Ending {
    /// How it ended, in one word that never changes.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Result(_) => "finished",
            Self::Failed(failure) if failure.kind == FailureKind::Limit => "limit",
            Self::Failed(_) => "failed",
            Self::Deadline => "deadline",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::TooManyCalls { .. } => "calls",
            Self::TooManyThreads { .. } => "threads",
            Self::TooMuchWaiting { .. } => "arguments",
            Self::Forbidden => "forbidden",
            Self::Crashed { .. } => "crashed",
            Self::Protocol(_) => "protocol",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}
