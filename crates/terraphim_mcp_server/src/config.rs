//! What a face is made of.

use std::{sync::Arc, time::Duration};

use terraphim_code_execution::Executor;
use terraphim_mcp_gateway::Resources;
use tokio_util::sync::CancellationToken;

/// How long `execute_code` waits for a run before it answers that the run goes
/// on; common clients give a tool call 60 s.
const SOFT_LIMIT: Duration = Duration::from_secs(50);

/// How long runs may go on once a connection is asked to end.
const GRACE: Duration = Duration::from_secs(10);

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

/// How a connection is asked to end by others than its client.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Once cancelled, no run begins; those under way have the grace to end,
    /// and their answers are still written.
    pub drain: CancellationToken,
    /// Once cancelled, the grace is over: runs are killed, and their calls
    /// answered with an error.
    pub now: CancellationToken,
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
    /// The documents that are shown beside the first-party server's tools.
    pub resources: Option<Arc<dyn Resources>>,
    /// Asks the connection to end. The end of the input asks for it as well, and
    /// whoever is asked twice gives no grace any more.
    pub stop: Stop,
    /// How long calls that wait for a run may go on after the end of the input,
    /// and runs after [`Stop::drain`]; it should lie below what clients give.
    pub grace: Duration,
    /// Asked while calls go on after the end of the input: whether nobody is
    /// left to read their answers. Without it they have the grace.
    pub client_gone: Option<fn() -> bool>,
}

impl FaceConfig {
    /// The code-mode tools over `executor`, with a soft limit of 50 s and a grace of 10 s.
    pub fn new(executor: Executor) -> Self {
        Self {
            executor,
            soft_limit: SOFT_LIMIT,
            expose: Expose::default(),
            resources: None,
            stop: Stop::default(),
            grace: GRACE,
            client_gone: None,
        }
    }
}
