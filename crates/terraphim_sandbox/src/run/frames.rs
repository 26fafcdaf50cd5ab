//! What a run is begun with, as the guest reads it, and what it may answer.

use terraphim_sandbox_protocol::{self as protocol, Budget, HostFrame, Prepare, Start, Syntax};
use terraphim_types::{Language, Limits};

use super::{Program, Stage};

/// Longest piece of log in one frame, in bytes.
const LOG_FRAME_BYTES: usize = 128 << 10;

pub(crate) fn budget(limits: &Limits) -> Budget {
    Budget {
        start: 0,
        reply: 0,
        call: limits.arguments_bytes.saturating_add(4096),
        log: LOG_FRAME_BYTES,
        done: limits.result_bytes,
        failed: 256 << 10,
    }
}

pub(super) fn prepare_frame(program: &Program, limits: &Limits) -> Vec<u8> {
    HostFrame::encode_prepare(&Prepare {
        lower: program.folder.clone(),
        bytes: limits.workspace_bytes,
        files: limits.workspace_files,
    })
}

pub(super) fn stage_frame(stage: &Stage) -> Vec<u8> {
    let (shown, arguments) = match stage {
        Stage::Compile { folder, arguments } => (folder.clone(), arguments.clone()),
        Stage::Execute { program } => (program.clone(), Vec::new()),
    };
    HostFrame::encode_stage(&protocol::Stage { shown, arguments })
}

pub(super) fn start_frame(program: &Program, limits: &Limits, keeps: bool) -> Vec<u8> {
    HostFrame::encode_start(&Start {
        syntax: match program.language {
            Language::TypeScript => Syntax::TypeScript,
            Language::JavaScript => Syntax::JavaScript,
            Language::Python => Syntax::Python,
            Language::Bash => Syntax::Bash,
            Language::Rust => match &program.stage {
                Some(Stage::Compile { .. }) => Syntax::RustBuild,
                _ => Syntax::Rust,
            },
            Language::Node => Syntax::Node,
        },
        wall_ms: u64::try_from(limits.wall.as_millis()).unwrap_or(u64::MAX),
        heap_bytes: limits.memory_bytes,
        result_bytes: limits.result_bytes as u64,
        arguments_bytes: limits.arguments_bytes as u64,
        tool_calls: limits.tool_calls,
        keeps,
        source: program.source.clone(),
    })
}
