//! What of a run reaches whoever asked for it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use terraphim_sandbox::{Ending, Failure, FailureKind, Jail, RunEnd, SandboxError};
use terraphim_types::{Limits, OutputBudget, RunId};

use crate::{
    tokens::TokenReport,
    workspace::{Shelf, Workspace},
};

/// How much of a long result is shown, in bytes.
const PREVIEW_BYTES: usize = 2 << 10;

/// Longest line of a program that is shown with an error, in characters.
const SNIPPET_CHARS: usize = 160;

/// Everything about a run that leaves the host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// Names the run.
    pub run_id: RunId,
    /// The result; null for a program without one and for a failed one.
    pub result: Value,
    /// What the program logged, head and tail.
    pub logs: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// What it used.
    pub usage: RunUsage,
    /// What it cost in tokens, where that was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenReport>,
    /// Files that it left in its workspace.
    pub files: Vec<SavedFile>,
    /// The wall that it ran behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<Wall>,
}

/// Which wall a run had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wall {
    /// `process`.
    pub name: String,
    /// The layers that this machine does not offer, with the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduced: Option<String>,
}

impl Wall {
    /// The process wall with the layers of `jail`.
    pub fn process(jail: &Jail) -> Self {
        let missing = jail.missing();
        let reduced =
            (!missing.is_empty()).then(|| format!("without {}: {}", missing.join(", "), jail.reduced));
        Self { name: "process".into(), reduced }
    }
}

/// A file in the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Relative to the workspace.
    pub path: String,
    /// Its length, in bytes.
    pub bytes: u64,
}

/// What a run used.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct RunUsage {
    /// From the program's dispatch to its last word, in milliseconds.
    pub wall_ms: f64,
    /// User and system time, in milliseconds.
    pub cpu_ms: f64,
    /// Largest resident size, in bytes.
    pub peak_memory_bytes: u64,
    /// Tool calls that it made.
    pub tool_calls: u32,
    /// How long it waited for a place, in milliseconds.
    pub queue_ms: f64,
}

/// What kind of failure a run had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// The text is not a program, or imports what does not exist.
    Syntax,
    /// The program threw.
    Runtime,
    /// A tool call failed and the program did not catch it.
    Tool,
    /// A limit was reached.
    Limit,
    /// A call was not permitted and the program did not catch it.
    Denied,
    /// The sandbox failed, or the program attacked it.
    Sandbox,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// The kind.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
    /// Line in the program, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The line with a mark under the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
    /// The program's own calls that led there, innermost first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// What to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl RunError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, hint: &str) -> Self {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        Self { kind, message: message.into(), line: None, column: None, snippet: None, stack: None, hint }
    }

    /// The error for a reader: place, message, line and hint. `file` names the program.
    pub fn render(&self, file: &str) -> String {
        let mut text = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}: {}", self.message),
            _ => format!("{file}: {}", self.message),
        };
        for part in [self.snippet.as_deref(), self.stack.as_deref()].into_iter().flatten() {
            text.push('\n');
            text.push_str(part);
        }
        if let Some(hint) = &self.hint {
            text.push_str("\nhint: ");
            text.push_str(hint);
        }
        text
    }

    fn of_failure(failure: Failure, source: &str) -> Self {
        let kind = match failure.kind {
            FailureKind::Syntax => ErrorKind::Syntax,
            FailureKind::Runtime => ErrorKind::Runtime,
            FailureKind::Tool => ErrorKind::Tool,
            FailureKind::Limit => ErrorKind::Limit,
            FailureKind::Denied => ErrorKind::Denied,
        };
        let mut error = Self::new(kind, failure.message, &failure.hint);
        if failure.line > 0 {
            error.line = Some(failure.line);
            error.column = Some(failure.column.max(1));
            error.snippet = snippet(source, failure.line, failure.column.max(1));
        }
        // One frame says no more than the line above it.
        error.stack = failure.stack.contains('\n').then(|| indented(&failure.stack));
        error
    }
}

