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

/// Longest message, hint and stack of a failure, in bytes each.
const FAILURE_BYTES: usize = 16 << 10;

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
    /// Whether its types were checked before it ran, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_check: Option<TypeCheck>,
    /// The wall that it ran behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<Wall>,
}

/// What became of a type check of a program that ran. One that the check refuses does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TypeCheck {
    /// Nothing is wrong by its types.
    Passed,
    /// It was not done; the logs say why.
    Unavailable,
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
    /// Its length, in bytes; 0 for one that is gone.
    pub bytes: u64,
    /// `created`, `changed` or `deleted`, for a file that the program itself wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<FileChange>,
}

/// What a program did to a file of its workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileChange {
    /// It was not there before.
    Created,
    /// It was there with another content.
    Changed,
    /// It is gone.
    Deleted,
}

/// What a run used, and how it ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RunUsage {
    /// How it ended, in one word: `finished`, `failed`, the limit that was reached, ..., see
    /// [`Ending::word`]; `refused` if it never began.
    pub exit: String,
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
    /// What went to the program: its text and the replies, in bytes.
    pub bytes_in: u64,
    /// What came from it: arguments, logs and the result, in bytes.
    pub bytes_out: u64,
}

/// What kind of failure a run had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// The text is not a program, imports what does not exist, or has types that
    /// are wrong where a check of them was asked for.
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
    /// The program's own calls that led there, innermost first; for an error of
    /// types, the other errors with their places.
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

    /// The same at a place of the program: line and column, both from 1.
    pub(crate) fn at(self, source: &str, (line, column): (u32, u32)) -> Self {
        Self { line: Some(line), column: Some(column), snippet: snippet(source, line, column), ..self }
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

    pub(crate) fn of_failure(failure: Failure, source: &str) -> Self {
        let kind = match failure.kind {
            FailureKind::Syntax => ErrorKind::Syntax,
            FailureKind::Runtime => ErrorKind::Runtime,
            FailureKind::Tool => ErrorKind::Tool,
            FailureKind::Limit => ErrorKind::Limit,
            FailureKind::Denied => ErrorKind::Denied,
        };
        let mut error = Self::new(kind, shown(&failure.message), &shown(&failure.hint));
        if failure.line > 0 {
            error.line = Some(failure.line);
            error.column = Some(failure.column.max(1));
            error.snippet = snippet(source, failure.line, failure.column.max(1));
        }
        // One frame says no more than the line above it.
        error.stack = failure.stack.contains('\n').then(|| cut(&indented(&shown(&failure.stack))).to_owned());
        error
    }
}

/// A program's text without what would move a reader's screen.
fn shown(text: &str) -> String {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    // What takes the place of one byte is longer than it.
    cut(&cut(text).replace(steers, "\u{fffd}")).to_owned()
}

/// The guest keeps to this by itself, unless the program has taken it over.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(FAILURE_BYTES)).unwrap_or_default()
}

