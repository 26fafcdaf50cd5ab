//! How a program ended, in words that help.

use terraphim_sandbox_protocol::{Failure, FailureKind};

use super::{output::Errors, place::Place, supervisor::Kind, told::AllTold};

/// What bash calls the program in its complaints.
pub(super) const NAME: &str = "program.sh";

/// Longest text of a failure, in bytes.
const TEXT_BYTES: usize = 4 << 10;

/// Commands that are as near to an unknown one as this are suggested.
const NEAREST: usize = 3;

/// What to change about a program that is too much for its compiler.
const SIMPLER: &str = "nest types, macros and constants less, and load data with a tool or from a file";

/// A failure without a place.
pub(super) fn failure(kind: FailureKind, message: impl Into<String>, hint: &str) -> Failure {
    let mut message = message.into();
    message.truncate(message.floor_char_boundary(TEXT_BYTES));
    Failure { kind, message, hint: hint.to_owned(), line: 0, column: 0, stack: String::new() }
}

/// The program is not one; `errors` is what the shell said when it only read it.
pub(super) fn syntax(errors: &Errors) -> Failure {
    let said: Vec<(u32, &str)> = errors.last().filter_map(place).collect();
    let (line, words) = said.first().copied().unwrap_or((0, "the program cannot be read"));
    let words = words.replace('`', "'");
    let hint = if words.contains("end of file") || words.contains("unexpected EOF") {
        "something that was opened is not closed: a quote, a bracket, `if`, `do`, `case` or a here-document"
    } else {
        ""
    };
    Failure { line, column: u32::from(line > 0), ..failure(FailureKind::Syntax, words, hint) }
}

/// Reads `program.sh: line N: words`, with or without `-c:` before the line.
fn place(line: &str) -> Option<(u32, &str)> {
    let rest = line.strip_prefix(NAME)?.strip_prefix(": ")?;
    let rest = rest.strip_prefix("-c: ").unwrap_or(rest);
    let (number, words) = rest.strip_prefix("line ")?.split_once(": ")?;
    Some((number.parse().ok()?, words))
}

/// What a program was allowed.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    /// Who is allowed it.
    pub(super) kind: Kind,
    pub(super) wall_ms: u64,
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
    pub(super) result_bytes: u64,
}

impl Allowed {
    /// The wall-clock limit has passed while this command ran.
    pub(super) fn too_long(&self, running: Option<&str>) -> Failure {
        // Not as a duration's fraction, which has the digits of its rounding.
        let seconds = self.wall_ms as f64 / 1_000.0;
        let running = running.map(|command| format!("; at last it ran: {command}")).unwrap_or_default();
        if self.kind == Kind::Compiler {
            let message = format!("compiling took longer than the {seconds} s that the run has");
            return failure(FailureKind::Limit, message, SIMPLER);
        }
        // What compiling took has been taken off.
        let without = if self.kind == Kind::Compiled { " without compiling" } else { "" };
        failure(
            FailureKind::Limit,
            format!("the program ran longer than its limit of {seconds} s{without}{running}"),
            "look for a loop that does not end, do less in one run, or ask for a longer time",
        )
    }

    pub(super) fn too_much_cpu(&self) -> Failure {
        if self.kind == Kind::Compiler {
            let message = format!("compiling used more than {} s of CPU time", self.cpu_seconds);
            return failure(FailureKind::Limit, message, SIMPLER);
        }
        failure(
            FailureKind::Limit,
            format!("the program used more than its {} s of CPU time", self.cpu_seconds),
            "do less in one run, or ask for a longer time",
        )
    }

    /// With the process that had the most and how much that was, in bytes, where it is known.
    pub(super) fn too_much_memory(&self, most: Option<(&str, u64)>) -> Failure {
        let mib = self.memory_bytes >> 20;
        let most =
            most.map(|(name, bytes)| format!(", `{name}` alone {} MiB", bytes >> 20)).unwrap_or_default();
        if self.kind == Kind::Compiler {
            let message = format!("compiling used more than {mib} MiB of memory{most}");
            return failure(FailureKind::Limit, message, SIMPLER);
        }
        failure(
            FailureKind::Limit,
            format!("the program used more than its {mib} MiB of memory{most}"),
            "work on less data at a time, or ask for more memory",
        )
    }

    pub(super) fn result_too_long(&self) -> Failure {
        failure(
            FailureKind::Limit,
            format!("the result has more than {} bytes, its limit", self.result_bytes),
            "print a summary, and keep the data in a file of the workspace",
        )
    }

