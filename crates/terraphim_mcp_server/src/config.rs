//! What a face is made of.

use std::time::Duration;

use terraphim_code_execution::Executor;

/// How long `execute_code` waits for a run before it answers that the run goes
/// on; common clients give a tool call 60 s.
const SOFT_LIMIT: Duration = Duration::from_secs(50);

/// Which tools a client is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expose {
    /// The code-mode tools.
    #[default]
    Code,
    /// The first-party server's tools by their own names.
    Tools,
    /// Both.
    All,
}

impl Expose {
    /// Whether the code-mode tools are shown.
    pub(crate) fn shows_code(self) -> bool {
        self != Self::Tools
    }

    /// Whether the first-party server's tools are shown.
    pub(crate) fn shows_tools(self) -> bool {
        self != Self::Code
    }
}

/// What a face is made of.
#[derive(Clone)]
pub struct FaceConfig {
    /// Runs the programs; its catalogue is what the face tells of.
    pub executor: Executor,
    /// How long `execute_code` and `wait` wait before they answer that a run
    /// goes on; it should lie below the client's own time-out.
    pub soft_limit: Duration,
    /// Which tools are shown.
    pub expose: Expose,
}

impl FaceConfig {
    /// The code-mode tools over `executor`, with a soft limit of 50 s.
    pub fn new(executor: Executor) -> Self {
        Self { executor, soft_limit: SOFT_LIMIT, expose: Expose::default() }
    }
}
