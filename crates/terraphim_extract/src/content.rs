//! What the text of a program says of whether it is to be run.

use terraphim_types::Language;

use crate::{guess, info::head};

/// Lines and bytes of a line that are looked at.
const MAX_LINES: usize = 400;
const MAX_LINE_BYTES: usize = 300;

/// A sign in a program, with its points.
pub(crate) type Sign = (&'static str, i32);

pub(crate) const DECLARES: &str = "only declares";
pub(crate) const ONE_LINE: &str = "a single line";
pub(crate) const DATA: &str = "data";
pub(crate) const NEEDS_MORE: &str = "needs what the sandbox has not";

/// The lines that count, without indentation being lost.
fn lines(code: &str) -> impl Iterator<Item = &str> {
    code.lines().take(MAX_LINES).map(|line| head(line, MAX_LINE_BYTES)).filter(|line| !line.trim().is_empty())
}

/// Whether a program imports a module of ours, or calls `mcp`.
pub(crate) fn uses_modules(code: &str, language: Language) -> bool {
    lines(code).any(|line| match language {
        Language::TypeScript | Language::JavaScript | Language::Node => {
            ["'mcp-servers", "\"mcp-servers", "'mcp-runtime", "\"mcp-runtime"]
                .iter()
                .any(|name| line.contains(name))
        }
        Language::Python => {
            let line = line.trim_start();
            (line.starts_with("from ") || line.starts_with("import "))
                && (line.contains("mcp_servers") || line.contains("mcp_runtime"))
        }
        Language::Bash => ["mcp call ", "mcp search", "mcp docs", "mcp save", "mcp load"]
            .iter()
            .any(|name| line.contains(name)),
        Language::Rust => line.contains("mcp_servers") || line.contains("mcp_runtime"),
    })
}

/// The signs of a program.
pub(crate) fn signs(code: &str, language: Language) -> Vec<Sign> {
    let mut signs = Vec::new();
    let mut add = |is_there: bool, name: &'static str, points: i32| {
        if is_there {
            signs.push((name, points));
        }
    };
    let shown: Vec<&str> = lines(code).collect();
    let real: Vec<&str> = shown.iter().copied().filter(|line| !is_comment(line, language)).collect();
    let uses = uses_modules(code, language);
    add(uses, "imports MCP servers", 25);
    add(gives_result(&real, language), "gives a result", 10);
    add(real.is_empty(), "nothing but comments", -60);
    add(real.len() == 1 && !uses, ONE_LINE, -15);
    add(shown.iter().any(|line| has_gap(line, language)), "has gaps to fill in", -45);
    add(guess::is_difference(code), "a difference", -60);
    add(guess::is_data(code) && !guess::is_difference(code), DATA, -60);
    add(only_declares(&real, language), DECLARES, -30);
    add(
        language == Language::Bash && !real.is_empty() && real.iter().all(|line| is_setup(line)),
        "only sets something up",
        -50,
    );
    add(real.iter().any(|line| needs_more(line)), NEEDS_MORE, -20);
    add(is_test(&real, language), "a test", -30);
    signs
}

fn is_comment(line: &str, language: Language) -> bool {
    let line = line.trim_start();
    match language {
        Language::Python | Language::Bash => line.starts_with('#'),
        _ => line.starts_with("//") || line.starts_with("/*") || line.starts_with("* ") || line == "*/",
    }
}

/// Whether a program ends with what is its result: a `return`, an export, a last expression, output.
fn gives_result(real: &[&str], language: Language) -> bool {
    let Some(last) = real.last() else { return false };
    match language {
        Language::TypeScript | Language::JavaScript | Language::Node => {
            real.iter().any(|line| line.starts_with("return ") || line.starts_with("export default"))
                || real
                    .iter()
                    .any(|line| line.starts_with("async function ") || line.starts_with("function main"))
        }
        Language::Python => {
            real.iter().any(|line| line.starts_with("result =") || line.starts_with("print("))
                || !last.starts_with([' ', '\t']) && !last.contains(" = ") && !last.ends_with(':')
        }
        Language::Bash => {
            real.iter().any(|line| line.contains("jq ") || line.contains("echo ") || line.contains("printf "))
        }
        Language::Rust => real.iter().any(|line| line.contains("fn main")),
    }
}