    /// The shell ended by itself, with this status as `wait4` gives it.
    pub(super) fn of_status(
        &self,
        status: i32,
        errors: &Errors,
        told: &AllTold,
        ended: &Place,
        known: impl FnOnce() -> Vec<String>,
    ) -> Failure {
        let last = errors.last().next_back().unwrap_or_default();
        let signal = if libc::WIFSIGNALED(status) {
            Some(libc::WTERMSIG(status))
        } else {
            // The shell gives the signal of a command that way.
            Some(libc::WEXITSTATUS(status) - 128).filter(|signal| (1..=31).contains(signal))
        };
        if signal == Some(libc::SIGXCPU) {
            return self.too_much_cpu();
        }
        if MEMORY_IS_FULL.iter().any(|words| last.contains(words)) {
            return self.too_much_memory(None);
        }
        let at = |line: u32, failure: Failure| Failure { line, column: u32::from(line > 0), ..failure };
        if signal.is_none()
            && let Some(failure) = of_a_call(errors, told, ended)
        {
            return at(ended.line, failure);
        }
        let code = libc::WEXITSTATUS(status);
        let how = match signal {
            Some(signal) if libc::WIFSIGNALED(status) => format!("ended by {}", signal_name(signal)),
            Some(signal) => format!("exit code {code} ({})", signal_name(signal)),
            None => format!("exit code {code}"),
        };
        let (line, of, words) = match place(last) {
            Some((line, words)) => (line, String::new(), words),
            None if ended.command.is_empty() => (ended.line, String::new(), last),
            None => (ended.line, format!(" of `{}`", ended.command), last),
        };
        let words = words.trim();
        let message = if words.is_empty() { format!("{how}{of}") } else { format!("{how}{of}: {words}") };
        let hint = hint(words, known);
        at(line, failure(FailureKind::Runtime, message, &hint))
    }
}

/// What commands say when they get no more memory.
const MEMORY_IS_FULL: [&str; 5] =
    ["cannot allocate", "Cannot allocate memory", "memory exhausted", "out of memory", "Out of memory"];

/// The failure of the call by which a program ended, if it did by one.
fn of_a_call(errors: &Errors, told: &AllTold, ended: &Place) -> Option<Failure> {
    let Some((words, hint)) = last_words(errors.last()) else {
        // What it said went elsewhere.
        let is_call = ended.command.starts_with("mcp ") || ended.command.contains("$(mcp call");
        let told = told.newest().filter(|_| is_call && errors.last().next_back().is_none())?;
        return Some(failure(told.kind, told.message.clone(), &told.hint));
    };
    Some(of_words(words, &hint, told))
}

/// The failure of a call that a program has told as its last words.
fn of_words(words: String, hint: &str, told: &AllTold) -> Failure {
    // The host's own words have their lines; of what was printed empty ones are not kept.
    match told.with_words(&words) {
        Some(told) if told.message.len() >= words.len() => failure(told.kind, told.message.clone(), hint),
        Some(told) => failure(told.kind, words, hint),
        None => failure(FailureKind::Tool, words, hint),
    }
}

/// The failure of the call that a compiled program's last words are about.
pub(super) fn of_last_words<'l>(
    lines: impl DoubleEndedIterator<Item = &'l str>,
    told: &AllTold,
) -> Option<Failure> {
    last_words(lines).map(|(words, hint)| of_words(words, &hint, told))
}

/// What `mcp` said, if it was the last to say something: the message and the hint.
fn last_words<'l>(said: impl DoubleEndedIterator<Item = &'l str>) -> Option<(String, String)> {
    let mut lines = Vec::new();
    let mut hint = String::new();
    for line in said.rev() {
        if let Some(more) = line.strip_prefix("  ") {
            lines.push(more);
        } else if let Some(words) = line.strip_prefix("hint: ") {
            lines.push(words);
            hint = joined(&mut lines);
        } else {
            lines.push(line.strip_prefix("mcp: ")?);
            return Some((joined(&mut lines), hint));
        }
    }
    // The beginning of what is very long is no longer there.
    None
}

/// Lines that were gathered from the last one on.
fn joined(lines: &mut Vec<&str>) -> String {
    lines.drain(..).rev().collect::<Vec<_>>().join("\n")
}

pub(super) fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXFSZ => "SIGXFSZ: a file grew beyond the workspace's limit",
        libc::SIGSYS => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// What to do about an error of the system.
