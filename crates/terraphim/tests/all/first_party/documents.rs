//! The notes as documents of MCP, over the real binary.

use serde_json::json;

use super::place;
use crate::isolation::connection::Connection;

const NOTE: &str = "terraphim://notes/engineer/single-flight.md";

#[test]
fn notes_are_documents_of_a_client() {
    let place = place();
    let mut client = Connection::open_with(&place, &["--expose", "tools"]);
    let id = client.request("tools/list", json!({}));
    assert_eq!(client.answer(id)["tools"].as_array().map(Vec::len), Some(17));
    let id = client.request("resources/list", json!({}));
    let listed = client.answer(id);
    let listed = listed["resources"].as_array().expect("documents").clone();
    assert_eq!(listed.len(), 61, "60 notes and the index for completion");
    assert_eq!(listed[0]["uri"], "terraphim://autocomplete/engineer");
    let id = client.request("resources/read", json!({ "uri": NOTE }));
    let text = client.answer(id)["contents"][0]["text"].as_str().expect("a text").to_owned();
    assert_eq!(text, std::fs::read_to_string(place.project("notes/single-flight.md")).expect("the note"));
    let id = client.request("resources/read", json!({ "uri": "terraphim://concepts/engineer/channels" }));
    let concept = client.answer(id)["contents"][0]["text"].as_str().expect("a text").to_owned();
    let concept: serde_json::Value = serde_json::from_str(&concept).expect("JSON");
    assert!(concept["related"].as_array().is_some_and(|related| !related.is_empty()), "{concept}");
    assert!(concept["notes"].as_array().is_some_and(|notes| !notes.is_empty()), "{concept}");

    let complete = json!({
        "ref": { "type": "ref/resource", "uri": "terraphim://concepts/{role}/{concept}" },
        "argument": { "name": "concept", "value": "ASYNC" },
        "context": { "arguments": { "role": "engineer" } },
    });
    let id = client.request("completion/complete", complete);
    let completed = client.answer(id)["completion"]["values"].clone();
    assert!(completed.as_array().is_some_and(|values| values.contains(&json!("rust-async"))), "{completed}");

    let id = client.request("resources/subscribe", json!({ "uri": NOTE }));
    client.answer(id);
    place.file("notes/single-flight.md", format!("{text}\nOne more line.\n"));
    client.updated(NOTE);
}
