//! One hostile program with what is expected of it.
//!
//! A file of `tests/hostile` begins with lines `//! name: value`, in Python and Bash `## name: value`:
//!
//! | name | value |
//! | --- | --- |
//! | `verdict` | `result`, or the kind of the error |
//! | `message` | a part of the error's message; may be repeated |
//! | `says` | a part of its hint; may be repeated |
//! | `at` | `line:column` of the error, `line` alone, or `nowhere` |
//! | `result` | the result as JSON; for long ones `truncated` |
//! | `logs` | a part of the logs; may be repeated |
//! | `timeout` | limit in milliseconds, 10 seconds without it |
//! | `memory` | limit in MiB |
//! | `next` | a program of one line in the same language, run next in the same workspace; `; ` ends a line, but in Rust |
//! | `finds` | the result of that program, as JSON |
//! | `only` | the one architecture that its machine code is for |
//!
//! Anywhere in it, `«U+2028»` stands for that character and `«text×1000»` for
//! that many copies of the text. `«machine»` stands for the functions of
//! `machine.sh`, by which a Bash program makes programs of machine code, and `«connection»`
//! for those of `connection.rs`, by which a Rust program talks to the host without its library.

use std::{fs, path::Path};

use serde_json::Value;

/// How much later than its limit a verdict may come, in milliseconds, on a machine that has
/// other work, too; how much later it does come is what a bench measures.
const GRACE_MS: f64 = 1_000.0;

const DEFAULT_TIMEOUT_MS: u64 = 10_000;

/// Makes executable files out of system calls.
const MACHINE: &str = include_str!("machine.sh");

/// Takes connections to the host.
const CONNECTION: &str = include_str!("connection.rs");

/// A program and its verdict.
pub(crate) struct Case {
    /// The name of its file.
    pub(crate) name: String,
    /// The text that is run.
    pub(crate) source: String,
    pub(crate) timeout_ms: u64,
    pub(crate) memory_mb: u64,
    next: Option<String>,
    finds: Option<Value>,
    only: Option<String>,
    expected: Expected,
}

#[derive(Default)]
struct Expected {
    verdict: String,
    messages: Vec<String>,
    says: Vec<String>,
    at: Option<String>,
    result: Option<String>,
    logs: Vec<String>,
}