fn indented(stack: &str) -> String {
    stack.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// The line of a program with a mark under the column.
fn snippet(source: &str, line: u32, column: u32) -> Option<String> {
    let text = source.lines().nth(line as usize - 1)?.trim_end();
    let column = column as usize - 1;
    let skipped = column.saturating_sub(SNIPPET_CHARS / 2);
    let shown: String = text.chars().skip(skipped).take(SNIPPET_CHARS).map(printable).collect();
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let mark = " ".repeat((column - skipped).min(shown.chars().count()));
    Some(format!("  {number} | {shown}\n  {margin} | {mark}^"))
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// What is known besides how the run ended.
pub(crate) struct RunFacts<'r> {
    pub(crate) run_id: RunId,
    pub(crate) source: &'r str,
    pub(crate) limits: &'r Limits,
    pub(crate) budget: OutputBudget,
    pub(crate) workspace: &'r Workspace,
    pub(crate) tool_calls: u32,
    /// Calls that had not ended, as texts.
    pub(crate) waiting_for: Vec<String>,
    pub(crate) files: Vec<SavedFile>,
}

impl Outcome {
    /// The outcome of a run that came to its end in the sandbox.
    pub(crate) fn of_run(end: RunEnd, facts: RunFacts<'_>) -> Self {
        let milliseconds = |time: std::time::Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
        let usage = RunUsage {
            wall_ms: milliseconds(end.usage.wall),
            cpu_ms: milliseconds(end.usage.cpu),
            peak_memory_bytes: end.usage.peak_memory_bytes,
            tool_calls: facts.tool_calls,
            queue_ms: milliseconds(end.usage.queued),
        };
        let mut outcome = Self {
            run_id: facts.run_id.clone(),
            result: Value::Null,
            logs: end.logs.text(),
            error: None,
            usage,
            tokens: None,
            files: facts.files.clone(),
            wall: Some(Wall::process(&end.jail)),
        };
        match end.ending {
            Ending::Result(json) => outcome.take_result(&json, &facts),
            other => outcome.error = Some(explain(other, &facts)),
        }
        outcome
    }

    /// The outcome of a run that never reached a guest.
    pub(crate) fn refused(run_id: RunId, error: RunError) -> Self {
        Self {
            run_id,
            result: Value::Null,
            logs: String::new(),
            error: Some(error),
            usage: RunUsage::default(),
            tokens: None,
            files: Vec::new(),
            wall: None,
        }
    }

    /// Takes the result in, or keeps it in the workspace if it is too long.
    fn take_result(&mut self, json: &[u8], facts: &RunFacts<'_>) {
        if json.len() > facts.budget.result_bytes {
            return self.keep_result(json, facts);
        }
        match serde_json::from_slice(json) {
            Ok(result) => self.result = result,
            Err(error) => {
                let message = format!("the result is not JSON that can be read: {error}");
                self.error =
                    Some(RunError::new(ErrorKind::Runtime, message, "return plain data, nested less deeply"));
            }
        }
    }

    fn keep_result(&mut self, json: &[u8], facts: &RunFacts<'_>) {
        let text = String::from_utf8_lossy(json.get(..PREVIEW_BYTES + 4).unwrap_or(json));
        let preview = text.get(..text.floor_char_boundary(PREVIEW_BYTES)).unwrap_or_default();
        match facts.workspace.write(Shelf::Results, &format!("{}.json", facts.run_id), json) {
            Ok(path) => {
                let bytes = json.len() as u64;
                self.result = json!({
                    "truncated": true,
                    "bytes": bytes,
                    "path": path,
                    "preview": preview,
                    "note": format!(
                        "the result is longer than {} bytes; it is kept whole in the workspace: return less, or read it there",
                        facts.budget.result_bytes
                    ),
                });
                self.files.push(SavedFile { path, bytes });
            }
            Err(error) => {
                let message = format!(
                    "the result has {} bytes, more than the {} that go to the model, and could not be kept: {}",
                    json.len(),
                    facts.budget.result_bytes,
                    with_causes(&error)
                );
                self.error = Some(RunError::new(ErrorKind::Limit, message, "return a summary"));
            }
        }
    }

    /// The JSON text of the result.
    pub fn result_json(&self) -> String {
        self.result.to_string()
    }
}

/// An error with everything that caused it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// A sandbox that failed before the program ran.
pub(crate) fn sandbox_error(error: &SandboxError) -> RunError {
    let kind = if matches!(error, SandboxError::Full { .. }) { ErrorKind::Limit } else { ErrorKind::Sandbox };
    RunError::new(kind, with_causes(error), "")
}

fn waiting(calls: &[String]) -> String {
    if calls.is_empty() { String::new() } else { format!(" while it waited for {}", calls.join(", ")) }
}

fn explain(ending: Ending, facts: &RunFacts<'_>) -> RunError {
    let limits = facts.limits;
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    let new = |kind, message: String, hint| RunError::new(kind, message, hint);
    match ending {
        Ending::Failed(failure) => RunError::of_failure(failure, facts.source),
        Ending::Deadline => new(
            ErrorKind::Limit,
            format!(
                "the program ran longer than its limit of {} s and was ended{}",
                seconds(limits.wall),
                waiting(&facts.waiting_for)
            ),
            "look for a loop or a tool call that does not end, do less in one run, or ask for a longer time",
        ),
        Ending::Cpu => new(
            ErrorKind::Limit,
            format!("the program used more than its {} s of CPU time", seconds(limits.cpu)),
            "do less work in one run",
        ),
        Ending::Memory => new(
            ErrorKind::Limit,
            format!("the program used more than its {} MiB of memory", limits.memory_bytes >> 20),
            "work on less data at a time, or ask for more memory",
        ),
        Ending::TooManyCalls { limit } => new(
            ErrorKind::Limit,
            format!("the program made more than {limit} calls to the host"),
            "await calls in groups, and ask for more in each",
        ),
        Ending::TooMuchWaiting { limit } => new(
            ErrorKind::Limit,
            format!("the program had more than {} MiB of arguments waiting for their turn", limit >> 20),
            "await calls in groups",
        ),
        Ending::Crashed { started: false, .. } => new(
            ErrorKind::Syntax,
            "the program is nested too deeply, or too large, to be understood".into(),
            "nest brackets and expressions less, and load data with a tool instead of writing it into the program",
        ),
        Ending::Crashed { started: true, signal } => new(
            ErrorKind::Sandbox,
            format!("the program's process crashed (signal {signal})"),
            "recurse less deeply; if it happens again, report it with the program",
        ),
        Ending::Forbidden => new(
            ErrorKind::Sandbox,
            "the program's process made a system call that is not permitted and was ended".into(),
            "",
        ),
        Ending::Protocol(error) => {
            let why = error.map(|error| format!(": {error}")).unwrap_or_default();
            new(
                ErrorKind::Sandbox,
                format!("the program's process broke the protocol with its host{why}"),
                "",
            )
        }
        Ending::Cancelled => new(ErrorKind::Limit, "the run was cancelled".into(), ""),
        _ => new(ErrorKind::Sandbox, "the program's process was lost".into(), "run it again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_point_at_the_column() {
        let source = "one\n\ttwo three\n";
        assert_eq!(snippet(source, 2, 6).unwrap(), "  2 |  two three\n    |      ^");
        assert_eq!(snippet(source, 9, 1), None);
        let long = format!("{}X{}", "a".repeat(1000), "b".repeat(1000));
        let shown = snippet(&long, 1, 1001).unwrap();
        let (line, mark) = shown.split_once('\n').unwrap();
        assert_eq!(line.find('X'), mark.find('^'));
    }

    #[test]
    fn errors_render_place_line_and_hint() {
        let failure = Failure {
            kind: FailureKind::Syntax,
            message: "unexpected token".into(),
            hint: "write less".into(),
            line: 1,
            column: 2,
            stack: String::new(),
        };
        let error = RunError::of_failure(failure, "a b");
        assert_eq!(error.render("p.ts"), "p.ts:1:2: unexpected token\n  1 | a b\n    |  ^\nhint: write less");
    }
}
