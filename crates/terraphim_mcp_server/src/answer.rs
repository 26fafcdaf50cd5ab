//! A run as an answer to a tool call. A success is complete in its structured
//! content and a failure also in its text, because some clients show only
//! those; neither is longer than the budget of a run's output.

use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::{Value, json};
use terraphim_code_execution::{FileChange, Outcome, RunError, RunUsage, SavedFile, TypeCheck, Wall};
use terraphim_mcp_codegen::bounded;
use terraphim_types::{OutputBudget, RunId};

use crate::runs::{Count, Ended, Run};

/// Longest text of an error's message, in characters; its other parts have half of it.
const MAX_MESSAGE_CHARS: usize = 6_000;

/// Most files that an answer names.
const MAX_FILES: usize = 50;

/// The name of the program in messages.
const PROGRAM: &str = "program.ts";

/// An outcome as it leaves the face.
#[derive(Serialize)]
struct Done<'o> {
    run_id: &'o RunId,
    status: &'static str,
    result: &'o Value,
    logs: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'o RunError>,
    usage: &'o RunUsage,
    files: &'o [SavedFile],
    #[serde(skip_serializing_if = "Option::is_none")]
    more_files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_check: Option<TypeCheck>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wall: Option<&'o Wall>,
}

/// Cuts the parts of an outcome that a program or a tool can make long; gives
/// the number of files that it no longer names.
pub(crate) fn cut(outcome: &mut Outcome) -> usize {
    outcome.error = outcome.error.as_ref().map(within_bounds);
    let more_files = outcome.files.len().saturating_sub(MAX_FILES);
    outcome.files.truncate(MAX_FILES);
    outcome.files.shrink_to_fit();
    more_files
}

/// The answer for an ended run.
pub(crate) fn ended(ended: &Ended) -> CallToolResult {
    let Ended { outcome, more_files, count, .. } = ended;
    let done = Done {
        run_id: &outcome.run_id,
        status: "done",
        result: &outcome.result,
        logs: &outcome.logs,
        error: outcome.error.as_ref(),
        usage: &outcome.usage,
        files: &outcome.files,
        more_files: (*more_files > 0).then_some(*more_files),
        type_check: outcome.type_check,
        wall: outcome.wall.as_ref(),
    };
    let text = match &outcome.error {
        None => within(outcome.result_json(), OutputBudget::default().result_bytes),
        Some(error) => error.render(PROGRAM),
    };
    let files = file_list(&outcome.files, *more_files);
    let text = format!("{text}{}{files}\n{}", logs(outcome), closing_line(outcome, count));
    let blocks = vec![ContentBlock::text(text)];
    let mut answer = match &outcome.error {
        None => CallToolResult::success(blocks),
        Some(_) => CallToolResult::error(blocks),
    };
    answer.structured_content = Some(json!(done));
    answer
}

/// The answer for a run that is still under way.
pub(crate) fn running(run: &Run) -> CallToolResult {
    let elapsed = run.began.elapsed();
    let text = format!(
        "the run is still under way after {} s: call wait with {}",
        elapsed.as_secs(),
        json!({ "run_id": run.id })
    );
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let mut answer = CallToolResult::success(vec![ContentBlock::text(text)]);
    answer.structured_content =
        Some(json!({ "run_id": run.id, "status": "running", "elapsed_ms": elapsed_ms }));
    answer
}

/// The answer for a call that came to nothing.
pub(crate) fn refused(reason: impl Into<String>) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(reason)])
}

fn logs(outcome: &Outcome) -> String {
    let logs = outcome.logs.trim_end();
    if logs.is_empty() { String::new() } else { format!("\nlogs:\n{logs}") }
}

fn file_list(files: &[SavedFile], more: usize) -> String {
    if files.is_empty() {
        return String::new();
    }
    let shown = files.iter().map(|file| match file.change {
        Some(FileChange::Deleted) => format!("{} (deleted)", file.path),
        Some(FileChange::Changed) => format!("{} (changed, {} bytes)", file.path, file.bytes),
        Some(FileChange::Created) | None => format!("{} ({} bytes)", file.path, file.bytes),
    });
    let shown: Vec<_> = shown.collect();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("\nfiles in the workspace: {}{more}", shown.join(", "))
}

/// What the run used and what it cost.
fn closing_line(outcome: &Outcome, count: &Count) -> String {
    let RunUsage { wall_ms, cpu_ms, peak_memory_bytes, tool_calls, .. } = outcome.usage;
    let reduced = outcome.wall.as_ref().and_then(|wall| wall.reduced.as_deref());
    let wall = reduced.map_or_else(String::new, |reason| format!("; the wall is reduced, {reason}"));
    let calls = if tool_calls == 1 { "1 tool call".to_owned() } else { format!("{tool_calls} tool calls") };
    let tokens = match count {
        Count::Line(line) => line.clone(),
        Count::Pending => {
            format!("tokens: the count is pending, wait with run_id {} gives it", outcome.run_id)
        }
        Count::Unavailable => "tokens: the count is not available".to_owned(),
    };
    let peak = peak_memory_bytes as f64 / f64::from(1 << 20);
    format!("usage: {wall_ms:.1} ms, {cpu_ms:.1} ms CPU, {peak:.1} MiB, {calls}; {tokens}{wall}")
}

/// The error with every part cut: a tool's or a program's own words may be megabytes.
fn within_bounds(error: &RunError) -> RunError {
    let part = |text: &Option<String>| {
        text.as_deref().map(|text| bounded::cut(text, MAX_MESSAGE_CHARS / 2).into_owned())
    };
    RunError {
        message: bounded::cut(&error.message, MAX_MESSAGE_CHARS).into_owned(),
        snippet: part(&error.snippet),
        stack: part(&error.stack),
        hint: part(&error.hint),
        ..error.clone()
    }
}

/// The text, cut to so many bytes with a word about it.
pub(crate) fn within(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.push_str("… (cut)");
    }
    text
}

#[cfg(test)]
mod tests {
    use terraphim_code_execution::ErrorKind;

    use super::*;

    #[test]
    fn long_texts_are_cut_at_characters() {
        assert_eq!(within("größe".into(), 4), "grö… (cut)");
        assert_eq!(within("größe".into(), 3), "gr… (cut)");
        assert_eq!(within("größe".into(), 7), "größe");
    }

    #[test]
    fn hostile_errors_are_bounded() {
        let long = || "ü".repeat(1 << 20);
        let error = RunError {
            kind: ErrorKind::Tool,
            message: long(),
            line: Some(1),
            column: Some(1),
            snippet: Some(long()),
            stack: Some(long()),
            hint: Some(long()),
        };
        assert!(within_bounds(&error).render(PROGRAM).chars().count() < 16_000);
    }

    #[test]
    fn files_are_named_with_the_number_of_the_rest() {
        let file = |n: usize| SavedFile { path: format!("data/{n}.json"), bytes: 2, change: None };
        assert_eq!(file_list(&[file(1)], 0), "\nfiles in the workspace: data/1.json (2 bytes)");
        assert!(file_list(&[file(1), file(2)], 7).ends_with("data/2.json (2 bytes) and 7 more"));
        assert_eq!(file_list(&[], 0), "");
    }
}
