//! Runs of Rust: one in which the compiler makes a program, whose words the host
//! reads, and one of what it has made.

use std::borrow::Cow;

use terraphim_sandbox_protocol::{Failure, FailureKind, Stage};

use super::{
    ending::{Allowed, failure, hint_of_words, of_last_words, signal_name},
    output::Errors,
    supervisor::{Kind, Task, broken},
    told::AllTold,
};
use crate::{
    jail::{JailError, PROGRAM},
    json,
};

/// How much of a compiler's words is kept, in bytes: the first ones.
pub(super) const SAID_BYTES: usize = 1 << 20;

/// What the compiler and the program call the source.
const SOURCE: &str = "program.rs";

/// How the standard library begins a remark of its own.
const NOTE: &str = "note: ";

/// The exit code of a program whose first thread has panicked.
const PANICKED: i32 = 101;

const ENVIRONMENT: &[&str] =
    &["PATH=/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8", "TZ=UTC", "RUST_BACKTRACE=0"];

/// What compiles a source, which is in the run's own folder from here on.
pub(super) fn compiler<'t>(program: &'t str, stage: &'t Stage, source: &str) -> Result<Task<'t>, Failure> {
    let written = std::fs::write(SOURCE, source);
    written.map_err(|error| broken(JailError { step: "write the source", source: error }))?;
    let arguments =
        std::iter::once("rustc").chain(stage.arguments.iter().map(String::as_str)).map(Cow::from).collect();
    Ok(Task { kind: Kind::Compiler, program, arguments, own_name: &["rustc"], environment: ENVIRONMENT })
}

/// The run's own program.
pub(super) fn program(stage: &Stage) -> Task<'_> {
    let arguments =
        std::iter::once("program").chain(stage.arguments.iter().map(String::as_str)).map(Cow::from).collect();
    Task {
        kind: Kind::Compiled,
        program: PROGRAM,
        arguments,
        own_name: &["program"],
        environment: ENVIRONMENT,
    }
}

/// What a compiler said, as JSON: the exit code or the signal that ended it, and its words.
pub(super) fn said(status: i32, written: &[u8], allowed: Allowed) -> Result<String, Failure> {
    if libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGXCPU {
        return Err(allowed.too_much_cpu());
    }
    let (code, signal) =
        if libc::WIFSIGNALED(status) { (-1, libc::WTERMSIG(status)) } else { (libc::WEXITSTATUS(status), 0) };
    let mut told = format!("{{\"code\":{code},\"signal\":{signal},\"said\":");
    json::quote(&String::from_utf8_lossy(written), &mut told);
    told.push('}');
    Ok(told)
}

/// A compiled program ended by itself, with this status as `wait4` gives it, which is not success.
pub(super) fn failed(status: i32, errors: &Errors, told: &AllTold, allowed: Allowed) -> Failure {
    let mut lines: Vec<&str> = errors.last().collect();
    let place = lines.pop_if(|line| place_of_error(line).is_some()).and_then(|line| place_of_error(line));
    let place = place.and_then(|(file, line, column)| (file == SOURCE).then_some((line, column)));
    // How to see more is no help to whoever cannot do it.
    let last = lines.iter().rfind(|line| !line.starts_with(NOTE)).copied().unwrap_or_default().trim();
    let says = |words: &str| lines.iter().any(|line| line.contains(words));
    let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
    if signal == Some(libc::SIGXCPU) {
        return allowed.too_much_cpu();
    }
    if signal == Some(libc::SIGABRT) && says("memory allocation of ") {
        return allowed.too_much_memory(None);
    }
    if signal == Some(libc::SIGABRT) && says("has overflowed its stack") {
        let hint = "recurse less deeply, or keep large values in a Box or a Vec";
        return failure(FailureKind::Runtime, "the program overflowed its stack", hint);
    }
    if signal.is_none()
        && let Some(failure) = of_last_words(lines.iter().copied(), told)
    {
        let panicked = panic(&lines).map(|panic| (panic.line, panic.column));
        let (line, column) = panicked.filter(|(line, _)| *line > 0).or(place).unwrap_or_default();
        return Failure { line, column, ..failure };
    }
    // One that aborts when it unwinds twice has panicked before.
    if let Some(panic) = panic(&lines)
        && (libc::WEXITSTATUS(status) == PANICKED || signal == Some(libc::SIGABRT))
    {
        return panic;
    }
    let ended = match signal {
        Some(signal) => format!("ended by {}", signal_name(signal)),
        None => format!("exit code {}", libc::WEXITSTATUS(status)),
    };
    let message = if last.is_empty() { ended } else { format!("{ended}: {last}") };
    let (line, column) = place.unwrap_or_default();
    Failure { line, column, ..failure(FailureKind::Runtime, message, &hint_of_error(last, place.is_some())) }
}

