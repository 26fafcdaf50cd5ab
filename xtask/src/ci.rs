//! `cargo xtask ci`: every gate, the cheapest first. It stops at the first
//! failure and says how to repeat it.

mod cargo;
mod commands;
mod dependencies;
mod forbidden;
mod length;
mod source;

use std::{
    io::{self, Write},
    time::Instant,
};

use crate::error::Error;

/// What a gate found and what it has to say.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// One line for each thing that is wrong.
    pub(crate) findings: Vec<String>,
    /// Lines that are printed under the gate's own, whatever it found.
    pub(crate) notes: Vec<String>,
    /// The command that repeats it, where that is not this program.
    pub(crate) repeat: Option<String>,
}

impl Report {
    fn of(findings: Vec<String>) -> Self {
        Self { findings, ..Self::default() }
    }
}

/// One gate.
struct Gate {
    name: &'static str,
    run: fn() -> Result<Report, Error>,
}

/// Cheap ones first, so that a slip is told at once.
const GATES: &[Gate] = &[
    Gate { name: "fmt", run: cargo::format },
    Gate { name: "locks", run: cargo::locks },
    Gate { name: "length", run: length::gate },
    Gate { name: "forbidden", run: forbidden::gate },
    Gate { name: "dependencies", run: dependencies::gate },
    Gate { name: "commands", run: commands::gate },
    Gate { name: "clippy", run: cargo::clippy },
    Gate { name: "test", run: cargo::test },
    Gate { name: "doc", run: cargo::doc },
];

/// The gate that `--skip-tests` leaves out.
const TESTS: &str = "test";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    fix: bool,
    skip_tests: bool,
    only: Option<String>,
}

impl Options {
    /// Reads the words after `ci`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--fix" => options.fix = true,
                "--skip-tests" => options.skip_tests = true,
                "--only" => options.only = Some(known_gate(words.next().unwrap_or_default())?),
                other => return Err(Error::Usage { complaint: format!("`ci` has no option `{other}`") }),
            }
        }
        Ok(options)
    }

    fn wants(&self, gate: &str) -> bool {
        let chosen = self.only.as_deref().is_none_or(|only| only == gate);
        chosen && !(self.skip_tests && gate == TESTS)
    }
}

fn known_gate(name: &str) -> Result<String, Error> {
    if GATES.iter().any(|gate| gate.name == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = GATES.iter().map(|gate| gate.name).collect();
    let complaint = format!("there is no gate `{name}`: choose one of {}", names.join(", "));
    Err(Error::Usage { complaint })
}

/// Runs the gates.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    if options.fix {
        cargo::fix()?;
    }
    let began = Instant::now();
    let wanted = GATES.iter().filter(|gate| options.wants(gate.name));
    let mut passed = 0;
    for gate in wanted {
        pass(gate)?;
        passed += 1;
    }
    println!("{passed} gates passed in {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

fn pass(gate: &Gate) -> Result<(), Error> {
    print!("gate {} ... ", gate.name);
    // A terminal that is gone shows itself at the next line.
    let _ = io::stdout().flush();
    let began = Instant::now();
    let report = (gate.run)().inspect_err(|_| println!("FAILED"))?;
    let verdict = if report.findings.is_empty() { "ok" } else { "FAILED" };
    println!("{verdict} ({:.1} s)", began.elapsed().as_secs_f64());
    for note in &report.notes {
        println!("  {note}");
    }
    if report.findings.is_empty() {
        return Ok(());
    }
    let repeat = report.repeat.unwrap_or_else(|| format!("cargo xtask ci --only {}", gate.name));
    Err(Error::Gate { gate: gate.name, findings: report.findings, repeat })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_choose_the_gates() {
        let chosen = |words: &[&str]| {
            let options = Options::parse(words).expect("known words");
            GATES.iter().map(|gate| gate.name).filter(|gate| options.wants(gate)).collect::<Vec<_>>()
        };
        assert_eq!(chosen(&[]).len(), GATES.len());
        assert!(!chosen(&["--skip-tests"]).contains(&"test"));
        assert_eq!(chosen(&["--only", "length"]), ["length"]);
        assert!(Options::parse(&["--fix"]).expect("known").fix);
    }

    #[test]
    fn unknown_words_are_told() {
        let complaint = |words: &[&str]| Options::parse(words).expect_err("unknown").to_string();
        assert_eq!(complaint(&["--fast"]), "`ci` has no option `--fast`");
        assert!(
            complaint(&["--only", "lenght"]).starts_with("there is no gate `lenght`: choose one of fmt, ")
        );
        assert!(complaint(&["--only"]).starts_with("there is no gate ``"));
    }
}
