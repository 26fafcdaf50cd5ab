//! The suites that attack the wall, as test programs that are built once.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::environments::Surroundings;
use crate::{
    error::Error,
    process,
    tree::{cargo, root, succeed},
};

/// How long one suite may take.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// How long the build may take.
const BUILD_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// A suite's name, its package, its test program and a part of its tests' names.
const SUITES: &[(&str, &str, &str, Option<&str>)] = &[
    ("sandbox", "terraphim_sandbox", "all", None),
    ("hostile", "terraphim", "all", Some("hostile::")),
    ("isolation", "terraphim", "all", Some("isolation::")),
];

/// The name of a suite, or a complaint.
pub(super) fn known(name: &str) -> Result<String, Error> {
    if SUITES.iter().any(|(suite, ..)| *suite == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = SUITES.iter().map(|(suite, ..)| *suite).collect();
    let complaint = format!("there is no suite `{name}`: choose one of {}", names.join(", "));
    Err(Error::Usage { complaint })
}

/// What was built.
pub(super) struct Built {
    /// The product.
    pub(super) binary: PathBuf,
    pub(super) suites: Vec<Suite>,
}

/// Tests that are run together.
pub(super) struct Suite {
    pub(super) name: &'static str,
    program: PathBuf,
    folder: PathBuf,
    filter: Option<&'static str>,
}

/// Builds the product, the test programs and the server that they talk to.
pub(super) fn build() -> Result<Built, Error> {
    println!("building the suites");
    succeed(cargo().args(["build", "--package", "terraphim_test_upstream"]), BUILD_DEADLINE)?;
    let mut command = cargo();
    // As `cargo test --workspace` builds them: what it has built is used again.
    command.args(["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]);
    let ended = process::capture(&mut command, BUILD_DEADLINE)?;
    if ended.code != Some(0) {
        // Its standard output is for programs.
        return Err(Error::Program { command: process::line(&command), output: ended.stderr });
    }
    let messages: Vec<Value> =
        ended.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let binary = program(&messages, "terraphim", "bin", "terraphim", false)?;
    let mut suites = Vec::new();
    for &(name, package, target, filter) in SUITES {
        let program = program(&messages, package, "test", target, true)?;
        suites.push(Suite { name, program, folder: root().join("crates").join(package), filter });
    }
    Ok(Built { binary, suites })
}

/// The program that cargo has built for a target.
fn program(messages: &[Value], package: &str, kind: &str, name: &str, test: bool) -> Result<PathBuf, Error> {
    let text = |value: &Value, path: &str| {
        value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let folder = format!("/crates/{package}/");
    let found = messages.iter().find(|message| {
        text(message, "/reason") == "compiler-artifact"
            && text(message, "/manifest_path").contains(&folder)
            && text(message, "/target/name") == name
            && text(message, "/target/kind/0") == kind
            && message.pointer("/profile/test").and_then(Value::as_bool) == Some(test)
    });
    let path = found.map(|message| text(message, "/executable")).filter(|path| !path.is_empty());
    path.map(PathBuf::from).ok_or_else(|| Error::Unreadable {
        what: "what cargo has built".into(),
        complaint: format!("it names no {kind} `{name}` of {package}"),
    })
}

impl Suite {
    /// Runs it in these surroundings; gives the number of tests.
    pub(super) fn run(&self, within: &Surroundings) -> Result<String, Error> {
        let ended = within.run(&self.program, self.filter.as_slice(), &self.folder, DEADLINE)?;
        let line = format!("{} {}", Path::new(&self.program).display(), self.filter.unwrap_or_default());
        if ended.code != Some(0) {
            let output = format!("{}{}", ended.stdout, ended.stderr);
            return Err(Error::Program { command: line, output: last(&output, 120) });
        }
        match passed(&ended.stdout) {
            Some(tests @ 1..) => Ok(format!("{tests} tests")),
            _ => Err(Error::Program { command: line, output: format!("no test ran\n{}", ended.stdout) }),
        }
    }
}

/// How many tests a runner says have passed.
fn passed(output: &str) -> Option<u32> {
    let line = output.lines().rev().find_map(|line| line.strip_prefix("test result: ok. "))?;
    line.split_once(" passed")?.0.parse().ok()
}

fn last(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_tests_is_read() {
        assert_eq!(passed("x\ntest result: ok. 12 passed; 0 failed; 0 ignored\n"), Some(12));
        assert_eq!(passed("test result: FAILED. 1 passed; 1 failed"), None);
    }
}