/// What to do about an error that `main` has returned.
fn hint_of_error(last: &str, has_place: bool) -> String {
    let hint = hint_of_words(last);
    if hint.is_empty() && !has_place && last.starts_with("Error: ") {
        return "let `main` return `mcp_runtime::Result`: its errors name the line where they came up".into();
    }
    hint
}

/// The file, line and column that an error of `mcp_runtime` names on its last line.
fn place_of_error(line: &str) -> Option<(&str, u32, u32)> {
    let mut parts = line.strip_prefix("at ")?.rsplitn(3, ':');
    let mut number = || parts.next()?.parse().ok();
    let (column, line) = (number()?, number()?);
    Some((parts.next()?, line, column))
}

/// The last panic of these lines, as the standard library tells it since 1.73 and before.
fn panic(lines: &[&str]) -> Option<Failure> {
    let said = "panicked at ";
    let at = lines.iter().rposition(|line| line.starts_with("thread ") && line.contains(said))?;
    let (_, first) = lines.get(at)?.split_once(said)?;
    let ended = |line: &&&str| {
        !line.starts_with(NOTE) && !line.starts_with("stack backtrace:") && place_of_error(line).is_none()
    };
    let mut rest: Vec<&str> = lines.iter().skip(at + 1).take_while(ended).copied().collect();
    let joined;
    let (words, place) = if let Some(place) = first.strip_suffix(':').filter(|_| !first.starts_with('\'')) {
        joined = rest.join("\n");
        (joined.as_str(), place)
    } else {
        rest.insert(0, first);
        joined = rest.join("\n");
        let (words, place) = joined.rsplit_once(", ")?;
        (words.trim_matches('\''), place)
    };
    let mut parts = place.rsplitn(3, ':');
    let mut number = || parts.next()?.parse::<u32>().ok();
    let (column, line) = (number()?, number()?);
    let mut panicked =
        failure(FailureKind::Runtime, format!("the program panicked: {words}"), &hint_of_words(words));
    if parts.next() == Some(SOURCE) {
        (panicked.line, panicked.column) = (line, column);
    }
    Some(panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_read_as_old_and_new_libraries_write_them() {
        type Panic = (&'static str, u32, u32);
        let cases: &[(&[&str], Option<Panic>)] = &[
            (
                &["thread 'main' panicked at program.rs:3:5:", "no luck", "note: run with"],
                Some(("no luck", 3, 5)),
            ),
            (&["thread 'main' (7) panicked at program.rs:3:5:", "a", "b"], Some(("a\nb", 3, 5))),
            // An error that is unwrapped says where it came from.
            (
                &["thread 'main' panicked at program.rs:3:5:", "no", "at program.rs:2:9", "note: run with"],
                Some(("no", 3, 5)),
            ),
            (&["thread 'main' panicked at 'no luck', program.rs:3:5"], Some(("no luck", 3, 5))),
            (&["thread 'x' panicked at 'a", "b', program.rs:9:1", "note: "], Some(("a\nb", 9, 1))),
            (&["thread 'main' panicked at /rustc/x/lib.rs:3:5:", "deep"], Some(("deep", 0, 0))),
            (&["thread 'main' panicked at program.rs:x:5:", "no"], None),
            (&["thread 'main' panicked at 'no"], None),
            (&["thread 'main' panicked at "], None),
            (&["panicked at program.rs:1:1:"], None),
        ];
        for (lines, expected) in cases {
            let found = panic(lines).map(|failure| (failure.message, failure.line, failure.column));
            let expected = expected
                .map(|(words, line, column)| (format!("the program panicked: {words}"), line, column));
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}
