//! What a run may use. Every limit is on by default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one run may use; exceeding one ends the run with an error that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time of the run, from the program's arrival in the guest.
    pub wall: Duration,
    /// CPU time of the guest process.
    pub cpu: Duration,
    /// Address space of the guest process, in bytes.
    pub memory_bytes: u64,
    /// Threads beside the first one, where the language has any.
    pub threads: u32,
    /// Length of the program text, in bytes.
    pub program_bytes: usize,
    /// Length of one call's arguments as JSON, in bytes.
    pub arguments_bytes: usize,
    /// Tool calls over the whole run.
    pub tool_calls: u32,
    /// Tool calls under way at once; further ones wait.
    pub calls_in_flight: usize,
    /// Length of one tool reply as JSON, in bytes.
    pub reply_bytes: usize,
    /// Sum of the tool replies of the run as JSON, in bytes.
    pub replies_bytes: u64,
    /// Length of the result as JSON that the guest may hand over, in bytes.
    pub result_bytes: usize,
    /// Sum of the files in the run's workspace, in bytes.
    pub workspace_bytes: u64,
    /// Number of files in the run's workspace.
    pub workspace_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(30),
            cpu: Duration::from_secs(30),
            memory_bytes: 256 << 20,
            threads: 32,
            program_bytes: 1 << 20,
            arguments_bytes: 8 << 20,
            tool_calls: 1_000,
            calls_in_flight: 32,
            reply_bytes: 64 << 20,
            replies_bytes: 256 << 20,
            result_bytes: 64 << 20,
            workspace_bytes: 100 << 20,
            workspace_files: 10_000,
        }
    }
}

/// What of a run may reach the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputBudget {
    /// Length of the result as JSON, in bytes; a longer one goes to the workspace.
    pub result_bytes: usize,
    /// Length of the logs, in bytes; their head and tail are kept.
    pub log_bytes: usize,
}

impl Default for OutputBudget {
    fn default() -> Self {
        Self { result_bytes: 24 << 10, log_bytes: 6 << 10 }
    }
}
