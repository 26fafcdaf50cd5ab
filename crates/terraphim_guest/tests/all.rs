//! What the project says of the guest's system calls is what its filters let through.
#![expect(clippy::expect_used, reason = "helpers of tests, which the exemption for tests does not reach")]

#[path = "all/python.rs"]
mod python;

use std::fmt::Write;

use terraphim_guest::jail::{Call, RUN_CALLS, UNFILTERED_CALLS, WAITER_CALLS, ZYGOTE_CALLS};

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
    ];
    // The calls of one architecture; the other has none.
    if !UNFILTERED_CALLS.is_empty() {
        tables.push(("what no filter is asked for", unfiltered()));
    }
    let missing = tables.iter().filter(|(_, table)| !text.contains(table.as_str()));
    let missing: Vec<_> = missing.map(|(of, table)| format!("the table of {of}:\n\n{table}")).collect();
    assert!(missing.is_empty(), "SECURITY.md does not hold\n\n{}", missing.join("\n"));
}
