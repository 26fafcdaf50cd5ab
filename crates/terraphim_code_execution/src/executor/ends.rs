//! What is done when a program has ended, and why it could not be begun.

use std::{io, os::fd::OwnedFd, sync::Arc};

use terraphim_sandbox::{Ending, LogLevel, RunEnd};
use terraphim_types::SessionName;

use super::SESSION_PATIENCE;
use crate::{
    bridge::Record,
    outcome::{ErrorKind, Outcome, RunError, with_causes},
    workspace::{Workspace, WorkspaceError},
};

/// What is known of an ended run, for whoever watches the host.
pub(super) fn trace(outcome: &Outcome) {
    let usage = &outcome.usage;
    tracing::info!(
        exit = usage.exit,
        wall_ms = usage.wall_ms,
        cpu_ms = usage.cpu_ms,
        queue_ms = usage.queue_ms,
        peak_memory_bytes = usage.peak_memory_bytes,
        tool_calls = usage.tool_calls,
        bytes_in = usage.bytes_in,
        bytes_out = usage.bytes_out,
        files = outcome.files.len(),
        error = outcome.error.as_ref().map(|error| error.message.as_str()),
        "ended"
    );
}

/// Adds what was seen of the program before it ran, unless its error says so itself.
pub(super) fn advise(end: &mut RunEnd, record: &mut Record) {
    let failed_at = match &end.ending {
        Ending::Failed(failure) => failure.line,
        _ => 0,
    };
    for (line, text) in std::mem::take(&mut record.advice).into_iter().filter(|(line, _)| *line != failed_at)
    {
        end.logs.push(LogLevel::Warn, &format!("line {line}: {text}"));
    }
    for warning in std::mem::take(&mut record.checks.warnings) {
        end.logs.push(LogLevel::Warn, &warning);
    }
}

/// Takes what a run wrote into its workspace.
pub(super) async fn keep(
    workspace: &Workspace,
    written: Arc<OwnedFd>,
    end: &mut RunEnd,
    record: &mut Record,
) -> Result<(), WorkspaceError> {
    let workspace = workspace.clone();
    let folder = workspace.folder().to_owned();
    let merged = tokio::task::spawn_blocking(move || workspace.merge(&written)).await;
    let broken = |error| WorkspaceError::Io { action: "merge", folder, source: io::Error::other(error) };
    let diff = merged.map_err(broken)??;
    for warning in diff.warnings() {
        end.logs.push(LogLevel::Warn, &format!("not kept in the workspace: {warning}"));
    }
    record.files.extend(diff.changed);
    Ok(())
}

/// Makes the workspace what a checkpoint says, now that the program has ended.
pub(super) async fn restore(
    workspace: &Workspace,
    name: String,
    record: &mut Record,
) -> Result<(), WorkspaceError> {
    let workspace = workspace.clone();
    let folder = workspace.folder().to_owned();
    let restored = tokio::task::spawn_blocking(move || workspace.restore(&name)).await;
    let broken = |error| WorkspaceError::Io { action: "restore", folder, source: io::Error::other(error) };
    let changed = restored.map_err(broken)??;
    record.files.retain(|file| changed.iter().all(|changed| changed.path != file.path));
    record.files.extend(changed);
    Ok(())
}

pub(super) fn busy_error(name: &SessionName) -> RunError {
    let message = format!(
        "the session `{}` has been running other programs for {} s",
        name.as_str(),
        SESSION_PATIENCE.as_secs()
    );
    RunError::new(ErrorKind::Limit, message, "wait for them to end, or use another session")
}

pub(super) fn gone_error(name: &SessionName, why: &str) -> RunError {
    let message = format!(
        "the variables of the session `{}` are gone because {why}; its files are there",
        name.as_str()
    );
    RunError::new(
        ErrorKind::Sandbox,
        message,
        "nothing was run: run the program again to begin the session anew",
    )
}

pub(super) fn unkept_error(error: &WorkspaceError) -> RunError {
    let message = format!("what the program wrote could not be kept: {}", with_causes(error));
    RunError::new(ErrorKind::Limit, message, "write less, or remove files that are no longer needed")
}