pub(super) fn hint_of_words(words: &str) -> String {
    if words.contains("No space left on device") {
        return "the workspace and /tmp are full: write less, or remove what is no longer needed".into();
    }
    if words.contains("Resource temporarily unavailable") {
        return "a run has at most 64 processes and threads at once".into();
    }
    String::new()
}

fn hint(words: &str, known: impl FnOnce() -> Vec<String>) -> String {
    let hint = hint_of_words(words);
    if !hint.is_empty() {
        return hint;
    }
    let Some(command) = words.strip_suffix(": command not found") else { return String::new() };
    let command = command.trim();
    let near = nearest(command, &known());
    if near.is_empty() {
        "the jail has bash, coreutils and the usual text tools; tools of servers are called with `mcp call`"
            .into()
    } else {
        format!("did you mean {}?", near.join(", "))
    }
}

/// Names that are most like one, the likest first.
pub(super) fn nearest(name: &str, known: &[String]) -> Vec<String> {
    let name: Vec<char> = name.chars().take(64).collect();
    let most = (name.len() / 3).clamp(1, 4);
    let mut near: Vec<(usize, &String)> = known
        .iter()
        .map(|one| (distance(&name, &one.chars().take(64).collect::<Vec<_>>()), one))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort();
    near.into_iter().take(NEAREST).map(|(_, one)| one.clone()).collect()
}

/// Levenshtein's distance.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (done, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), done + 1);
        let mut before = done + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right) {
            let least = (diagonal + usize::from(a != b)).min(before + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, least);
            before = least;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_the_shells_words() {
        assert_eq!(place("program.sh: line 3: foo: command not found"), Some((3, "foo: command not found")));
        assert_eq!(place("program.sh: -c: line 2: syntax error"), Some((2, "syntax error")));
        for other in ["line 3: x", "program.sh: x", "program.sh: line x: y", "sort: line 3: x"] {
            assert_eq!(place(other), None, "{other}");
        }
    }

    fn written(text: &str) -> Errors {
        let mut errors = Errors::default();
        errors.bytes().extend_from_slice(text.as_bytes());
        errors.finish(&mut |_| ());
        errors
    }

    #[test]
    fn what_a_command_said_is_read_whole() {
        for (text, expected) in [
            ("x\nmcp: a: b\n  c\n  d\nhint: e\n  f\n", Some(("a: b\nc\nd", "e\nf"))),
            ("mcp: a\n", Some(("a", ""))),
            ("mcp: a\nelse\n", None),
            ("  a\n", None),
            ("", None),
        ] {
            let expected = expected.map(|(words, hint)| (words.to_owned(), hint.to_owned()));
            assert_eq!(last_words(written(text).last()), expected, "{text}");
        }
    }

    #[test]
    fn a_failure_says_which_command_and_where() {
        let allowed =
            Allowed { kind: Kind::Shell, wall_ms: 1, memory_bytes: 1, cpu_seconds: 1, result_bytes: 1 };
        let mut told = AllTold::default();
        told.keep(b"{\"kind\":\"denied\",\"message\":\"not allowed\",\"hint\":\"ask\"}");
        let of = |text: &str, command: &str| {
            let ended = Place { line: 7, command: command.to_owned() };
            allowed.of_status(1 << 8, &written(text), &told, &ended, Vec::new)
        };
        for (text, command, kind, message, line) in [
            ("mcp: not allowed\nhint: ask\n", "", FailureKind::Denied, "not allowed", 7),
            ("mcp: else\n", "", FailureKind::Tool, "else", 7),
            ("", "mcp call a.b 2> /dev/null", FailureKind::Denied, "not allowed", 7),
            ("", "grep x", FailureKind::Runtime, "exit code 1 of `grep x`", 7),
            ("jq: no\n", "jq .", FailureKind::Runtime, "exit code 1 of `jq .`: jq: no", 7),
            ("program.sh: line 3: x: no\n", "x", FailureKind::Runtime, "exit code 1: x: no", 3),
            ("", "", FailureKind::Runtime, "exit code 1", 7),
        ] {
            let failure = of(text, command);
            let got = (failure.kind, failure.message.as_str(), failure.line);
            assert_eq!(got, (kind, message, line), "{text:?} {command}");
        }
    }

    #[test]
    fn the_nearest_names_come_first() {
        let known = ["sort", "sed", "head", "seq"].map(str::to_owned);
        assert_eq!(nearest("srot", &known), Vec::<String>::new());
        assert_eq!(nearest("sorts", &known), ["sort"]);
        assert_eq!(nearest("haed", &known), Vec::<String>::new());
        assert_eq!(nearest("hed", &known), ["head", "sed"]);
    }
}
