//! `cargo xtask bench`: runs every bench with the profile of a release, shows
//! what it prints, and ends with the promises that hold, that do not, and that
//! were not measured. It brings no data; what it needs is named.

mod data;
mod stream;
mod verdict;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use self::verdict::{Told, Verdict};
use crate::{
    dist,
    error::Error,
    tree::{self, cargo},
};

/// The variable that names another binary than the release one.
const BINARY_VARIABLE: &str = "TERRAPHIM_BIN";

/// How long one bench may take, its build included.
const DEADLINE: Duration = Duration::from_secs(60 * 60);

/// A bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bench {
    /// `terraphim bench`, of runs.
    Run,
    /// The engine below the notes.
    Kg,
    /// The notes.
    Notes,
}

impl Bench {
    const ALL: [Self; 3] = [Self::Run, Self::Kg, Self::Notes];

    fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Kg => "kg",
            Self::Notes => "notes",
        }
    }

    /// What it has to tell; the binary knows its own promises.
    fn promises(self) -> &'static [&'static str] {
        match self {
            Self::Run => &[],
            Self::Kg => verdict::KG,
            Self::Notes => verdict::NOTES,
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    benches: Vec<Bench>,
    data: Option<PathBuf>,
}

impl Options {
    /// Reads the words after `bench`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Error> {
        let usage = |complaint: String| Error::Usage { complaint };
        let mut options = Self { benches: Vec::new(), data: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--data" => {
                    let folder = words.next().filter(|folder| !folder.starts_with('-'));
                    let folder = folder.ok_or_else(|| usage("`--data` needs a folder".into()))?;
                    options.data = Some(PathBuf::from(folder));
                }
                "--only" => {
                    let name = words.next().copied().unwrap_or_default();
                    let bench = Bench::ALL.into_iter().find(|bench| bench.name() == name);
                    let bench = bench.ok_or_else(|| usage("`--only` needs `run`, `kg` or `notes`".into()))?;
                    if !options.benches.contains(&bench) {
                        options.benches.push(bench);
                    }
                }
                other => return Err(usage(format!("`bench` has no option `{other}`"))),
            }
        }
        if options.benches.is_empty() {
            options.benches = Bench::ALL.to_vec();
        }
        Ok(options)
    }
}

/// Runs the benches; an error if a promise is not kept, or was not measured
/// although the data for it is there.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let data = match &options.data {
        Some(folder) => Some(data::prepare(folder, &tree::target_folder()?.join("bench"))?),
        None => {
            println!("without --data, what needs public data is not measured");
            None
        }
    };
    let mut told = Vec::new();
    let mut findings = Vec::new();
    for bench in options.benches.iter().copied() {
        println!("\n== {}", bench.name());
        let (said, code) = stream::show(&mut command(bench, data.as_deref())?, DEADLINE)?;
        let of_bench = verdict::of(bench.name(), bench.promises(), &said);
        let missed = of_bench.iter().any(|told| told.verdict == Verdict::Missed);
        // The binary says by its exit code what its table says.
        let explained = bench == Bench::Run && missed && code == Some(1);
        if code != Some(0) && !explained {
            findings.push(format!("the bench `{}` failed: see what it printed", bench.name()));
        }
        if of_bench.is_empty() {
            findings.push(format!("the bench `{}` told no promise", bench.name()));
        }
        told.extend(of_bench);
    }
    println!("\n{}", verdict::table(&told));
    let failed = |told: &&Told| match told.verdict {
        Verdict::Kept => false,
        Verdict::Missed => true,
        Verdict::NotMeasured => data.is_some(),
    };
    findings.extend(told.iter().filter(failed).map(Told::finding));
    if findings.is_empty() {
        return Ok(());
    }
    Err(Error::Gate { gate: "bench", findings, repeat: "cargo xtask bench --only NAME".into() })
}

/// What starts a bench, after building it where it is not a bench of cargo's.
fn command(bench: Bench, data: Option<&Path>) -> Result<Command, Error> {
    let (package, target) = match bench {
        Bench::Run => {
            let binary = match std::env::var_os(BINARY_VARIABLE) {
                Some(binary) => PathBuf::from(binary),
                None => dist::build_release()?,
            };
            let mut command = Command::new(binary);
            command.arg("bench");
            return Ok(command);
        }
        Bench::Kg => ("terraphim_kg", "engine"),
        Bench::Notes => ("terraphim_notes", "notes"),
    };
    let mut command = cargo();
    command.args(["bench", "--package", package, "--bench", target, "--"]);
    command.args(data);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let all = Options::parse(&[]).expect("nothing is fine");
        assert_eq!(all, Options { benches: Bench::ALL.to_vec(), data: None });
        let some = Options::parse(&["--only", "kg", "--data", "d", "--only", "kg"]).expect("known");
        assert_eq!(some, Options { benches: vec![Bench::Kg], data: Some("d".into()) });
        for wrong in [&["--only"][..], &["--only", "all"], &["--data"], &["--data", "--only"], &["kg"]] {
            assert!(matches!(Options::parse(wrong), Err(Error::Usage { .. })), "{wrong:?}");
        }
    }
}
