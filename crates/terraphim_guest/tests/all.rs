//! What the project says of the guest's system calls is what its filters let through.
#![expect(clippy::expect_used, reason = "helpers of tests, which the exemption for tests does not reach")]

#[path = "all/python.rs"]
mod python;

use std::fmt::Write;

use terraphim_guest::jail::{
    COMMAND_OLD_CALLS, COMMAND_REFUSED_CALLS, COMMAND_RUN_CALLS, Call, NODE_REFUSED_CALLS, NODE_RUN_CALLS,
    RUN_CALLS, RUNTIME_OLD_CALLS, RUNTIME_RUN_CALLS, SUPERVISOR_CALLS, UNFILTERED_CALLS, WAITER_CALLS,
    ZYGOTE_CALLS,
};

fn rows(calls: &[Call]) -> String {
    let mut table = String::from("| call | what of it | why |\n| --- | --- | --- |\n");
    for Call { name, only, reason, .. } in calls {
        let words = only.words();
        let what = if words.is_empty() { "all" } else { words };
        writeln!(table, "| `{name}` | {what} | {reason} |").expect("text can be written to");
    }
    table
}

fn unfiltered() -> String {
    let mut table = String::from("| call | number | in a program it |\n| --- | --- | --- |\n");
    for (name, number, what) in UNFILTERED_CALLS {
        writeln!(table, "| `{name}` | {number} | {what} |").expect("text can be written to");
    }
    table
}

#[test]
fn the_security_document_has_the_tables_of_the_filters() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../SECURITY.md");
    let text = std::fs::read_to_string(document).unwrap_or_default();
    let mut tables = vec![
        ("a run", rows(RUN_CALLS)),
        ("the zygote", rows(ZYGOTE_CALLS)),
        ("the process that waits for the zygote", rows(WAITER_CALLS)),
        ("a supervisor", rows(SUPERVISOR_CALLS)),
        ("node", rows(NODE_RUN_CALLS)),
    ];
    // The document has the older names of x86_64, of which the other architecture has none.
    if !COMMAND_OLD_CALLS.is_empty() {
        tables.push(("the processes of commands", rows(&[COMMAND_RUN_CALLS, COMMAND_OLD_CALLS].concat())));
    }
    // The calls of one architecture; the other has none.
    if !UNFILTERED_CALLS.is_empty() {
        tables.push(("what no filter is asked for", unfiltered()));
    }
    let missing = tables.iter().filter(|(_, table)| !text.contains(table.as_str()));
    let missing: Vec<_> = missing.map(|(of, table)| format!("the table of {of}:\n\n{table}")).collect();
    assert!(missing.is_empty(), "SECURITY.md does not hold\n\n{}", missing.join("\n"));
}

/// The part of a document below a heading.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, below) = text.split_once(&format!("\n### {heading}\n")).unwrap_or_default();
    below.split("\n#").next().unwrap_or_default()
}

/// The names of calls that a text has, in its order.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_security_document_names_the_calls_of_runtimes() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../SECURITY.md");
    let text = std::fs::read_to_string(document).unwrap_or_default();
    let lacks = |heading: &str, calls: &[Call]| {
        let named = named(section(&text, heading));
        calls.iter().map(|call| call.name).filter(|name| !named.contains(name)).collect::<Vec<_>>()
    };
    let of_python = [RUNTIME_RUN_CALLS, RUNTIME_OLD_CALLS].concat();
    assert_eq!(lacks("A run in Python", &of_python), [""; 0]);
    assert_eq!(lacks("Bash and Rust, beyond Python", COMMAND_REFUSED_CALLS), [""; 0]);
    assert_eq!(lacks("node, beyond Python", NODE_REFUSED_CALLS), [""; 0]);
    // And no other is said to be let through.
    let known: Vec<&str> = of_python.iter().map(|call| call.name).collect();
    let is_call =
        |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let rows = section(&text, "A run in Python").lines().filter(|line| line.starts_with("| "));
    let said: Vec<&str> = rows.flat_map(named).filter(is_call).collect();
    let unknown: Vec<_> = said.iter().filter(|name| !known.contains(name)).collect();
    assert!(said.len() > 100 && unknown.is_empty(), "{} calls, unknown: {unknown:?}", said.len());
}
