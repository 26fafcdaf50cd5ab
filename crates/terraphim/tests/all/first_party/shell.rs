//! `terraphim kg`.

use serde_json::json;

use super::place;

#[test]
fn texts_are_worked_on_from_a_shell() {
    let place = place();
    let text = "Async rust and `async rust`.\n\nTokio, again tokio.\n";
    place.file("text.md", text);
    let found = place.terraphim(&["kg", "match", "text.md"]);
    let lines: Vec<_> = found.success().lines().map(str::trim_start).collect();
    let expected = [
        "0  Async rust  -> rust-async",
        "16  async rust  -> rust-async",
        "30  Tokio  -> rust-async",
        "43  tokio  -> rust-async",
    ];
    assert_eq!(lines, expected);
    let once = place.terraphim_reading(&["kg", "match", "-", "--once"], "tokio tokio");
    assert_eq!(once.success(), "     2x  tokio  -> rust-async\n");
    let replaced = place.terraphim(&["kg", "replace", "text.md"]);
    let linked =
        "[[rust-async|Async rust]] and `async rust`.\n\n[[rust-async|Tokio]], again [[rust-async|tokio]].\n";
    assert_eq!(replaced.success(), linked);
    place.file("dos.md", "tokio\r\n\u{1b}[31m cabbage\r\n\r\n");
    let document = place.terraphim(&["kg", "replace", "dos.md"]);
    assert_eq!(document.success(), "[[rust-async|tokio]]\r\n\u{1b}[31m cabbage\r\n\r\n");
    let plain = place.terraphim(&["kg", "replace", "text.md", "--link", "plain", "--json"]).json();
    assert_eq!(plain["replaced"], 3);
    let addressless = place.terraphim(&["kg", "replace", "text.md", "--link", "markdown"]);
    assert_eq!(addressless.success(), text, "no concept of the examples has an address");
    assert!(addressless.err.starts_with("3 terms were left"), "{}", addressless.err);
    let paragraphs = place.terraphim(&["kg", "paragraphs", "text.md", "--without-terms"]);
    assert_eq!(paragraphs.success(), " and ``.\n\n, again .\n");
    let nothing = place.terraphim_reading(&["kg", "match", "-"], "cabbage");
    assert_eq!(nothing.failure(1), "no term of the knowledge graph is in the text\n");
}

#[test]
fn notes_and_terms_are_found_from_a_shell() {
    let place = place();
    let index = place.terraphim(&["kg", "index"]);
    assert_eq!(index.success(), "Engineer (engineer): 60 notes\n");
    let status = place.terraphim(&["kg", "index", "--json"]).json();
    assert_eq!((&status["documents"], &status["role"]), (&json!(60), &json!("engineer")));
    let found = place.terraphim(&["kg", "search", "\"rust async\"", "--limit", "2", "--explain"]);
    assert!(found.success().starts_with("1.00  "), "{}", found.out);
    let found = place.terraphim(&["kg", "search", "rust", "--limit", "2", "--json"]).json();
    assert_eq!(found["documents"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["next"], 2);
    assert_eq!(place.terraphim(&["kg", "search", "zzzz"]).failure(1), "no note fits: try other words\n");
    let completed = place.terraphim(&["kg", "complete", "TOKI"]);
    assert_eq!(completed.success(), "tokio  -> rust-async\n");
    let corrected = place.terraphim(&["kg", "complete", "tokyo", "--fuzzy", "--limit", "1"]);
    assert_eq!(corrected.success(), "tokio  -> rust-async\n");
    let path = place.terraphim(&["kg", "path", "channels", "cancellation"]);
    assert!(path.success().starts_with("c") && path.out.contains(" - "), "{}", path.out);
    let unknown = place.terraphim(&["kg", "path", "cabbage"]);
    assert_eq!(unknown.failure(1), "none of these is a term of the knowledge graph\n");
    let wrong = place.terraphim(&["kg", "index", "--role", "nobody"]);
    assert!(wrong.failure(2).contains("`engineer`"), "{}", wrong.err);
}

#[test]
fn without_roles_it_says_what_to_add() {
    let place = crate::place::Place::new();
    let refused = place.terraphim(&["kg", "search", "x"]);
    assert!(refused.failure(1).contains("add a [[roles]] entry"), "{}", refused.err);
}
