//! The language of a block without a tag, by its content.
//!
//! Each line is held against the marks of each language; a mark counts for as
//! many points as it is telling, and at most eight times. The language with the
//! most points wins, if it has three at least and more than any other. Data
//! (JSON, differences, tables, traces) is told first, because it can hold anything.

use terraphim_types::Language;

/// Lines that are looked at.
const MAX_LINES: usize = 200;
/// Bytes of a line that are looked at.
const MAX_LINE_BYTES: usize = 300;
/// Fewest points of a guess.
const LEAST: u32 = 3;
/// How often a mark counts.
const MOST_TIMES: u32 = 8;

/// Where a mark must stand in a line.
#[derive(Clone, Copy)]
enum At {
    Start,
    End,
    Anywhere,
}

use At::{Anywhere, End, Start};
use Language::{Bash, Python, Rust, TypeScript};

/// Language, points, place and text of each mark.
const MARKS: &[(Language, u32, At, &str)] = &[
    (TypeScript, 2, Start, "const "),
    (TypeScript, 2, Start, "let "),
    (TypeScript, 1, Start, "var "),
    (TypeScript, 3, Anywhere, "=> {"),
    (TypeScript, 2, Anywhere, " => "),
    (TypeScript, 2, Anywhere, "=== "),
    (TypeScript, 3, Start, "import {"),
    (TypeScript, 2, Anywhere, " from '"),
    (TypeScript, 2, Anywhere, " from \""),
    (TypeScript, 2, Anywhere, "console.log("),
    (TypeScript, 2, Start, "async function "),
    (TypeScript, 2, Start, "function "),
    (TypeScript, 1, Start, "return "),
    (TypeScript, 1, Anywhere, "await "),
    (TypeScript, 1, End, ";"),
    (TypeScript, 2, Start, "export "),
    (TypeScript, 2, Start, "interface "),
    (Python, 5, Start, ">>> "),
    (Python, 3, Start, "def "),
    (Python, 3, Start, "async def "),
    (Python, 3, Start, "from mcp_servers"),
    (Python, 2, Start, "from "),
    (Python, 2, Start, "import "),
    (Python, 2, Start, "elif "),
    (Python, 2, Start, "except"),
    (Python, 2, Start, "print("),
    (Python, 2, Start, "with "),
    (Python, 1, Start, "for "),
    (Python, 1, Start, "if "),
    (Python, 2, End, ":"),
    (Python, 1, Start, "return "),
    (Python, 1, Anywhere, "await "),
    (Python, 2, Anywhere, " for x in "),
    (Python, 2, Anywhere, "None"),
    (Python, 2, Anywhere, "True"),
    (Python, 2, Anywhere, "f\""),
    (Python, 2, Anywhere, "f'"),
    (Bash, 5, Start, "#!/bin/bash"),
    (Bash, 5, Start, "#!/usr/bin/env bash"),
    (Bash, 5, Start, "#!/bin/sh"),
    (Bash, 4, Start, "mcp "),
    (Bash, 3, Start, "set -"),
    (Bash, 2, Start, "echo "),
    (Bash, 2, Start, "export "),
    (Bash, 3, Start, "fi"),
    (Bash, 3, Start, "done"),
    (Bash, 3, End, "; then"),
    (Bash, 3, End, "; do"),
    (Bash, 3, Anywhere, "$("),
    (Bash, 2, Anywhere, " | "),
    (Bash, 2, Anywhere, " && "),
    (Bash, 2, Anywhere, "\"$"),
    (Bash, 3, Start, "curl "),
    (Bash, 3, Start, "git "),
    (Bash, 3, Start, "npm "),
    (Bash, 3, Start, "pip "),
    (Bash, 3, Start, "cargo "),
    (Bash, 3, Start, "cd "),
    (Bash, 3, Start, "grep "),
    (Bash, 3, Start, "$ "),
    (Rust, 4, Start, "fn "),
    (Rust, 4, Start, "pub fn "),
    (Rust, 4, Start, "use mcp_"),
    (Rust, 3, Start, "use std"),
    (Rust, 3, Start, "let mut "),
    (Rust, 3, Start, "impl "),
    (Rust, 3, Start, "#["),
    (Rust, 3, Anywhere, "println!("),
    (Rust, 3, Anywhere, "json!("),
    (Rust, 2, Anywhere, "::new("),
    (Rust, 2, Anywhere, "-> "),
    (Rust, 2, Anywhere, "?;"),
    (Rust, 2, Anywhere, ".unwrap()"),
    (Rust, 2, Anywhere, "&mut "),
    (Rust, 1, End, ";"),
];

