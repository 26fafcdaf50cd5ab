//! What has grown, and by how much it may.

use std::{fmt::Write, time::Duration};

use super::census::{Census, MOST_READY};

/// One figure that must not grow.
struct Figure {
    name: &'static str,
    of: fn(&Census) -> u64,
    /// By how much it may be above the figure after the warm-up.
    slack: u64,
}

/// Memory is given back late and in pieces; threads for files, of which there are
/// at most 16, and the helper with its descriptors, come and go with the work.
const FIGURES: [Figure; 9] = [
    Figure { name: "resident memory of the binary, KiB", of: |census| census.host_kib, slack: 8 << 10 },
    Figure { name: "resident memory of the zygotes, KiB", of: |census| census.zygote_kib, slack: 3 * 512 },
    Figure { name: "threads of the binary", of: |census| census.threads as u64, slack: 16 },
    Figure { name: "descriptors of the binary besides those of runs", of: own_descriptors, slack: 4 },
    Figure { name: "descriptors of the zygotes besides those of runs", of: zygote_descriptors, slack: 0 },
    Figure { name: "servers and helpers", of: |census| census.children as u64, slack: 1 },
    Figure { name: "zombies", of: |census| census.zombies as u64, slack: 0 },
    Figure { name: "files", of: |census| census.files as u64, slack: 0 },
    Figure { name: "bytes in files", of: |census| census.file_bytes, slack: 4 << 10 },
];

/// The host has a process's handle and its channel.
fn own_descriptors(census: &Census) -> u64 {
    census.descriptors.saturating_sub(2 * census.ready) as u64
}

/// The zygote has a process's handle.
fn zygote_descriptors(census: &Census) -> u64 {
    census.zygote_descriptors.saturating_sub(census.ready) as u64
}

/// What has grown beyond its slack.
pub(super) fn growth(baseline: &Census, last: &Census) -> Vec<String> {
    let grown = |figure: &&Figure| (figure.of)(last) > (figure.of)(baseline) + figure.slack;
    let told = |figure: &Figure| {
        format!("{} grew from {} to {}", figure.name, (figure.of)(baseline), (figure.of)(last))
    };
    let mut findings: Vec<_> = FIGURES.iter().filter(grown).map(told).collect();
    if last.ready > MOST_READY {
        findings.push(format!("{} processes of runs at rest, at most {MOST_READY} may wait", last.ready));
    }
    findings
}

/// The figures after the warm-up and at the end.
pub(super) fn table(baseline: &Census, last: &Census) -> String {
    let mut text = format!("{:50} {:>12} {:>12} {:>8}\n", "", "warmed up", "at the end", "may grow");
    for Figure { name, of, slack } in &FIGURES {
        let (before, after) = (of(baseline), of(last));
        let verdict = if after > before + slack { "GREW" } else { "ok" };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{name:50} {before:>12} {after:>12} {slack:>8} {verdict}");
    }
    text
}

pub(super) fn heading() -> String {
    format!(
        "{:>9} {:>8} {:>7} {:>9} {:>9} {:>8} {:>6} {:>6} {:>6} {:>6}",
        "jobs", "s", "jobs/s", "host KiB", "zyg. KiB", "threads", "descr.", "ready", "childr", "files"
    )
}

/// One line of samples.
pub(super) fn line(jobs: usize, elapsed: Duration, census: &Census) -> String {
    let seconds = elapsed.as_secs_f64();
    format!(
        "{jobs:>9} {seconds:>8.1} {:>7.0} {:>9} {:>9} {:>8} {:>6} {:>6} {:>6} {:>6}",
        jobs as f64 / seconds.max(0.001),
        census.host_kib,
        census.zygote_kib,
        census.threads,
        census.descriptors,
        census.ready,
        census.children,
        census.files,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_the_slack_is_told() {
        let before = Census { host_kib: 20_000, descriptors: 40, ready: 5, ..Census::default() };
        let same = Census { host_kib: 24_000, descriptors: 46, ready: 8, ..Census::default() };
        assert_eq!(growth(&before, &same), Vec::<String>::new());
        let grown = Census { host_kib: 40_000, files: 1, ready: 25, ..Census::default() };
        let told = growth(&before, &grown).join("\n");
        for part in ["binary, KiB grew from 20000 to 40000", "files grew from 0 to 1", "25 processes of runs"]
        {
            assert!(told.contains(part), "{told}");
        }
        assert!(table(&before, &grown).contains("GREW"));
    }
}
