//! One target's run: its arguments, and what its output says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    error::Error,
    process::{self, Ended},
};

/// How long one input may take, in seconds.
const INPUT_SECONDS: u64 = 10;

/// Memory that a target may use, in MiB.
const MEMORY_MIB: u64 = 1024;

/// How much longer than asked a run may take: its corpus is read first.
const PATIENCE: Duration = Duration::from_secs(300);

/// Lines of a failed run that are shown.
const SHOWN_LINES: usize = 30;

/// The files of one target.
#[derive(Debug)]
pub(super) struct Place {
    program: PathBuf,
    seeds: PathBuf,
    dictionary: PathBuf,
    corpus: PathBuf,
    findings: PathBuf,
    temporary: PathBuf,
}

impl Place {
    /// Where a target's files are.
    pub(super) fn of(name: &str, programs: &Path, folder: &Path, root: &Path) -> Self {
        Self {
            program: programs.join(name),
            seeds: root.join("fuzz/seeds").join(name),
            dictionary: root.join("fuzz/dictionaries").join(format!("{name}.dict")),
            corpus: folder.join("corpus").join(name),
            findings: folder.join("findings").join(name),
            temporary: folder.join("tmp").join(name),
        }
    }

    fn command(&self, longest: usize, time: Duration) -> Command {
        let mut command = Command::new(&self.program);
        // The first folder takes what is new; the seeds are only read.
        command
            .args([&self.corpus, &self.seeds])
            .arg(format!("-max_total_time={}", time.as_secs()))
            .arg(format!("-timeout={INPUT_SECONDS}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
            .arg(format!("-max_len={longest}"))
            .arg(format!("-artifact_prefix={}/", self.findings.display()))
            .args(["-print_final_stats=1", "-reload=0"])
            .current_dir(&self.temporary)
            .env("TMPDIR", &self.temporary)
            // The message says what is wrong; the input can be run again for a stack.
            .env("RUST_BACKTRACE", "0");
        if self.dictionary.exists() {
            command.arg(format!("-dict={}", self.dictionary.display()));
        }
        command
    }
}

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report {
    executions: u64,
    seconds: u64,
    coverage: u64,
    inputs: u64,
    memory_mib: u64,
    /// What was found, with the input's file and how to repeat it.
    pub(super) finding: Option<String>,
}

impl Report {
    /// The run on one line.
    pub(super) fn line(&self) -> String {
        let per_second = self.executions / self.seconds.max(1);
        let verdict = if self.finding.is_some() { "FOUND SOMETHING" } else { "ok" };
        format!(
            "{verdict}: {} inputs in {} s ({per_second}/s), coverage {}, corpus {}, {} MiB",
            self.executions, self.seconds, self.coverage, self.inputs, self.memory_mib
        )
    }
}

/// Runs a target for a time, or until it finds something.
pub(super) fn run(place: &Place, longest: usize, time: Duration) -> Result<Report, Error> {
    for folder in [&place.corpus, &place.findings, &place.temporary] {
        fs::create_dir_all(folder).map_err(Error::io(format!("make {}", folder.display())))?;
    }
    let ended = process::capture(&mut place.command(longest, time), time + PATIENCE)?;
    Ok(report(&ended, &place.program))
}

fn report(ended: &Ended, program: &Path) -> Report {
    let said = &ended.stderr;
    let mut report = Report {
        executions: statistic(said, "number_of_executed_units"),
        seconds: ended.elapsed.as_secs(),
        coverage: last_number(said, " cov: "),
        inputs: last_number(said, " corp: "),
        memory_mib: statistic(said, "peak_rss_mb"),
        finding: None,
    };
    if ended.code != Some(0) {
        report.finding = Some(finding(said, program));
    } else if report.executions == 0 {
        report.finding = Some(format!("{} ran no input:\n{}", program.display(), last_lines(said)));
    }
    report
}

fn finding(said: &str, program: &Path) -> String {
    let program = program.display();
    match said.lines().find_map(|line| line.split_once("Test unit written to ")) {
        Some((_, file)) => format!("{file}\n  repeat it with: {program} {file}\n{}", last_lines(said)),
        None => format!("{program} failed:\n{}", last_lines(said)),
    }
}

fn statistic(said: &str, name: &str) -> u64 {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
    line.and_then(|rest| rest.trim_start_matches(':').trim().parse().ok()).unwrap_or_default()
}

/// The number behind the last `mark`.
fn last_number(said: &str, mark: &str) -> u64 {
    let rest = said.rsplit_once(mark).map(|(_, rest)| rest).unwrap_or_default();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

/// The end of what was said; progress and statistics are told otherwise.
fn last_lines(said: &str) -> String {
    let told = |line: &&str| !["stat::", "#", "INFO:"].iter().any(|mark| line.starts_with(mark));
    let lines: Vec<_> = said.lines().filter(told).collect();
    let from = lines.len().saturating_sub(SHOWN_LINES);
    lines.get(from..).unwrap_or_default().iter().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, stderr: &str) -> Ended {
        Ended {
            code: Some(code),
            stdout: String::new(),
            stderr: stderr.into(),
            elapsed: Duration::from_secs(4),
        }
    }

    #[test]
    fn a_quiet_run_is_told_in_numbers() {
        let said = "#2 INITED cov: 10 ft: 11 corp: 3/9b\n#999 DONE   cov: 812 ft: 3000 corp: 75/4Kb lim: 9\n\
                    stat::number_of_executed_units: 1000\nstat::peak_rss_mb:              41\n";
        let report = report(&ended(0, said), Path::new("/p/wire"));
        assert_eq!(report.finding, None);
        assert_eq!(report.line(), "ok: 1000 inputs in 4 s (250/s), coverage 812, corpus 75, 41 MiB");
    }

    #[test]
    fn a_finding_names_its_input() {
        let said = "thread panicked\nartifact_prefix='/f/'; Test unit written to /f/crash-1\n\
                    stat::number_of_executed_units: 7\n";
        let finding = report(&ended(77, said), Path::new("/p/wire")).finding.expect("a finding");
        assert!(finding.starts_with("/f/crash-1\n  repeat it with: /p/wire /f/crash-1\n"), "{finding}");
        assert!(finding.contains("thread panicked"));
    }

    #[test]
    fn a_run_of_nothing_is_a_finding() {
        assert!(report(&ended(0, ""), Path::new("/p/wire")).finding.is_some());
    }
}
