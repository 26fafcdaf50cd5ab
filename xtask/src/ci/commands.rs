//! The README gives two commands: one that runs the product, one that tests
//! it. CONTRIBUTING gives the same, and the script of the build machine runs
//! the one that tests, so that what a reader is told is what is tried.

use super::Report;
use crate::{error::Error, tree};

/// The two commands are the lines of the README's shell blocks that open so.
const OPENINGS: [&str; 2] = ["cargo run ", TEST];
const TEST: &str = "cargo test";
/// The script of the build machine, which runs the product through its tests.
const SCRIPT: &str = ".ci/run";

/// Compares the three files.
pub(super) fn gate() -> Result<Report, Error> {
    let readme = tree::read("README.md")?;
    let others = [("CONTRIBUTING.md", tree::read("CONTRIBUTING.md")?), (SCRIPT, tree::read(SCRIPT)?)];
    Ok(Report::of(findings(&readme, &others)))
}

fn findings(readme: &str, others: &[(&str, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    for opening in OPENINGS {
        let commands: Vec<_> =
            shell_lines(readme).into_iter().filter(|line| line.starts_with(opening)).collect();
        let [command] = commands.as_slice() else {
            findings.push(format!(
                "README.md has {} lines that open with `{}` in its `sh` blocks: give exactly one",
                commands.len(),
                opening.trim_end()
            ));
            continue;
        };
        for (file, text) in others {
            let due = *file != SCRIPT || opening == TEST;
            if due && !names(text, command) {
                findings.push(format!(
                    "{file} does not name the README's `{command}`: write it there as it stands"
                ));
            }
        }
    }
    findings
}

/// Whether a text has a command whole: nothing of a longer one, and no comment.
fn names(text: &str, command: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.into_iter().any(|line| line == command || line.contains(&format!("`{command}`")))
}

/// The lines of the blocks that are marked as shell.
fn shell_lines(markdown: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in markdown.lines().map(str::trim) {
        match line.strip_prefix("```") {
            Some(mark) => inside = !inside && matches!(mark, "sh" | "bash" | "console" | "shell"),
            None if inside => lines.push(line.trim_start_matches("$ ")),
            None => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str =
        "# A\n```sh\n$ cargo run -- x\ncargo test --workspace\n```\n```rust\ncargo run y\n```\n";

    fn check(readme: &str, contributing: &str, script: &str) -> Vec<String> {
        findings(readme, &[("CONTRIBUTING.md", contributing.into()), (".ci/run", script.into())])
    }

    #[test]
    fn the_same_commands_pass() {
        let contributing = "Run `cargo run -- x`, then\n```sh\ncargo test --workspace\n```\n";
        assert_eq!(check(README, contributing, "set -e\n  cargo test --workspace\n"), [""; 0]);
    }

    #[test]
    fn another_command_is_told() {
        let told = check(
            README,
            "`cargo test --workspace`",
            "# cargo test --workspace\ncargo test --workspace --all\n",
        );
        assert_eq!(
            told,
            [
                "CONTRIBUTING.md does not name the README's `cargo run -- x`: write it there as it stands",
                ".ci/run does not name the README's `cargo test --workspace`: write it there as it stands"
            ]
        );
    }

    #[test]
    fn the_readme_gives_one_of_each() {
        let told = check("```sh\ncargo test\ncargo test --workspace\n```", "", "");
        assert_eq!(told.len(), 2);
        assert!(told[0].contains("0 lines that open with `cargo run`"), "{told:?}");
        assert!(told[1].contains("2 lines that open with `cargo test`"), "{told:?}");
    }
}
