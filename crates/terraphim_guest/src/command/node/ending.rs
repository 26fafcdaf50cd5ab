//! How a program under node ended, in words that help: those of the built-in
//! interpreter where they mean the same.

use terraphim_sandbox_protocol::{Failure, FailureKind};

use super::super::ending::{Allowed, failure};

/// Longest line of node's own last words, in bytes.
const WORDS_BYTES: usize = 300;

/// What stands in front of node's own report of an end that it did not survive.
const REPORTS: [&str; 6] = [
    "<--- Last few GCs",
    "FATAL ERROR:",
    "# Fatal",
    "terminate called",
    "----- Native stack trace",
    "----- JavaScript stack trace",
];

/// What stands alone on a line in front of such a report.
const HELD: [&str; 2] = ["", "#"];

/// Lines of that kind in a row that are held back.
const MOST_HELD: usize = 16;

/// Words of an end for want of memory.
const FULL: [&str; 6] = [
    "out of memory",
    "Allocation failed",
    "bad_alloc",
    "OOM error",
    "Cannot allocate memory",
    // A page for machine code that the kernel did not grant.
    "SetPermissions(",
];

/// Messages of errors that mean that there is no more memory.
const FULL_ERRORS: [&str; 4] = [
    "RangeError: Array buffer allocation failed",
    "RangeError: Invalid string length",
    "could not allocate memory",
    "Unable to grow instance memory",
];

/// What to do about an error that only says that something is not permitted here;
/// empty where that is not it.
pub(super) fn hint(message: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|words| message.contains(words));
    if has(&["spawn"]) && has(&["EPERM"]) {
        return "a program cannot start processes: use a tool of mcp-servers";
    }
    if has(&["connect EPERM", "listen EPERM", "bind EPERM", "getaddrinfo EAI_AGAIN", "ECONNREFUSED"]) {
        return "no program has a network: call a tool of a server";
    }
    if has(&["ENOSPC"]) {
        return "the workspace and /tmp are full: write less, or remove what is no longer needed";
    }
    ""
}

/// What node writes to its standard streams: the program's own lines are logs,
/// a report of its own end is not.
#[derive(Default)]
pub(super) struct Report {
    /// Whether it has begun.
    has_begun: bool,
    /// Whether it speaks of memory.
    is_full: bool,
    /// Lines that may belong to it: how it begins, where they stand in front of that.
    held: Vec<&'static str>,
    /// The program's last line that says something.
    last: String,
}

impl Report {
    /// Takes a line; what of it is the program's is given on.
    pub(super) fn line(&mut self, line: &str, log: &mut dyn FnMut(&str)) {
        self.has_begun |= REPORTS.iter().any(|begin| line.starts_with(begin));
        self.is_full |= self.has_begun && FULL.iter().any(|words| line.contains(words));
        let held = HELD.into_iter().find(|held| *held == line.trim());
        match held.filter(|_| self.held.len() < MOST_HELD) {
            Some(held) => self.held.push(held),
            None => {
                let held = std::mem::take(&mut self.held);
                if !self.has_begun {
                    self.last =
                        line.get(..line.floor_char_boundary(WORDS_BYTES)).unwrap_or_default().to_owned();
                    held.into_iter().for_each(&mut *log);
                    log(line);
                }
            }
        }
    }

    /// Node is gone without a last word, with this status as `wait4` gives it.
    pub(super) fn of_status(&self, status: i32, allowed: &Allowed) -> Failure {
        if self.is_full {
            return allowed.too_much_memory(None);
        }
        let words = if self.last.is_empty() { String::new() } else { format!(": {}", self.last) };
        if !libc::WIFSIGNALED(status) {
            let code = libc::WEXITSTATUS(status);
            let message =
                format!("the program ended its process with exit code {code} before it had a result{words}");
            let hint = "return the result, or throw an error that says what is wrong";
            return failure(FailureKind::Runtime, message, hint);
        }
        match libc::WTERMSIG(status) {
            libc::SIGXCPU => allowed.too_much_cpu(),
            signal => failure(
                FailureKind::Runtime,
                format!("the program's process crashed (signal {signal}){words}"),
                "recurse less deeply; if it happens again, report it with the program",
            ),
        }
    }
}

/// The limit of memory, if that is what a program's failure means.
pub(super) fn of_memory(failure: &Failure, allowed: &Allowed) -> Option<Failure> {
    let means_it = failure.kind == FailureKind::Runtime
        && FULL_ERRORS.iter().any(|words| failure.message.contains(words));
    means_it.then(|| allowed.too_much_memory(None))
}

/// A result of so many bytes is too long.
pub(super) fn result_too_long(bytes: usize, allowed: &Allowed) -> Failure {
    failure(
        FailureKind::Limit,
        format!("the result has {bytes} bytes, its limit is {}", allowed.result_bytes),
        "return a summary, and keep the data with workspace.saveData or in a file",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_of_an_end_is_no_log() {
        let mut report = Report::default();
        let mut logged = Vec::new();
        for line in [
            "mine",
            "",
            "more",
            "",
            "<--- Last few GCs --->",
            "",
            "[2:0x1] 5 ms: Mark-sweep",
            "#",
            "mine no more",
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        ] {
            report.line(line, &mut |line| logged.push(line.to_owned()));
        }
        assert_eq!(logged, ["mine", "", "more"]);
        let allowed = Allowed {
            kind: crate::command::supervisor::Kind::Compiled,
            wall_ms: 1,
            memory_bytes: 64 << 20,
            cpu_seconds: 1,
            result_bytes: 1,
        };
        let failure = report.of_status(libc::SIGABRT, &allowed);
        assert_eq!(failure.message, "the program used more than its 64 MiB of memory");
        let mut report = Report::default();
        for line in ["", "#", "mine", "", "#", "# Fatal process out of memory: Zone"] {
            report.line(line, &mut |line| logged.push(line.to_owned()));
        }
        assert_eq!(logged[3..], ["", "#", "mine"]);
        assert_eq!(report.of_status(libc::SIGTRAP, &allowed).kind, FailureKind::Limit);
        let plain = Report::default().of_status(3 << 8, &allowed);
        assert_eq!(plain.kind, FailureKind::Runtime);
        assert!(plain.message.contains("exit code 3"), "{}", plain.message);
    }
}
