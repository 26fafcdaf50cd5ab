//! Many runs, kills and crashes through the real binary: every answer is held
//! against the one right answer, and afterwards nothing may have grown.
//!
//! The runs are dealt to concurrent workers over one connection. After a
//! twentieth of them, and after every further tenth, the workers stop, the
//! processes come to rest, and what they hold is counted.

mod census;
mod face;
mod jobs;
mod place;
mod verdict;
mod worker;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use self::{census::Census, face::Face, jobs::Job, place::Place, worker::Worker};
use crate::error::Error;

/// How long the end of the binary may take.
const FAREWELL: Duration = Duration::from_secs(30);

/// Parts that the jobs are cut into; the first one warms up.
const PARTS: usize = 20;

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    runs: usize,
    python: usize,
    bash: usize,
    kills: usize,
    crashes: usize,
    concurrency: usize,
}

impl Options {
    /// Reads the command line's options.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Error> {
        let mut options =
            Self { runs: 100_000, python: 10_000, bash: 5_000, kills: 1_000, crashes: 100, concurrency: 16 };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let target = match *word {
                "--runs" => &mut options.runs,
                "--python" => &mut options.python,
                "--bash" => &mut options.bash,
                "--kills" => &mut options.kills,
                "--crashes" => &mut options.crashes,
                "--concurrency" => &mut options.concurrency,
                _ => return Err(Error::Usage { complaint: format!("`{word}` is no option of soak") }),
            };
            let number = words.next().and_then(|number| number.parse().ok());
            *target =
                number.ok_or_else(|| Error::Usage { complaint: format!("{word} needs a whole number") })?;
        }
        if !(100..=10_000_000).contains(&options.runs) || !(1..=256).contains(&options.concurrency) {
            let complaint = "--runs is from 100 to 10,000,000 and --concurrency from 1 to 256".into();
            return Err(Error::Usage { complaint });
        }
        Ok(options)
    }
}

/// Does all of it; an error if an answer was wrong or something has grown.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let place = Place::new()?;
    println!("soaking {} against {}", place.binary().display(), place.upstream().display());
    let Options { runs, python, bash, kills, crashes, concurrency } = options;
    println!(
        "{runs} runs, {python} of Python and {bash} of Bash, {kills} kills, {crashes} crashes of a server, \
         {concurrency} at once"
    );
    let face = Face::start(place.command())?;
    let worker = Worker::new(&face, &place);
    let jobs = jobs::plan(&[
        (options.runs, Job::Run),
        (options.python, Job::Python),
        (options.bash, Job::Bash),
        (options.kills, Job::Kill),
        (options.crashes, Job::Crash),
    ]);
    // Starts what is otherwise started by the first crash, which may come late.
    work(&worker, &[Job::Crash(0), Job::Crash(1)], 1);
    let (began, mut counted) = (Instant::now(), Vec::new());
    println!("{}", verdict::heading());
    let mut done = 0;
    for part in (1..=PARTS).filter(|part| *part == 1 || part % 2 == 0) {
        let until = jobs.len() * part / PARTS;
        work(&worker, jobs.get(done..until).unwrap_or_default(), options.concurrency);
        done = until;
        let census = Census::at_rest(face.pid(), &place)?;
        println!("{}", verdict::line(done, began.elapsed(), &census));
        counted.push(census);
        if worker.is_hopeless() {
            break;
        }
    }
    let mut findings = worker.findings();
    let [baseline, .., last] = counted.as_slice() else {
        return Err(failed(findings));
    };
    println!("\n{}", verdict::table(baseline, last));
    println!("{}", worker.tally());
    findings.extend(verdict::growth(baseline, last));
    findings.extend(farewell(face, last)?);
    if findings.is_empty() {
        println!("all {} answers are right, and nothing has grown", jobs.len());
        return Ok(());
    }
    Err(failed(findings))
}

fn failed(findings: Vec<String>) -> Error {
    Error::Gate { gate: "soak", findings, repeat: "cargo xtask soak".into() }
}

/// Deals jobs to so many workers and waits for all of them.
fn work(worker: &Worker<'_>, jobs: &[Job], concurrency: usize) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for lane in 0..concurrency {
            let next = &next;
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if worker.is_hopeless() {
                        return;
                    }
                    worker.carry_out(*job, lane);
                }
            });
        }
    });
}

/// Ends the binary by the end of its input; nothing of it may be left.
fn farewell(face: Face, last: &Census) -> Result<Vec<String>, Error> {
    let mut findings = Vec::new();
    match face.end(FAREWELL)? {
        Some(0) => {}
        Some(code) => findings.push(format!("the binary ended with exit code {code} instead of 0")),
        None => findings.push(format!("the binary did not end by itself within {} s", FAREWELL.as_secs())),
    }
    let left = census::left_of(&last.processes);
    if !left.is_empty() {
        findings.push(format!("processes are left after the end: {left:?}"));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let read = Options::parse(&["--runs", "2000", "--concurrency", "4"]).expect("they are right");
        let expected =
            Options { runs: 2_000, python: 10_000, bash: 5_000, kills: 1_000, crashes: 100, concurrency: 4 };
        assert_eq!(read, expected);
        for wrong in [&["--runs"][..], &["--runs", "many"], &["--runs", "1"], &["--walks", "3"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
