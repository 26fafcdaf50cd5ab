//! `cargo xtask walls`: the wall in every kind of surroundings that a machine
//! may offer. In each of them `terraphim doctor` has to give the documented
//! verdict, no layer less and none more, and the suites that attack the wall
//! have to pass.

mod bundle;
mod environments;
mod suites;
mod verdict;

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    time::Instant,
};

use crate::{
    error::Error,
    tree,
    walls::{
        bundle::Bundle,
        environments::{ENVIRONMENTS, Environment, Surroundings},
        suites::Suite,
    },
};

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    only: Option<String>,
    /// None means every one.
    suites: Vec<String>,
    doctor: bool,
    /// Surroundings that this machine cannot make are told and left out.
    available: bool,
}

impl Options {
    /// Reads the words after `walls`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--doctor" => options.doctor = true,
                "--available" => options.available = true,
                "--suite" => options.suites.push(suites::known(words.next().unwrap_or_default())?),
                "--only" => options.only = Some(known(words.next().unwrap_or_default())?),
                other => return Err(Error::Usage { complaint: format!("`walls` has no option `{other}`") }),
            }
        }
        Ok(options)
    }

    fn wants_suite(&self, suite: &Suite) -> bool {
        self.suites.is_empty() || self.suites.iter().any(|name| name == suite.name)
    }

    fn wants(&self, environment: &Environment) -> bool {
        self.only.as_deref().is_none_or(|only| only == environment.name)
    }
}

fn known(name: &str) -> Result<String, Error> {
    if ENVIRONMENTS.iter().any(|environment| environment.name == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = ENVIRONMENTS.iter().map(|environment| environment.name).collect();
    let complaint = format!("there are no surroundings `{name}`: choose one of {}", names.join(", "));
    Err(Error::Usage { complaint })
}

/// Runs the checks; the first environment that fails does not keep the others from running.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let root = is_root()?;
    let wanted: Vec<_> = ENVIRONMENTS.iter().filter(|environment| options.wants(environment)).collect();
    match environments::require(&wanted, root) {
        Err(lacking @ Error::Missing { .. }) if options.available => {
            println!("no surroundings are available here: {lacking}");
            return Ok(());
        }
        required => required?,
    }
    let built = suites::build()?;
    let began = Instant::now();
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for environment in wanted {
        println!("{}: {}", environment.name, environment.what);
        if environment.needs_root && !root {
            println!("  not tried: it needs a start as root");
            continue;
        }
        let within = Surroundings::new(environment, root)?;
        if let Some(reason) = within.refusal().filter(|_| options.available) {
            println!("  not available here: {reason}");
            left_out += 1;
            continue;
        }
        let mut checks: Vec<Check<'_>> =
            vec![("doctor".into(), Box::new(|| verdict::check(&within, &built)))];
        if !options.doctor && environment.has_wall() {
            let suites = built.suites.iter().filter(|suite| options.wants_suite(suite));
            checks.extend(suites.map(|suite| step(suite, &within)));
        }
        for (name, check) in checks {
            if passes(&name, &check) { passed += 1 } else { failed += 1 }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("\n{passed} passed, {failed} failed, {left_out} surroundings not available in {seconds:.1} s");
    if failed > 0 { Err(Error::Walls { failed }) } else { Ok(()) }
}

/// A name, and what gives a note or a complaint.
type Check<'c> = (String, Box<dyn Fn() -> Result<String, Error> + 'c>);

fn step<'c>(suite: &'c Suite, within: &'c Surroundings) -> Check<'c> {
    (suite.name.to_owned(), Box::new(|| suite.run(within)))
}

fn passes(name: &str, check: &dyn Fn() -> Result<String, Error>) -> bool {
    print!("  {name} ... ");
    // A terminal that is gone shows itself at the next line.
    let _ = io::stdout().flush();
    let began = Instant::now();
    let outcome = check();
    let seconds = began.elapsed().as_secs_f64();
    match &outcome {
        Ok(note) => println!("ok, {note} ({seconds:.1} s)"),
        Err(error) => println!("FAILED ({seconds:.1} s)\n    {}", error.to_string().replace('\n', "\n    ")),
    }
    outcome.is_ok()
}

fn is_root() -> Result<bool, Error> {
    fs::metadata("/proc/self").map(|own| own.uid() == 0).map_err(Error::io("look at /proc/self"))
}

/// The folders that the built programs name by absolute paths.
fn folders() -> Result<Vec<std::path::PathBuf>, Error> {
    let (root, target) = (tree::root().to_owned(), tree::target_folder()?);
    Ok(if target.starts_with(&root) { vec![root] } else { vec![root, target] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_choose_the_surroundings() {
        let chosen = |words: &[&str]| {
            let options = Options::parse(words).expect("known words");
            ENVIRONMENTS.iter().filter(|one| options.wants(one)).map(|one| one.name).collect::<Vec<_>>()
        };
        assert_eq!(chosen(&[]).len(), ENVIRONMENTS.len());
        assert_eq!(chosen(&["--only", "container"]), ["container"]);
        assert!(Options::parse(&["--doctor"]).expect("known").doctor);
        assert!(Options::parse(&["--available"]).expect("known").available);
        let two = Options::parse(&["--suite", "isolation", "--suite", "sandbox"]).expect("known");
        assert_eq!(two.suites, ["isolation", "sandbox"]);
    }

    #[test]
    fn unknown_words_are_told() {
        let complaint = |words: &[&str]| Options::parse(words).expect_err("unknown").to_string();
        assert_eq!(complaint(&["--fast"]), "`walls` has no option `--fast`");
        assert!(complaint(&["--suite", "x"]).starts_with("there is no suite `x`: choose one of sandbox, "));
        let told = complaint(&["--only", "moon"]);
        assert!(told.starts_with("there are no surroundings `moon`: choose one of root, user, "), "{told}");
    }
}
