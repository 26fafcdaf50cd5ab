//! `cargo xtask eval discovery`: how good and how fast the tool search is on
//! public sets of queries with known answers, beside two plain searches of the
//! same run. The product's answers come from a program of its own, the example
//! `discovery_runs`; what is right is decided here.

mod baseline;
mod measure;
mod report;
mod sets;
pub(crate) mod types;
mod validate;

use std::{path::PathBuf, process::Command, time::Duration};

use serde_json::Value;

use self::{
    measure::{Answer, Measures},
    sets::{SETS, Set},
};
use crate::{
    error::Error,
    process,
    tree::{self, cargo},
};

/// How long the build and the answers of one set may take.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    data: PathBuf,
    cross_validate: bool,
}

impl Options {
    /// Reads the words after `eval`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Error> {
        let usage = |complaint: &str| Error::Usage { complaint: complaint.to_owned() };
        let ["discovery", words @ ..] = words else {
            return Err(usage("`eval` needs `discovery` or `types`"));
        };
        let (mut data, mut cross_validate) = (None, false);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--data" => {
                    let folder = words.next().filter(|folder| !folder.starts_with('-'));
                    data = Some(PathBuf::from(folder.ok_or_else(|| usage("`--data` needs a folder"))?));
                }
                "--cross-validate" => cross_validate = true,
                other => return Err(usage(&format!("`eval discovery` has no option `{other}`"))),
            }
        }
        let data = data.ok_or_else(|| usage("`eval discovery` needs `--data FOLDER`"))?;
        Ok(Self { data, cross_validate })
    }
}

/// Measures, prints, and fails where a promise of time or memory is not kept.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let folder = options.data.join("discovery");
    if !folder.is_dir() {
        let complaint =
            "there is no folder `discovery` in it; give the folder that holds the sets".to_owned();
        return Err(Error::Unreadable { what: options.data.display().to_string(), complaint });
    }
    build()?;
    if options.cross_validate {
        return validate::run(&folder);
    }
    let mut findings = Vec::new();
    let mut rows = Vec::new();
    for set in SETS {
        let loaded = sets::load(&folder, set)?;
        let (answers, costs) = ask(&folder, set, &[])?;
        let mut compared = vec![("here".to_owned(), Measures::of(&loaded, &answers)?)];
        for (name, answers) in baseline::answers(&loaded) {
            compared.push((name.to_owned(), Measures::of(&loaded, &answers)?));
        }
        if set.is_large() {
            findings.extend(report::costs(&costs, &answers)?);
        }
        rows.push((*set, compared));
    }
    report::table(&rows);
    if findings.is_empty() {
        return Ok(());
    }
    let repeat = format!("cargo xtask eval discovery --data {}", options.data.display());
    Err(Error::Gate { gate: "eval", findings, repeat })
}

/// Builds the program that answers, with the profile of a release.
fn build() -> Result<(), Error> {
    let mut command = cargo();
    command.args(["build", "--release", "-p", "terraphim_mcp_codegen", "--example", "discovery_runs"]);
    answered(&mut command).map(|_| ())
}

/// The answers of the product to a set's queries, under the default weights and
/// under each setting, and what its index cost.
fn ask(
    folder: &std::path::Path,
    set: &Set,
    settings: &[(String, String)],
) -> Result<(Vec<Answer>, Value), Error> {
    let program = tree::target_folder()?.join("release/examples/discovery_runs");
    let mut command = Command::new(program);
    command.arg(folder);
    for (label, weights) in settings {
        command.args(["--setting", label, weights]);
    }
    command.args(["--set", set.name, &set.queries.join(","), &set.tools.join(",")]);
    let said = answered(&mut command)?;
    let unreadable = |complaint: String| Error::Unreadable { what: process::line(&command), complaint };
    let (mut answers, mut costs) = (Vec::new(), Value::Null);
    for line in said.lines() {
        let value: Value = serde_json::from_str(line).map_err(|error| unreadable(error.to_string()))?;
        match Answer::read(&value) {
            Some(answer) => answers.push(answer),
            None => costs = value,
        }
    }
    if costs.is_null() {
        return Err(unreadable("it did not say what its index cost".to_owned()));
    }
    Ok((answers, costs))
}

fn answered(command: &mut Command) -> Result<String, Error> {
    let ended = process::capture(command, DEADLINE)?;
    match ended.code {
        Some(0) => Ok(ended.stdout),
        _ => Err(Error::Program { command: process::line(command), output: ended.stderr }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read() {
        let parsed = Options::parse(&["discovery", "--data", "x", "--cross-validate"]).expect("it is right");
        assert_eq!(parsed, Options { data: "x".into(), cross_validate: true });
        for wrong in
            [&["discovery"][..], &["search"], &["discovery", "--data"], &["discovery", "--data", "x", "y"]]
        {
            assert!(matches!(Options::parse(wrong), Err(Error::Usage { .. })), "{wrong:?}");
        }
    }
}
