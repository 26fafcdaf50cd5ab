//! Files that are damaged, huge or made to do harm: each is refused by name, and
//! nothing is written.

use super::*;

/// The refusal of a Cursor file with these bytes.
fn refusal(bytes: &[u8]) -> AdoptError {
    let machine = Machine::new();
    machine.write("work/shop/.cursor/mcp.json", r#"{"mcpServers":{"p":{"command":"p"}}}"#);
    let path = machine.write(".cursor/mcp.json", "");
    fs::write(path, bytes).expect("a file");
    let before = machine.snapshot();
    let error = plan(Client::Cursor, &machine.places).expect_err("refused");
    assert_eq!(machine.snapshot(), before);
    error
}

#[test]
fn malformed_files_are_named_with_line_and_column() {
    let cases = [
        ("{\"mcpServers\": {\n  \"a\": {\"command\": }\n}}", 2, 20, "expected a value, found '}'"),
        ("{\"mcpServers\": []}", 1, 16, "the value of `mcpServers` must be an object"),
        (
            "{\"mcpServers\": {\"a\": {}, \"a\": {}}}",
            1,
            26,
            "the key `a` stands twice in this object; keep one of the two",
        ),
        ("{\"mcpServers\": {}", 1, 18, "expected `,` or `}`, found the end of the file"),
        ("{\"mcpServers\": {\"\\ud800\": {}}}", 1, 17, "this key cannot be read"),
    ];
    for (text, line, column, complaint) in cases {
        let error = refusal(text.as_bytes());
        let expected = format!("mcp.json\", line {line}, column {column}: {complaint}");
        assert!(error.to_string().contains(&expected), "{expected}\n{error}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let error = refusal(b"{\"mcpServers\": {\"\xff\": {}}}");
    assert!(matches!(error, AdoptError::NotUtf8 { offset: 17, .. }), "{error}");
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{{\"mcpServers\":{}", "{\"a\":".repeat(1_000_000));
    let error = refusal(deep.as_bytes());
    assert!(error.to_string().contains("nested more than"), "{error}");
}

#[test]
fn a_file_beyond_the_limit_is_refused() {
    let machine = Machine::new();
    let path = machine.write(".cursor/mcp.json", "{}");
    fs::File::options()
        .write(true)
        .open(path)
        .expect("the file")
        .set_len(MAX_FILE_BYTES + 1)
        .expect("a sparse file");
    let error = plan(Client::Cursor, &machine.places).expect_err("too large");
    assert!(matches!(error, AdoptError::TooLarge { bytes, .. } if bytes == MAX_FILE_BYTES + 1), "{error}");
}

#[test]
fn a_large_state_file_is_edited_in_place() {
    let machine = Machine::new();
    let project = machine.places.project.to_str().expect("UTF-8").to_owned();
    // 10 MB of history, with what JSON writers emit for broken characters.
    let line = r#"{"display": "\ud83d say \"mcpServers\": {", "at": 1e400}"#;
    let history = vec![line; (10 << 20) / line.len()].join(",\n");
    let text = format!(
        "{{\"projects\": {{\"{project}\": {{\"history\": [{history}], \"mcpServers\": {{\"a\": {{\"command\": \"a\"}}}}}}}}}}"
    );
    machine.write(".claude.json", &text);
    let before = machine.snapshot();
    machine.adopt(Client::Claude);
    let after = machine.text(".claude.json");
    let entry = r#""terraphim":{"command":"/opt/terraphim/bin/terraphim","args":["mcp"]}"#;
    assert!(after == text.replace(r#""a": {"command": "a"}"#, entry), "only the entry changed");
    machine.undo(Client::Claude, UndoMode::Exact).expect("undone");
    assert!(machine.snapshot() == before);
}

#[test]
fn a_damaged_file_of_ours_or_a_damaged_record_is_refused() {
    let machine = Machine::new();
    machine.write(".cursor/mcp.json", r#"{"mcpServers":{"a":{"command":"a"}}}"#);
    machine.write(".config/terraphim/mcp.json", "{\"mcpServers\": 1}");
    assert!(matches!(plan(Client::Cursor, &machine.places), Err(AdoptError::Malformed { .. })));
    fs::remove_file(machine.path(".config/terraphim/mcp.json")).expect("removed");

    for (record, refused) in [
        ("{", "cannot be understood"),
        ("{\"version\": 2}", "has format 2"),
        ("{\"version\":1}", "cannot be understood"),
    ] {
        machine.write(".config/terraphim/adopt/cursor.json", record);
        let before = machine.snapshot();
        let applied = apply(&machine.plan(Client::Cursor)).expect_err("a damaged record");
        let undone = machine.undo(Client::Cursor, UndoMode::Force).expect_err("a damaged record");
        assert!(
            applied.to_string().contains(refused) && undone.to_string().contains(refused),
            "{applied}\n{undone}"
        );
        assert_eq!(machine.snapshot(), before);
    }
}

#[test]
fn names_cannot_break_out_of_what_is_shown() {
    let machine = Machine::new();
    machine.write(
        ".cursor/mcp.json",
        "{\"mcpServers\":{\"x\\u001b[2J\":{\"command\":\"a\"},\"b\\u202ec\":{\"command\":\"b\"}}}",
    );
    let plan = machine.plan(Client::Cursor);
    let shown = plan.diff() + &plan.summary();
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    assert_eq!(plan.moves.len(), 1);
}