/// Every case, in the order of their names.
pub(crate) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let entries = fs::read_dir(folder).expect("the folder of programs").flatten();
    let mut cases: Vec<_> = entries.map(|entry| Case::read(&entry.path())).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl Case {
    fn read(path: &Path) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut case = Self {
            source: expanded(&text),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            memory_mb: 256,
            next: None,
            finds: None,
            only: None,
            expected: Expected::default(),
            name,
        };
        let mark = if ["python", "bash"].contains(&case.language()) { "## " } else { "//! " };
        for line in text.trim_start_matches("«U+FEFF»").lines() {
            let Some(directive) = line.strip_prefix(mark) else { break };
            let (key, value) = directive.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", case.name));
            case.directive(key, value);
        }
        assert!(!case.expected.verdict.is_empty(), "{} has no verdict", case.name);
        assert_eq!(
            case.next.is_some(),
            case.finds.is_some(),
            "{}: what does the next program find?",
            case.name
        );
        case
    }

    fn directive(&mut self, key: &str, value: &str) {
        let is_rust = self.language() == "rust";
        let expected = &mut self.expected;
        let number = || value.parse().unwrap_or_else(|_| panic!("{key}: {value}"));
        match key {
            "verdict" => value.clone_into(&mut expected.verdict),
            "message" => expected.messages.push(value.to_owned()),
            "says" => expected.says.push(value.to_owned()),
            "at" => expected.at = Some(value.to_owned()),
            "result" => expected.result = Some(value.to_owned()),
            "logs" => expected.logs.push(value.to_owned()),
            "timeout" => self.timeout_ms = number(),
            "memory" => self.memory_mb = number(),
            "next" if is_rust => self.next = Some(value.to_owned()),
            "next" => self.next = Some(value.replace("; ", "\n")),
            "only" => self.only = Some(value.to_owned()),
            "finds" => self.finds = Some(serde_json::from_str(value).expect("what it finds")),
            _ => panic!("{}: there is no directive `{key}`", self.name),
        }
    }

    /// The language that its name says.
    pub(crate) fn language(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("py") => "python",
            Some("sh") => "bash",
            Some("js") => "javascript",
            Some("rs") => "rust",
            _ => "typescript",
        }
    }

    /// Whether it is for this machine's architecture.
    pub(crate) fn is_for_this_machine(&self) -> bool {
        self.only.as_deref().is_none_or(|only| only == std::env::consts::ARCH)
    }

    /// The program that is run next, with what it must give.
    pub(crate) fn next(&self) -> Option<(&str, &Value)> {
        self.next.as_deref().zip(self.finds.as_ref())
    }

    pub(crate) fn is_limit(&self) -> bool {
        self.expected.verdict == "limit"
    }

    /// The exit code that the command line gives for the verdict.
    pub(crate) fn exit_code(&self) -> i32 {
        match self.expected.verdict.as_str() {
            "result" => 0,
            "limit" => 3,
            "sandbox" => 4,
            _ => 1,
        }
    }

    /// Panics unless the outcome is the expected one, whenever it came.
    pub(crate) fn check(&self, outcome: &Value) {
        let Expected { verdict, messages, says, at, result, logs } = &self.expected;
        let name = &self.name;
        let shown = first(&outcome.to_string());
        let error = &outcome["error"];
        assert_eq!(error["kind"].as_str().unwrap_or("result"), verdict, "{name}: {shown}");
        for part in messages {
            assert!(text(&error["message"]).contains(part), "{name}: no `{part}` in the message: {shown}");
        }
        let moves = |c: char| c.is_control() && !c.is_whitespace();
        assert!(!text(&error["message"]).contains(moves), "{name}: the message moves the screen: {shown}");
        for part in says {
            assert!(text(&error["hint"]).contains(part), "{name}: no `{part}` in the hint: {shown}");
        }
        for part in logs {
            assert!(text(&outcome["logs"]).contains(part), "{name}: no `{part}` in the logs: {shown}");
        }
        // A process that forges frames is told what it broke, not what to change.
        if verdict == "limit" || verdict == "sandbox" && self.language() != "python" {
            assert!(!text(&error["hint"]).is_empty(), "{name}: nothing says what to change: {shown}");
        }
        if let Some(at) = at {
            let line = error["line"].as_u64();
            let place = match line.zip(error["column"].as_u64()) {
                Some((line, _)) if !at.contains(':') => line.to_string(),
                Some((line, column)) => format!("{line}:{column}"),
                None => "nowhere".to_owned(),
            };
            assert_eq!(&place, at, "{name}: {shown}");
        }
        match result.as_deref() {
            Some("truncated") => assert_eq!(outcome["result"]["truncated"], true, "{name}: {shown}"),
            Some(json) => {
                let expected: Value = serde_json::from_str(json).expect("the expected result");
                assert_eq!(outcome["result"], expected, "{name}: {shown}");
            }
            None => assert!(verdict != "result", "{name} says nothing of its result"),
        }
    }

    /// Panics unless that is what the command line shows of the expected outcome.
    pub(crate) fn check_shown(&self, out: &str, err: &str) {
        let Expected { messages, says, at, result, logs, .. } = &self.expected;
        let name = &self.name;
        let place = match at.as_deref() {
            None => String::new(),
            Some("nowhere") => format!("{name}: "),
            Some(at) => format!("{name}:{at}:"),
        };
        for part in messages.iter().chain(says).chain(logs).chain([&place]) {
            assert!(err.contains(part), "{name}: no `{part}` in {}", first(err));
        }
        if !says.is_empty() {
            assert!(err.contains("\nhint: "), "{name}: {}", first(err));
        }
        let shown = serde_json::from_str::<Value>(out);
        match result.as_deref() {
            Some("truncated") => assert_eq!(shown.expect("a result")["truncated"], true, "{name}"),
            Some(json) => {
                let expected: Value = serde_json::from_str(json).expect("the expected result");
                assert_eq!(shown.expect("a result"), expected, "{name}: {}", first(err));
            }
            None => assert_eq!(out, "", "{name}: a failure has no result"),
        }
    }

    /// Whether the verdict came later than it may.
    pub(crate) fn is_late(&self, outcome: &Value) -> bool {
        let wall = outcome["usage"]["wall_ms"].as_f64().expect("a time");
        wall > self.timeout_ms as f64 + GRACE_MS
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn first(text: &str) -> String {
    text.chars().take(2_000).collect()
}

/// The text with its placeholders replaced.
fn expanded(text: &str) -> String {
    let mut parts = text.split('«');
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (placeholder, rest) = part.split_once('»').expect("the end of a placeholder");
        match placeholder.split_once('×') {
            _ if placeholder == "machine" => expanded.push_str(MACHINE.trim_end()),
            _ if placeholder == "connection" => expanded.push_str(CONNECTION.trim_end()),
            Some((text, count)) => expanded.push_str(&text.repeat(count.parse().expect("a count"))),
            None => {
                let code = placeholder.strip_prefix("U+").and_then(|hex| u32::from_str_radix(hex, 16).ok());
                expanded.push(code.and_then(char::from_u32).expect("a character"));
            }
        }
        expanded.push_str(rest);
    }
    expanded
}

#[test]
fn placeholders_are_replaced() {
    assert_eq!(expanded("a«U+2028»b«()×3»«U+D»"), "a\u{2028}b()()()\r");
}