/// The language of a text that has none, as far as its content tells it.
pub(crate) fn language(code: &str) -> Option<Language> {
    if is_data(code) {
        return None;
    }
    let mut times = vec![0_u32; MARKS.len()];
    for line in code.lines().take(MAX_LINES) {
        let line = crate::info::head(line, MAX_LINE_BYTES).trim();
        for ((_, _, at, text), times) in MARKS.iter().zip(&mut times) {
            let is_there = match at {
                Start => line.starts_with(text),
                End => line.ends_with(text),
                Anywhere => line.contains(text),
            };
            *times += u32::from(is_there && *times < MOST_TIMES);
        }
    }
    let points = |wanted: Language| -> u32 {
        let of = MARKS.iter().zip(&times).filter(|((language, ..), _)| *language == wanted);
        of.map(|((_, points, ..), times)| points * times).sum()
    };
    let mut ranked = [TypeScript, Python, Bash, Rust].map(|language| (points(language), language));
    ranked.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    let [(best, language), (second, _), ..] = ranked;
    (best >= LEAST && best > second).then_some(language)
}

/// Whether a text is data: JSON, a difference, a table, a listing, a trace.
pub(crate) fn is_data(code: &str) -> bool {
    let text = code.trim();
    if text.is_empty() {
        return true;
    }
    is_json(text) || is_difference(text) || is_trace(text) || is_table(text)
}

fn is_json(text: &str) -> bool {
    let mut bytes = text.bytes();
    let (first, last) = (bytes.next(), text.bytes().next_back());
    let bracketed = matches!((first, last), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
    let inner = text.get(1..).unwrap_or_default().trim_start();
    let starts_as_json = inner.starts_with(['"', '{', '[', '}', ']', '-'])
        || inner.starts_with(|c: char| c.is_ascii_digit())
        || inner.starts_with("true")
        || inner.starts_with("null");
    bracketed && starts_as_json
}

/// Whether most lines are marked as added or removed.
pub(crate) fn is_difference(text: &str) -> bool {
    let (mut all, mut marked, mut added, mut removed) = (0, 0, 0, 0);
    for line in text.lines().take(MAX_LINES) {
        if line.starts_with("@@ ") || line.starts_with("--- a/") || line.starts_with("diff --git") {
            return true;
        }
        all += 1;
        let is = |mark: &str| line.starts_with(mark) && !line.starts_with(&mark.repeat(2));
        added += usize::from(is("+"));
        removed += usize::from(is("-"));
        marked += usize::from(is("+") || is("-"));
    }
    added > 0 && removed > 0 && marked * 3 >= all
}

fn is_trace(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("Traceback (most recent call last)")
        || first.starts_with("error[")
        || first.starts_with("error: ")
        || first.starts_with("thread '")
        || first.contains("Error: ") && !first.contains("throw") && !first.contains('(')
}

fn is_table(text: &str) -> bool {
    let drawn = |line: &str| line.starts_with(['|', '├', '└', '│', '┌', '+']);
    text.lines().take(MAX_LINES).filter(|line| drawn(line.trim_start())).count() * 2
        > text.lines().take(MAX_LINES).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_their_marks() {
        for (code, language) in [
            ("import { up } from 'mcp-servers';\nreturn await up.add({ a: 1, b: 2 });", Some(TypeScript)),
            ("from mcp_servers import up\nup.add(a=1, b=2)", Some(Python)),
            ("mcp call up.add a:=1 b:=2 | jq .sum", Some(Bash)),
            ("fn main() {\n    println!(\"{}\", 1);\n}", Some(Rust)),
            ("{\"a\": 1}", None),
            ("- old\n+ new", None),
            ("Traceback (most recent call last):\n  File", None),
            ("| a | b |\n|---|---|", None),
            ("just some words", None),
            ("", None),
        ] {
            assert_eq!(super::language(code), language, "{code}");
        }
    }
}