/// Whether a line stands for something that is left out.
fn has_gap(line: &str, language: Language) -> bool {
    let bare = line.trim();
    let comment = bare.trim_start_matches(['/', '#', '*', ' ']);
    let is_note = is_comment(line, language);
    matches!(bare, "..." | "…" | "// ..." | "# ..." | "/* ... */")
        || is_note && (comment.starts_with("...") || comment.starts_with('…') || comment.ends_with("..."))
        || is_note
            && ["your code", "rest of", "existing code", "same as before", "unchanged"]
                .iter()
                .any(|word| comment.to_lowercase().contains(word))
        || [
            "YOUR_",
            "<your",
            "<YOUR",
            "your-token",
            "your_token",
            "<repo>",
            "<owner>",
            "<name>",
            "<server>",
            "<tool>",
            "TODO",
        ]
        .iter()
        .any(|word| bare.contains(word))
        || bare.ends_with("{ ... }")
        || bare.contains("(...)")
        || bare.contains("{ ... }")
        || bare.contains("{...}")
}

/// Whether a program gives something by itself: it says so, or it prints.
pub(crate) fn is_complete(code: &str, language: Language) -> bool {
    let real: Vec<&str> = lines(code).filter(|line| !is_comment(line, language)).collect();
    gives_result(&real, language) && !only_declares(&real, language)
}

/// Whether there is nothing but types, imports or single declarations without a use.
fn only_declares(real: &[&str], language: Language) -> bool {
    if real.is_empty() {
        return false;
    }
    let top = real.iter().filter(|line| !line.starts_with([' ', '\t', '}', ')', ']']));
    let declares = |line: &&&str| match language {
        Language::TypeScript | Language::JavaScript | Language::Node => {
            ["interface ", "type ", "declare ", "export interface", "export type", "import "]
                .iter()
                .any(|word| line.starts_with(word))
        }
        Language::Python => {
            ["import ", "from ", "class ", "@", "def ", "async def "]
                .iter()
                .any(|word| line.starts_with(word))
                && !line.starts_with("def main")
                && !line.starts_with("async def main")
        }
        Language::Bash => false,
        Language::Rust => {
            !real.iter().any(|line| line.contains("fn main"))
                && ["use ", "pub ", "struct ", "enum ", "#[", "impl ", "trait ", "fn ", "type ", "let "]
                    .iter()
                    .any(|word| line.starts_with(word))
        }
    };
    let mut top = top.peekable();
    top.peek().is_some() && top.all(|line| declares(&line))
}

/// A command that installs, fetches or begins something on the user's own machine.
fn is_setup(line: &str) -> bool {
    const COMMANDS: &[&str] = &[
        "npm ",
        "npx ",
        "yarn ",
        "pnpm ",
        "bun ",
        "deno ",
        "node ",
        "pip ",
        "pip3 ",
        "pipx ",
        "poetry ",
        "uv ",
        "python ",
        "python3 ",
        "cargo ",
        "rustup ",
        "rustc ",
        "apt ",
        "apt-get ",
        "brew ",
        "dnf ",
        "apk ",
        "sudo ",
        "git ",
        "cd ",
        "mkdir ",
        "export ",
        "source ",
        "docker ",
        "terraphim ",
        "claude ",
        "chmod ",
        "./",
        "curl ",
        "wget ",
        "conda ",
        "code ",
        "touch ",
        "tsc ",
        "ts-node ",
        "tsx ",
        "bash ",
        "sh ",
    ];
    let line = line.trim_start().trim_start_matches("$ ");
    COMMANDS.iter().any(|command| line.starts_with(command))
}

/// Something that only an application or another platform has.
fn needs_more(line: &str) -> bool {
    const SIGNS: &[&str] = &[
        "express()",
        "app.listen",
        "useState",
        "useEffect",
        "document.",
        "window.",
        "import React",
        "from flask",
        "from django",
        "import torch",
        "@app.",
        "new McpServer",
        "FastMCP(",
        "StdioClientTransport",
        "ClientSession(",
        "#[tokio::main]",
        "reqwest::",
        "use serde",
        "use tokio",
        "import requests",
        "axios",
        "describe(",
        "@pytest",
        "import pytest",
    ];
    SIGNS.iter().any(|sign| line.contains(sign))
}

fn is_test(real: &[&str], language: Language) -> bool {
    real.iter().any(|line| match language {
        Language::Rust => line.contains("#[test]") || line.contains("#[cfg(test)]"),
        Language::Python => line.starts_with("def test_"),
        Language::Bash => false,
        _ => line.starts_with("test(") || line.starts_with("it(") || line.starts_with("describe("),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_seen() {
        let names = |code: &str, language| {
            signs(code, language).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(
                "import { up } from 'mcp-servers';\nreturn await up.add({ a: 1, b: 2 });",
                Language::TypeScript
            ),
            ["imports MCP servers", "gives a result"]
        );
        assert_eq!(
            names("npm install -g terraphim", Language::Bash),
            ["a single line", "only sets something up"]
        );
        assert_eq!(names("interface A {\n  a: number;\n}", Language::TypeScript), ["only declares"]);
        assert_eq!(names("// only this", Language::TypeScript), ["nothing but comments"]);
    }
}
