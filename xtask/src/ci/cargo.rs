//! The gates that cargo itself runs.

use std::{process::Command, time::Duration};

use super::Report;
use crate::{
    error::Error,
    process::{self, Ended},
    tree::{cargo, succeed},
};

/// How long one cargo command may take.
const DEADLINE: Duration = Duration::from_secs(60 * 60);

/// How many lines of a failed command's output are shown.
const SHOWN_LINES: usize = 400;

/// Length of functions is judged here too; the threshold stands in `clippy.toml`.
const CLIPPY: &[&str] = &[
    "clippy",
    "--workspace",
    "--all-targets",
    // Tests have the program as bytes; here it is looked at.
    "--features",
    "terraphim_hostile_guest/program",
    "--",
    "-D",
    "warnings",
    "-D",
    "clippy::too_many_lines",
];

/// The fuzz targets' package, which is no member of the workspace.
const FUZZ: [&str; 3] = ["fmt", "--manifest-path", "fuzz/Cargo.toml"];

/// The manifests beside which a lock file stands.
const LOCKED: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];

/// `cargo fmt --check`.
pub(super) fn format() -> Result<Report, Error> {
    let report = gate(cargo().args(["fmt", "--all", "--", "--check"]))?;
    if report.findings.is_empty() { gate(cargo().args(FUZZ).args(["--", "--check"])) } else { Ok(report) }
}

/// Every lock file fits its manifests: a build with `--locked` would fail late.
pub(super) fn locks() -> Result<Report, Error> {
    for manifest in LOCKED {
        let mut command = cargo();
        command.args(["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest]);
        let ended = process::capture(&mut command, DEADLINE)?;
        if ended.code != Some(0) {
            // Its standard output is for programs.
            let report = judge(&command, &Ended { stdout: String::new(), ..ended });
            let repeat = format!("cargo update --workspace --manifest-path {manifest}");
            return Ok(Report { repeat: Some(repeat), ..report });
        }
    }
    Ok(Report::default())
}

/// `cargo clippy` with every warning an error.
pub(super) fn clippy() -> Result<Report, Error> {
    gate(cargo().args(CLIPPY))
}

/// `cargo test`, with the runners' closing lines as notes.
pub(super) fn test() -> Result<Report, Error> {
    let mut command = cargo();
    let command = command.args(["test", "--workspace"]);
    let ended = process::capture(command, DEADLINE)?;
    let notes = closing_lines(&ended.stdout);
    let mut report = judge(command, &ended);
    if notes.is_empty() && report.findings.is_empty() {
        report.findings.push("no test ran".into());
    }
    Ok(Report { notes, ..report })
}

/// `cargo doc` with every warning an error.
pub(super) fn doc() -> Result<Report, Error> {
    let mut report =
        gate(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    report.repeat = report.repeat.map(|command| format!("RUSTDOCFLAGS='-D warnings' {command}"));
    Ok(report)
}

/// Formats, and takes over what clippy offers.
pub(super) fn fix() -> Result<(), Error> {
    let clippy = ["clippy", "--fix", "--workspace", "--all-targets", "--allow-dirty", "--allow-staged"];
    succeed(cargo().args(clippy), DEADLINE)?;
    succeed(cargo().args(["fmt", "--all"]), DEADLINE)?;
    succeed(cargo().args(FUZZ), DEADLINE)?;
    Ok(())
}

fn gate(command: &mut Command) -> Result<Report, Error> {
    let ended = process::capture(command, DEADLINE)?;
    Ok(judge(command, &ended))
}

fn judge(command: &Command, ended: &Ended) -> Report {
    if ended.code == Some(0) {
        return Report::default();
    }
    let arguments: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let repeat = format!("cargo {}", arguments.join(" "));
    Report { findings: last_lines(ended), repeat: Some(repeat), notes: Vec::new() }
}

/// The end of what a command said; what went before is seen by repeating it.
fn last_lines(ended: &Ended) -> Vec<String> {
    let said = [&ended.stderr, &ended.stdout].into_iter().flat_map(|text| text.lines());
    let building = ["Compiling ", "Checking ", "Downloading ", "Downloaded ", "Documenting "];
    let told = said.filter(|line| !building.iter().any(|word| line.trim_start().starts_with(word)));
    let told: Vec<_> = told.map(str::to_owned).collect();
    let skipped = told.len().saturating_sub(SHOWN_LINES);
    let mut shown: Vec<_> = told.into_iter().skip(skipped).collect();
    if skipped > 0 {
        shown.insert(0, format!("({skipped} lines before these)"));
    }
    if shown.is_empty() {
        shown.push(format!("it ended with {:?} and said nothing", ended.code));
    }
    shown
}

/// The line with which each test runner closes.
fn closing_lines(stdout: &str) -> Vec<String> {
    stdout.lines().filter(|line| line.starts_with("test result: ")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_found_among_others() {
        let stdout =
            "running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed\n\nrunning 0 tests\n";
        assert_eq!(closing_lines(stdout), ["test result: ok. 1 passed; 0 failed"]);
    }

    #[test]
    fn a_failure_shows_its_end_and_the_command() {
        let many = "x\n".repeat(SHOWN_LINES + 5);
        let ended = Ended {
            code: Some(101),
            stdout: many,
            stderr: "   Compiling a v1\nerror: b\n".into(),
            elapsed: Duration::ZERO,
        };
        let report = judge(cargo().args(["fmt", "--check"]), &ended);
        assert_eq!(report.repeat.as_deref(), Some("cargo fmt --check"));
        assert_eq!(report.findings.len(), SHOWN_LINES + 1);
        assert_eq!(report.findings[0], "(6 lines before these)");
        let silent = Ended { code: None, stdout: String::new(), stderr: String::new(), ..ended };
        assert_eq!(last_lines(&silent), ["it ended with None and said nothing"]);
    }
}
