//! What the compiler complained about, in the program's own lines.

use serde::Deserialize;
use terraphim_mcp_codegen::nearest;
use terraphim_sandbox::{Failure, FailureKind};

/// Longest message and hint, in bytes.
const TEXT_BYTES: usize = 2 << 10;

/// Most errors that are told, and how long each but the first is, in bytes.
const MOST_ERRORS: usize = 5;
const OTHER_BYTES: usize = 200;

/// Remarks of the compiler that are taken into the hint.
const MOST_REMARKS: usize = 3;

/// Names of servers that are told where none is like the one that is meant.
const MOST_NAMES: usize = 20;

/// Steps from a macro to where it was called.
const MOST_EXPANSIONS: usize = 64;

/// What the compiler's process came to.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    /// Its exit code, or -1.
    pub(crate) code: i32,
    /// The signal that ended it, or 0.
    signal: i32,
    /// What it wrote: a diagnostic as JSON in each line.
    said: String,
}

#[derive(Debug, Default, Deserialize)]
struct Diagnostic {
    message: String,
    code: Option<Code>,
    level: String,
    #[serde(default)]
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Remark>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    label: Option<String>,
    suggested_replacement: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Expansion {
    span: Span,
}

#[derive(Debug, Deserialize)]
struct Remark {
    message: String,
    level: String,
    #[serde(default)]
    spans: Vec<Span>,
}

impl Said {
    /// Why nothing was made. `source` is the program's, `modules` are the names of the servers.
    pub(crate) fn explain(&self, source: &str, modules: &[&str], memory_bytes: u64) -> Failure {
        let errors: Vec<Diagnostic> = self
            .said
            .lines()
            .filter_map(|line| serde_json::from_str::<Diagnostic>(line).ok())
            .filter(|diagnostic| diagnostic.level.starts_with("error"))
            .collect();
        let errors: Vec<Diagnostic> = errors.into_iter().filter(Diagnostic::is_real).collect();
        let Some((first, others)) = errors.split_first().filter(|_| self.signal == 0) else {
            return self.gave_up(memory_bytes);
        };
        if first.is_full() {
            let message = format!("what is compiled takes more than {} MiB", super::WRITTEN_BYTES >> 20);
            return failure(FailureKind::Limit, message, "load data with a tool or from a file".into());
        }
        let place = first.place();
        let message = with_others(first, others);
        let mut hint = first.about_crates(source, modules).unwrap_or_else(|| first.remarks());
        hint.truncate(hint.floor_char_boundary(TEXT_BYTES));
        Failure {
            line: place.as_ref().map_or(0, |span| span.line_start),
            column: place.as_ref().map_or(0, |span| span.column_start),
            ..failure(FailureKind::Syntax, message, hint)
        }
    }

