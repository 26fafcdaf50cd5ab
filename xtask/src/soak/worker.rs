//! Carries out one job after the other and remembers what was wrong.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    census,
    face::{Face, Sent},
    jobs::{self, Expected, Job, Task},
    place::Place,
};
use crate::{error::Error, process};

/// Wrong answers that are told; further ones are counted, and end the soak.
const MOST_FINDINGS: usize = 20;

/// How long a process or a call that is to be hit may take to be there.
const APPEARANCE: Duration = Duration::from_secs(60);

/// How often it is looked for.
const TICK: Duration = Duration::from_millis(1);

/// Memory limit of the first lane's endless program, in MiB; each lane has its
/// own, so that the limit of a process tells whose it is.
const FIRST_LIMIT: u64 = 300;

pub(super) struct Worker<'s> {
    face: &'s Face,
    place: &'s Place,
    /// Held during a crash: the calls of others to that server would fail with it.
    fragile: Mutex<()>,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    findings: Vec<String>,
    times: BTreeMap<&'static str, (u32, Duration, Duration)>,
}

impl<'s> Worker<'s> {
    pub(super) fn new(face: &'s Face, place: &'s Place) -> Self {
        Self { face, place, fragile: Mutex::default(), record: Mutex::default() }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether so much was wrong that going on tells nothing new.
    pub(super) fn is_hopeless(&self) -> bool {
        self.record().findings.len() >= MOST_FINDINGS
    }

    /// What was wrong.
    pub(super) fn findings(&self) -> Vec<String> {
        self.record().findings.clone()
    }

    /// How many of each kind were done, and how long they took.
    pub(super) fn tally(&self) -> String {
        let mut text = String::new();
        for (kind, (count, sum, longest)) in &self.record().times {
            let mean = sum.as_secs_f64() * 1e3 / f64::from(*count);
            // Writing to a text cannot fail.
            let _ = writeln!(
                text,
                "{count:>8} {kind}: mean {mean:.1} ms, longest {:.0} ms",
                longest.as_secs_f64() * 1e3
            );
        }
        text
    }

    /// Does one job; `lane` is the number of the worker that does it.
    pub(super) fn carry_out(&self, job: Job, lane: usize) {
        let began = Instant::now();
        let (kind, done) = match job {
            Job::Run(number) => ("runs to their end", self.run(&jobs::program(number))),
            Job::Python(number) => ("runs of Python", self.run(&jobs::python(number))),
            Job::Bash(number) => ("runs of Bash", self.run(&jobs::bash(number))),
            Job::Kill(number) => match number % 3 {
                0 => ("runs ended by their deadline", self.run(&jobs::overdue())),
                1 => ("runs cancelled by the client", self.cancelled(number, lane)),
                _ => ("runs whose process was killed", self.killed(lane)),
            },
            Job::Crash(number) if number.is_multiple_of(2) => {
                ("crashes of a server by itself", self.crash_by_itself(number))
            }
            Job::Crash(number) => ("crashes of a server by a kill", self.crash_by_kill(number)),
        };
        let took = began.elapsed();
        let mut record = self.record();
        let (count, sum, longest) = record.times.entry(kind).or_default();
        *count += 1;
        *sum += took;
        *longest = took.max(*longest);
        if let Err(finding) = done {
            record.findings.push(format!("{job:?}: {finding}"));
        }
    }

    fn run(&self, task: &Task) -> Result<(), String> {
        let sent = self.send(&task.arguments)?;
        self.expect(sent, &task.expected)
    }

    fn send(&self, arguments: &Value) -> Result<Sent, String> {
        self.face.execute(arguments).map_err(told)
    }

    fn expect(&self, sent: Sent, expected: &Expected) -> Result<(), String> {
        expected.check(&self.face.answer(sent).map_err(told)?)
    }

    /// Cancelled somewhere between its sending and its running.
    fn cancelled(&self, number: usize, lane: usize) -> Result<(), String> {
        let limit = FIRST_LIMIT + lane as u64;
        let sent = self.send(&jobs::endless(limit).arguments)?;
        if number.is_multiple_of(2) {
            self.process_of(limit)?;
        }
        self.face.cancel(&sent).map_err(told)?;
        let gone = || census::with_limit(self.face.pid(), limit).is_none().then_some(());
        eventually("the end of a cancelled run's process", gone)
    }

    fn killed(&self, lane: usize) -> Result<(), String> {
        let limit = FIRST_LIMIT + lane as u64;
        let task = jobs::endless(limit);
        let sent = self.send(&task.arguments)?;
        let pid = self.process_of(limit)?;
        process::kill(&pid.to_string());
        self.expect(sent, &task.expected)
    }

    fn process_of(&self, limit: u64) -> Result<u32, String> {
        eventually("the process of a run", || census::with_limit(self.face.pid(), limit))
    }

    fn crash_by_itself(&self, number: usize) -> Result<(), String> {
        let _alone = self.fragile.lock().unwrap_or_else(PoisonError::into_inner);
        self.run(&jobs::crash(number, true))
    }

    fn crash_by_kill(&self, number: usize) -> Result<(), String> {
        let _alone = self.fragile.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.calls();
        let task = jobs::crash(number, false);
        let sent = self.send(&task.arguments)?;
        eventually("a call of the fragile server", || (self.calls() > before).then_some(()))?;
        let journal = self.place.journal();
        let pid = census::server_with(self.face.pid(), &journal.display().to_string());
        process::kill(&pid.ok_or("the fragile server is not there")?.to_string());
        self.expect(sent, &task.expected)
    }

    /// How many calls the fragile server has received.
    fn calls(&self) -> usize {
        let journal = fs::read_to_string(self.place.journal()).unwrap_or_default();
        journal.lines().filter(|line| *line == "tools/call").count()
    }
}

fn told(error: Error) -> String {
    error.to_string()
}

/// Looks again and again until something is there.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T, String> {
    let until = Instant::now() + APPEARANCE;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if Instant::now() > until {
            return Err(format!("{what} never came"));
        }
        thread::park_timeout(TICK);
    }
}