fn indented(stack: &str) -> String {
    stack.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// The line of a program with a mark under the column.
fn snippet(source: &str, line: u32, column: u32) -> Option<String> {
    let text = line_of(source, (line as usize).checked_sub(1)?)?.trim_end();
    let column = column as usize - 1;
    let skipped = column.saturating_sub(SNIPPET_CHARS / 2);
    let shown: String = text.chars().skip(skipped).take(SNIPPET_CHARS).map(printable).collect();
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let mark = " ".repeat((column - skipped).min(shown.chars().count()));
    Some(format!("  {number} | {shown}\n  {margin} | {mark}^"))
}

/// A line by its index, without its end; lines end where JavaScript says.
fn line_of(source: &str, index: usize) -> Option<&str> {
    let bytes = source.as_bytes();
    let is_break = |(at, c): &(usize, char)| match c {
        '\n' | '\u{2028}' | '\u{2029}' => true,
        '\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let mut breaks = source.char_indices().filter(is_break);
    let start = match index.checked_sub(1) {
        Some(before) => breaks.nth(before).map(|(at, c)| at + c.len_utf8())?,
        None => 0,
    };
    let end = breaks.next().map_or(source.len(), |(at, _)| at);
    // Behind the last line's end there is no line.
    source.get(start..end).filter(|_| start < source.len())
}

/// Characters that have no width, or change the order of others, would move the mark.
fn printable(c: char) -> char {
    let invisible =
        matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    if c.is_control() || invisible { ' ' } else { c }
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
            exit: end.ending.word().to_owned(),
            wall_ms: milliseconds(end.usage.wall),
            cpu_ms: milliseconds(end.usage.cpu),
            peak_memory_bytes: end.usage.peak_memory_bytes,
            tool_calls: facts.tool_calls,
            queue_ms: milliseconds(end.usage.queued),
            bytes_in: end.usage.bytes_in,
            bytes_out: end.usage.bytes_out,
        };
        let mut outcome = Self {
            run_id: facts.run_id.clone(),
            result: Value::Null,
            logs: end.logs.text(),
            error: None,
            usage,
            tokens: None,
            files: facts.files.clone(),
            type_check: None,
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
            usage: RunUsage { exit: "refused".into(), ..RunUsage::default() },
            tokens: None,
            files: Vec::new(),
            type_check: None,
            wall: None,
        }
    }

    /// Takes the result in, or keeps it in the workspace if it is too long.
    fn take_result(&mut self, json: &[u8], facts: &RunFacts<'_>) {
        if json.len() > facts.budget.result_bytes {
            return self.keep_result(json, facts);
        }
        match serde_json::from_slice::<Value>(json) {
            // Numbers may be written longer than they were read: `1e15` is `1000000000000000.0`.
            Ok(result) if result.to_string().len() > facts.budget.result_bytes => {
                self.keep_result(json, facts);
            }
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
                self.files.push(SavedFile { path, bytes, change: None });
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
        Ending::TooManyThreads { limit } => new(
            ErrorKind::Limit,
            format!("the program had more than {limit} threads beside its first one"),
            "give pools of threads fewer workers: calls wait for the servers, not for the processor",
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
    fn lines_end_as_in_the_language() {
        let source = "a\rb\r\nc\u{2028}d\n\n";
        let lines: Vec<_> = (0..7).map(|index| line_of(source, index)).collect();
        assert_eq!(lines, [Some("a"), Some("b\r"), Some("c"), Some("d"), Some(""), None, None]);
        assert_eq!(snippet(source, 2, 1).unwrap(), "  2 | b\n    | ^");
        assert_eq!(snippet("\u{feff}\u{202e}x", 1, 3).unwrap(), "  1 |   x\n    |   ^");
        assert_eq!(snippet(source, 0, 1), None);
    }

    fn ended_with(ending: Ending, result_bytes: usize, folder: &std::path::Path) -> Outcome {
        let workspace = Workspace::new(folder.to_owned(), 1 << 20, 10);
        let jail = Jail { layers: terraphim_sandbox::Layers::default(), reduced: String::new() };
        let end = RunEnd {
            ending,
            logs: terraphim_sandbox::Logs::with_budget(100),
            usage: terraphim_sandbox::Usage::default(),
            jail: std::sync::Arc::new(jail),
            written: None,
        };
        let facts = RunFacts {
            run_id: RunId::from_random([7; 16]),
            source: "",
            limits: &Limits::default(),
            budget: OutputBudget { result_bytes, log_bytes: 100 },
            workspace: &workspace,
            tool_calls: 0,
            waiting_for: Vec::new(),
            files: Vec::new(),
        };
        Outcome::of_run(end, facts)
    }

    #[test]
    fn numbers_that_grow_keep_to_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        let json = format!("[{}1]", "1e15,".repeat(100));
        let outcome = ended_with(Ending::Result(json.clone().into_bytes()), 1_000, folder.path());
        assert_eq!(outcome.result["truncated"], true);
        assert_eq!(std::fs::read_to_string(folder.path().join(&outcome.files[0].path)).unwrap(), json);
        let whole = ended_with(Ending::Result(json.into_bytes()), 2_000, folder.path());
        assert_eq!(whole.result[0], 1e15);
    }

    #[test]
    fn a_failure_is_bounded_whatever_its_process_says() {
        let loud = Failure {
            kind: FailureKind::Runtime,
            message: "ä".repeat(100_000),
            hint: "h".repeat(100_000),
            line: 0,
            column: 0,
            stack: "s\n".repeat(50_000),
        };
        let folder = tempfile::tempdir().unwrap();
        let outcome = ended_with(Ending::Failed(loud), 100, folder.path());
        let text = outcome.error.unwrap().render("p.ts");
        assert!(text.len() < 50 << 10, "{}", text.len());
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
