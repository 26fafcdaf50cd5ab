//! `cargo xtask fuzz`: runs the fuzz targets under `fuzz/` on stable Rust. The
//! compiler's own coverage counters and libFuzzer are all that it needs; there
//! is no other tool to install.

mod build;
mod job;

use std::{
    collections::VecDeque,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::Error,
    tree::{self, root},
};

/// A fuzz target.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// Of its program, its seeds and its dictionary.
    name: &'static str,
    /// Longest input, in bytes.
    longest: usize,
}

/// Every target; `fuzz/Cargo.toml` lists the same.
const TARGETS: &[Target] = &[
    Target { name: "guest_frames", longest: 4096 },
    Target { name: "host_frames", longest: 2048 },
    Target { name: "control", longest: 1536 },
    Target { name: "bridge", longest: 4096 },
    Target { name: "outcome", longest: 4096 },
    Target { name: "logs", longest: 4096 },
    Target { name: "reply", longest: 4096 },
    Target { name: "wire", longest: 4096 },
    Target { name: "config", longest: 4096 },
    Target { name: "schema", longest: 4096 },
    Target { name: "compile", longest: 2048 },
    Target { name: "positions", longest: 2048 },
    Target { name: "jsonc", longest: 2048 },
    Target { name: "thesaurus", longest: 1024 },
    Target { name: "markdown", longest: 2048 },
    Target { name: "ripgrep", longest: 4096 },
    Target { name: "index_bytes", longest: 2048 },
    Target { name: "query", longest: 1024 },
    Target { name: "extract", longest: 2048 },
];

/// How long each target runs, in seconds, where nothing else is asked for.
const SECONDS: u64 = 30;

/// How many targets run at a time, where nothing else is asked for.
const JOBS: usize = 2;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    targets: Vec<&'static Target>,
    time: Duration,
    jobs: usize,
}

impl Options {
    /// Reads the words after `fuzz`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Error> {
        let mut options = Self { targets: Vec::new(), time: Duration::from_secs(SECONDS), jobs: JOBS };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--seconds" => options.time = Duration::from_secs(number(word, words.next(), 86_400)?),
                "--jobs" => {
                    options.jobs = usize::try_from(number(word, words.next(), 256)?).unwrap_or(JOBS);
                }
                name if !name.starts_with('-') => options.targets.push(known_target(name)?),
                other => return Err(Error::Usage { complaint: format!("`fuzz` has no option `{other}`") }),
            }
        }
        if options.targets.is_empty() {
            options.targets = TARGETS.iter().collect();
        }
        Ok(options)
    }
}

fn number(option: &str, word: Option<&str>, most: u64) -> Result<u64, Error> {
    let number = word.and_then(|word| word.parse().ok()).filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Error::Usage { complaint: format!("`{option}` needs a number from 1 to {most}") })
}

fn known_target(name: &str) -> Result<&'static Target, Error> {
    TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        let complaint = format!("there is no fuzz target `{name}`: choose from {}", names.join(", "));
        Error::Usage { complaint }
    })
}

/// Builds the targets and runs them, a few at a time.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let began = Instant::now();
    let folder = tree::target_folder()?.join("fuzz");
    let names: Vec<_> = options.targets.iter().map(|target| target.name).collect();
    let programs = build::build(&folder, &names)?;
    println!("built {} fuzz targets in {:.0} s", names.len(), began.elapsed().as_secs_f64());
    let findings = run_all(options, &programs, &folder)?;
    if !findings.is_empty() {
        return Err(Error::Fuzz { findings });
    }
    println!("{} fuzz targets passed in {:.0} s", names.len(), began.elapsed().as_secs_f64());
    Ok(())
}

/// Runs every target to its end, whatever the others find; gives what was found.
fn run_all(options: &Options, programs: &Path, folder: &Path) -> Result<Vec<String>, Error> {
    let waiting: Mutex<VecDeque<&Target>> = Mutex::new(options.targets.iter().copied().collect());
    let findings = Mutex::new(Vec::new());
    let work = || -> Result<(), Error> {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(target) = next else { return Ok(()) };
            let place = job::Place::of(target.name, programs, folder, root());
            let report = job::run(&place, target.longest, options.time)?;
            println!("fuzz {:<13} {}", target.name, report.line());
            findings.lock().unwrap_or_else(PoisonError::into_inner).extend(report.finding);
        }
    };
    let ended: Vec<Result<(), Error>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        let panicked = || Error::Usage { complaint: "a worker of `fuzz` panicked".into() };
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(panicked()))).collect()
    });
    // What inputs left behind; a folder that was never made is as good as removed.
    let _ = fs::remove_dir_all(folder.join("tmp"));
    ended.into_iter().collect::<Result<(), Error>>()?;
    Ok(findings.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_choose_targets_time_and_jobs() {
        let all = Options::parse(&[]).expect("nothing is fine");
        assert_eq!((all.targets.len(), all.jobs), (TARGETS.len(), JOBS));
        let some = Options::parse(&["wire", "--seconds", "600", "config", "--jobs", "1"]).expect("known");
        assert_eq!(some.targets.iter().map(|target| target.name).collect::<Vec<_>>(), ["wire", "config"]);
        assert_eq!((some.time, some.jobs), (Duration::from_secs(600), 1));
        let complaint = |words: &[&str]| Options::parse(words).expect_err("unknown").to_string();
        assert!(
            complaint(&["wires"]).starts_with("there is no fuzz target `wires`: choose from guest_frames, ")
        );
        assert_eq!(complaint(&["--seconds", "0"]), "`--seconds` needs a number from 1 to 86400");
        assert_eq!(complaint(&["--jobs"]), "`--jobs` needs a number from 1 to 256");
        assert_eq!(complaint(&["--fast"]), "`fuzz` has no option `--fast`");
    }

    #[test]
    fn the_fuzz_workspace_has_the_same_targets_each_with_seeds() {
        let manifest = tree::read("fuzz/Cargo.toml").expect("the fuzz workspace");
        let named: Vec<_> =
            manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")).collect();
        let expected: Vec<_> = TARGETS.iter().map(|target| format!("{}.rs\"", target.name)).collect();
        assert!(expected.iter().all(|file| named.contains(&file.as_str())), "{named:?}");
        assert_eq!(named.len(), expected.len());
        for target in TARGETS {
            let seeds = root().join("fuzz/seeds").join(target.name);
            let seeds: Vec<_> = fs::read_dir(&seeds).expect("seeds").flatten().collect();
            assert!(!seeds.is_empty(), "{} has no seeds", target.name);
            for seed in seeds {
                let length = seed.metadata().expect("a file").len();
                assert!(length <= target.longest as u64, "{:?} is longer than its target takes", seed.path());
            }
        }
    }
}
