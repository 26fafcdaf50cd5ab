//! The work of looking for blocks is linear in the text.

use proptest::prelude::*;
use terraphim_extract::{STEPS_PER_BYTE, extract_counted};

/// Texts that make parsers slow, of about this many bytes.
fn hard(bytes: usize) -> Vec<(&'static str, String)> {
    let of = |part: &str| part.repeat(bytes / part.len().max(1));
    let half = |part: &str, other: &str| {
        part.repeat(bytes / 2 / part.len()) + &other.repeat(bytes / 2 / other.len())
    };
    let staircase: String = (0..)
        .map(|n| format!("{}- a\n", " ".repeat(2 * n)))
        .scan(0, |sum, line| {
            *sum += line.len();
            (*sum <= bytes / 2).then_some(line)
        })
        .collect();
    vec![
        ("backticks", of("`")),
        ("backticks and tildes", of("`~")),
        ("quotes", of(">")),
        ("quotes of many lines", of(&format!("{}a\n", ">".repeat(999)))),
        ("items", of("- ")),
        ("items and empty lines", half("- ", "\n")),
        ("a fence in items and empty lines", half("- ", "\n").replacen("- \n", "- ```\n", 1)),
        ("a staircase of items and empty lines", staircase + &"\n".repeat(bytes / 2)),
        ("numbers", of("1. ")),
        ("fences", of("```\n")),
        ("openings", of("```ts\nreturn 1;\n```\n")),
        ("same programs", of("```ts\nimport { a } from 'mcp-servers';\nreturn a;\n```\n")),
        ("tabs", of("\t")),
        ("blanks", of(" ")),
        ("html", of("<a ")),
        ("attributes", of("<a b=\"")),
        ("one line of code", format!("```\n{}", of("a "))),
        ("carriage returns", of("\r")),
        ("rules", of("* * * a\n")),
        ("thoughts", of("<think></think>")),
        ("thoughts that begin", of("<think>\n")),
        ("thoughts that end", of("```\na\n```\n</think>\n")),
        ("code in elements", of("<code></code>")),
        ("elements of a line each", of("<execute>a</execute>\n")),
        ("closing tags", of("</")),
    ]
}

#[test]
fn hard_texts_take_steps_by_their_length() {
    for bytes in [10_000, 100_000] {
        for (name, text) in hard(bytes) {
            let (_, steps) = extract_counted(&text);
            let most = STEPS_PER_BYTE * (text.len() as u64 + 1);
            assert!(steps <= most, "{name}: {steps} steps for {} bytes", text.len());
        }
    }
}

proptest! {
    #[test]
    fn any_text_takes_steps_by_its_length(text in "([`~>\\-*+ \t\n0-9.a<]{0,20}){0,60}") {
        let (_, steps) = extract_counted(&text);
        prop_assert!(steps <= STEPS_PER_BYTE * (text.len() as u64 + 1), "{} steps for {} bytes", steps, text.len());
    }
}