    /// The compiler ended without an error that it could place.
    fn gave_up(&self, memory_bytes: u64) -> Failure {
        let full = ["memory allocation of ", "out of memory", "Out of memory", "Cannot allocate memory"];
        if full.iter().any(|words| self.said.contains(words)) {
            let message = format!("compiling used more than {} MiB of memory", memory_bytes >> 20);
            let hint = "nest types, macros and constants less, and load data with a tool or from a file";
            return failure(FailureKind::Limit, message, hint.into());
        }
        let deep = ["overflowed its stack", "SIGSEGV", "stack overflow"];
        if deep.iter().any(|words| self.said.contains(words)) || self.signal != 0 {
            let hint = "nest brackets, types and macros less";
            return failure(FailureKind::Syntax, "the program is too much for the compiler", hint.into());
        }
        let last = self.said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
        failure(FailureKind::Syntax, format!("the compiler failed: {last}"), String::new())
    }
}

fn failure(kind: FailureKind, message: impl Into<String>, hint: String) -> Failure {
    let mut message = message.into();
    message.truncate(message.floor_char_boundary(TEXT_BYTES));
    Failure { kind, message, hint, line: 0, column: 0, stack: String::new() }
}

/// The first error whole, and the next ones on a line each, with their places in the program.
fn with_others(first: &Diagnostic, others: &[Diagnostic]) -> String {
    let room = if others.is_empty() { TEXT_BYTES } else { TEXT_BYTES / 2 };
    let mut message = cut(&first.text(), room).to_owned();
    let mut told = vec![first.line()];
    for other in others {
        let line = other.line();
        if told.len() == MOST_ERRORS || told.contains(&line) {
            continue;
        }
        message.push('\n');
        message.push_str(&line);
        told.push(line);
    }
    match others.len() + 1 - told.len() {
        0 => message,
        1 => message + "\n(and 1 more error)",
        more => message + &format!("\n(and {more} more errors)"),
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

impl Diagnostic {
    /// Whether it says more than that there were errors.
    fn is_real(&self) -> bool {
        !self.message.starts_with("aborting due to ")
    }

    /// Its place and its words on one line.
    fn line(&self) -> String {
        let text = self.text();
        let words: Vec<&str> = text.split_whitespace().collect();
        let words = words.join(" ");
        let shown = match cut(&words, OTHER_BYTES) {
            whole if whole.len() == words.len() => words,
            part => format!("{part}…"),
        };
        match self.place() {
            Some(place) => format!("{}:{}:{}: {shown}", super::SOURCE, place.line_start, place.column_start),
            None => shown,
        }
    }

    /// Where it is in the program, also if that is where a macro is called.
    fn place(&self) -> Option<Span> {
        let primary = self.spans.iter().find(|span| span.is_primary)?;
        let mut span = primary;
        for _ in 0..MOST_EXPANSIONS {
            let Some(expansion) = &span.expansion else { break };
            span = &expansion.span;
        }
        (span.file_name == super::SOURCE).then(|| span.clone())
    }

    fn text(&self) -> String {
        if let Some(link) = self.link_error() {
            return link;
        }
        let code = self.code.as_ref().map(|code| format!(" [{}]", code.code)).unwrap_or_default();
        let label = self.spans.iter().find(|span| span.is_primary).and_then(|span| span.label.as_deref());
        let label = label.filter(|label| !self.message.contains(label));
        let label = label.map(|label| format!(": {label}")).unwrap_or_default();
        format!("{}{code}{label}", self.message)
    }

    /// What a linker said, instead of how it was called.
    fn link_error(&self) -> Option<String> {
        if !self.message.starts_with("linking with") {
            return None;
        }
        let lines = self.children.iter().flat_map(|remark| remark.message.lines());
        let said = lines.filter_map(|line| line.split_once("error: ").or(line.split_once("ld: "))).next();
        let ended = self.message.rsplit_once(": ").map_or("the linker does not say why", |(_, ended)| ended);
        Some(format!("linking failed: {}", said.map_or(ended, |(_, words)| words)))
    }

    /// Whether there was no more room to write: a linker writes by way of its memory.
    fn is_full(&self) -> bool {
        // What has a place is about the program's text, which may say anything.
        if !self.spans.is_empty() {
            return false;
        }
        let told = |text: &str| {
            ["SIGBUS", "SIGXFSZ", "No space left", "File too large"].iter().any(|words| text.contains(words))
        };
        told(&self.message)
            || self.children.iter().any(|remark| remark.level == "note" && told(&remark.message))
    }

    /// The compiler's help, or else its notes.
    fn remarks(&self) -> String {
        if self.message.starts_with("linking with") {
            return String::new();
        }
        let of = |level: &str| -> Vec<String> {
            self.children.iter().filter(|remark| remark.level == level).map(Remark::text).collect()
        };
        let mut remarks = of("help");
        if remarks.is_empty() {
            remarks = of("note");
        }
        remarks.truncate(MOST_REMARKS);
        remarks.join("; ")
    }

    /// What to do about a crate or a server that is not there.
    fn about_crates(&self, source: &str, modules: &[&str]) -> Option<String> {
        let code = self.code.as_ref().map(|code| code.code.as_str())?;
        if !matches!(code, "E0432" | "E0433" | "E0463") {
            return None;
        }
        let place = self.place()?;
        let line = source.lines().nth((place.line_start as usize).checked_sub(1)?)?;
        let named = format!("{} {}", self.message, place.label.unwrap_or_default());
        let path = named.split('`').nth(1)?;
        let name = path.rsplit("::").next()?;
        if path.strip_prefix("mcp_servers::").is_some_and(|path| path.contains("::")) {
            // The server is there; what the compiler says of its tools is better.
            return None;
        }
        let after_servers = line.contains("mcp_servers") && name != "mcp_servers";
        if after_servers
            || named.contains("in `mcp_servers`")
            || named.contains("in the crate root of `mcp_servers`")
        {
            let near = nearest(name, modules.iter().copied());
            return Some(if near.is_empty() {
                let known: Vec<_> = modules.iter().copied().take(MOST_NAMES).collect();
                format!("the servers are {}", known.join(", "))
            } else {
                format!("did you mean {}?", near.join(", "))
            });
        }
        let is_crate = ["crate", "module"].iter().any(|word| named.contains(word)) || code == "E0463";
        let of_crates = self.children.iter().any(|remark| remark.message.contains("crate"));
        (is_crate || of_crates).then(|| {
            "a program has the standard library, mcp_servers and mcp_runtime, and no other crates".into()
        })
    }
}

impl Remark {
    fn text(&self) -> String {
        let mut replaced = self.spans.iter().filter_map(|span| span.suggested_replacement.as_deref());
        match replaced.next().map(str::trim).filter(|text| !text.is_empty() && !text.contains('\n')) {
            Some(text) => format!("{}: `{text}`", self.message.trim_end_matches(':')),
            None => self.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(diagnostics: &[serde_json::Value]) -> Said {
        let said = diagnostics.iter().map(|one| format!("{one}\n")).collect();
        Said { code: 1, signal: 0, said }
    }

    fn span(file: &str, line: u32) -> serde_json::Value {
        json!({ "file_name": file, "line_start": line, "column_start": 5, "is_primary": true, "label": "here" })
    }

    #[test]
    fn errors_are_told_with_their_places_and_the_number_of_those_that_are_not() {
        let error = json!({
            "message": "mismatched types", "code": { "code": "E0308" }, "level": "error",
            "spans": [span("program.rs", 3)],
            "children": [{ "message": "try this", "level": "help", "spans": [
                { "file_name": "program.rs", "line_start": 3, "column_start": 5, "is_primary": true,
                  "suggested_replacement": "x.len()" }] }],
        });
        let other = json!({ "message": "unused", "level": "warning" });
        let last = json!({ "message": "aborting due to 2 previous errors", "level": "error" });
        let at = |line| {
            let message = format!("cannot find\n  `x{line}`");
            json!({ "message": message, "level": "error", "spans": [span("program.rs", line)] })
        };
        let far = json!({ "message": "no place", "level": "error" });
        let told = |others: &[serde_json::Value]| {
            let all = [&[other.clone(), error.clone()], others, std::slice::from_ref(&last)].concat();
            said(&all).explain("", &[], 0)
        };
        let one = told(&[]);
        assert_eq!(one.message, "mismatched types [E0308]: here");
        assert_eq!((one.line, one.column), (3, 5));
        assert_eq!(one.hint, "try this: `x.len()`");
        assert_eq!(
            told(&[at(7), far, at(9)]).message,
            "mismatched types [E0308]: here\nprogram.rs:7:5: cannot find `x7`: here\nno place\n\
             program.rs:9:5: cannot find `x9`: here"
        );
        let many: Vec<_> = (10..17).map(at).collect();
        let message = told(&many).message;
        assert_eq!(message.lines().count(), 6, "{message}");
        assert!(
            message.ends_with("program.rs:13:5: cannot find `x13`: here\n(and 3 more errors)"),
            "{message}"
        );
        // The same once more is counted, not told.
        assert_eq!(
            told(std::slice::from_ref(&error)).message,
            "mismatched types [E0308]: here\n(and 1 more error)"
        );
    }

    #[test]
    fn long_errors_leave_each_other_room() {
        let error = |line| json!({ "message": "ä".repeat(9_000), "level": "error", "spans": [span("program.rs", line)] });
        let errors: Vec<_> = (1..20).map(error).collect();
        let message = said(&errors).explain("", &[], 0).message;
        assert!(message.len() <= TEXT_BYTES, "{}", message.len());
        assert!(
            message.contains("\nprogram.rs:5:5: ää") && message.ends_with("(and 14 more errors)"),
            "{message}"
        );
    }

    #[test]
    fn an_error_within_a_macro_is_where_that_is_called() {
        let mut inner = span("/rustc/x/macros.rs", 900);
        inner["expansion"] = json!({ "span": span("program.rs", 7) });
        let error = json!({ "message": "no", "level": "error", "spans": [inner] });
        assert_eq!(said(&[error]).explain("", &[], 0).line, 7);
        let far = json!({ "message": "no", "level": "error", "spans": [span("/rustc/x.rs", 9)] });
        assert_eq!(said(&[far]).explain("", &[], 0).line, 0);
    }

    #[test]
    fn a_missing_crate_or_server_is_told_what_there_is() {
        let error = |message: &str, line| {
            let spans = [span("program.rs", line)];
            json!({ "message": message, "code": { "code": "E0432" }, "level": "error", "spans": spans })
        };
        let source = "use mcp_servers::githb;\nuse serde::Serialize;";
        let hint =
            |message, line| said(&[error(message, line)]).explain(source, &["github", "files"], 0).hint;
        assert_eq!(hint("unresolved import `mcp_servers::githb`", 1), "did you mean github?");
        assert_eq!(hint("unresolved import `mcp_servers::github::ad`", 1), "");
        assert!(hint("cannot find module or crate `serde` in this scope", 2).contains("no other crates"));
    }

    #[test]
    fn whatever_is_said_is_put_into_words() {
        for (code, signal, words, kind) in [
            (-1, 6, "memory allocation of 8 bytes failed", FailureKind::Limit),
            (-1, 11, "", FailureKind::Syntax),
            (101, 0, "thread 'rustc' has overflowed its stack", FailureKind::Syntax),
            (1, 0, "{\"message\":1}\n[]\n\u{0}", FailureKind::Syntax),
            (1, 0, "", FailureKind::Syntax),
        ] {
            let told = Said { code, signal, said: words.into() }.explain("", &[], 1 << 20);
            assert_eq!(told.kind, kind, "{words}");
            assert!(!told.message.is_empty());
        }
        let long = json!({ "message": "ä".repeat(9_000), "level": "error" });
        assert!(said(&[long]).explain("", &[], 0).message.len() <= TEXT_BYTES);
    }
}
