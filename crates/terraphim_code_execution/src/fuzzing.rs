//! What the fuzz targets reach of this crate; it exists in their builds alone.

use std::sync::Arc;

use terraphim_mcp_gateway::Gateway;
use terraphim_sandbox::{Call, HostCalls, HostReply, RunEnd};
use terraphim_types::{Language, Limits, OutputBudget, RunId, ToolReply};

use crate::{
    bridge::{Bridge, IN_FLIGHT_KIB},
    catalogue::LiveCatalogue,
    media,
    outcome::{Outcome, RunFacts, SavedFile},
    workspace::{Workspace, WorkspaceError},
};

/// The host of one run.
pub struct Host {
    bridge: Bridge,
}

impl Host {
    /// A host that answers from `gateway` and keeps files in `workspace`.
    pub fn new(gateway: Arc<Gateway>, workspace: Workspace, limits: Limits) -> Self {
        let bridge = Bridge::new(
            RunId::from_random([7; 16]),
            LiveCatalogue::new(gateway),
            workspace,
            Language::TypeScript,
            limits,
            tokio_util::sync::CancellationToken::new(),
            Arc::default(),
        );
        Self { bridge }
    }

    /// Answers a call.
    pub async fn call(&self, name: String, payload: Vec<u8>) -> HostReply {
        HostCalls::call(&self.bridge, Call { name, payload, written: None }).await
    }

    /// Whether no reply holds anything of the host's budget.
    pub fn holds_nothing(&self) -> bool {
        self.bridge.in_flight.replies.available_permits() == IN_FLIGHT_KIB as usize
    }

    /// Tool calls counted, calls that have not ended, and files kept.
    pub fn finish(&self) -> (u32, Vec<String>, Vec<SavedFile>) {
        let (calls, waiting, record) = self.bridge.finish();
        (calls, waiting, record.files)
    }
}

/// What a run's end becomes.
pub fn outcome(
    end: RunEnd,
    source: &str,
    limits: &Limits,
    budget: OutputBudget,
    workspace: &Workspace,
) -> Outcome {
    let facts = RunFacts {
        run_id: RunId::from_random([7; 16]),
        source,
        limits,
        budget,
        workspace,
        tool_calls: 0,
        waiting_for: Vec::new(),
        files: Vec::new(),
    };
    Outcome::of_run(end, facts)
}

/// Keeps what is binary in a reply.
///
/// # Errors
/// Those of the workspace.
pub fn keep_media(reply: &mut ToolReply, workspace: &Workspace) -> Result<Vec<SavedFile>, WorkspaceError> {
    media::keep(reply, workspace, &RunId::from_random([7; 16]), 1)
}
