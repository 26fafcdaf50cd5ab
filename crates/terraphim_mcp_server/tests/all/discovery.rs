//! Searching tools and reading their docs.

use expect_test::expect;
use serde_json::json;

use crate::support::{Setup, eras, is_error, text, value};

#[tokio::test]
async fn searches_answer_names_and_signatures_in_every_era() {
    let stage = Setup::default().build();
    let shown = expect![[r#"
        1 of 6 tools, the best first
        terraphim.search: Searches the notes.
          search(args: { query: string; limit?: number }): Promise<object[]>"#]];
    for era in eras() {
        let client = stage.connect_by(era).await;
        let answer = client.call("search_tools", json!({ "query": "search notes", "limit": 1 })).await;
        shown.assert_eq(text(&answer));
        let page = value(&answer);
        assert_eq!(page["tools"][0]["name"], "terraphim.search");
        assert_eq!(page["tools"].as_array().unwrap().len(), 1);
        assert!(page["total"].as_u64().unwrap() >= 1);
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_asked_answers_the_categories() {
    let client = Setup::default().build().connect().await;
    let answer = client.call("search_tools", json!({})).await;
    expect![[r#"
        6 tools are connected
        categories: notes 6
        capabilities: idempotent 5, read 5, search 1, write 1"#]]
    .assert_eq(text(&answer));
    assert_eq!(value(&answer)["total"], 6);
    let names = client.call("search_tools", json!({ "server": "terraphim", "detail": "name" })).await;
    expect![[r#"
        6 of 6 tools, by name
        terraphim.echo
        terraphim.fail
        terraphim.hold
        terraphim.search
        terraphim.signal
        terraphim.write_note"#]]
    .assert_eq(text(&names));
    let none = client.call("search_tools", json!({ "query": "zzzzqqqq" })).await;
    assert!(text(&none).starts_with("no tool fits"), "{}", text(&none));
}

#[tokio::test]
async fn docs_give_declarations_and_the_nearest_names() {
    let client = Setup::default().build().connect().await;
    let names = json!({ "names": ["terraphim.search", "terraphim.serach"] });
    let answer = client.call("get_tool_docs", names).await;
    expect![[r#"
        // terraphim.search
        // Searches the notes.
        function search(args: {
          /** what to look for */
          query: string;
          /** integer */
          limit?: number;
        }): Promise<{ [key: string]: unknown }[]>;
        // example
        const result = await terraphim.search({ query: "query" });
        there is no tool `terraphim.serach` (did you mean `terraphim.search`, `terraphim.echo` or `terraphim.fail`?)"#]].assert_eq(text(&answer));
    let page = value(&answer);
    assert_eq!(page["docs"][0]["name"], "terraphim.search");
    assert_eq!(page["unknown"][0]["nearest"][0], "terraphim.search");
    let one = client.call("get_tool_docs", json!({ "names": "echo" })).await;
    assert_eq!(value(&one)["docs"][0]["name"], "terraphim.echo");
}

#[tokio::test]
async fn servers_that_cannot_be_used_are_named() {
    let setup = Setup::default().servers(&json!({ "broken": { "command": "/nonexistent/server" } }));
    let client = setup.build().connect().await;
    let answer = client.call("search_tools", json!({ "query": "notes" })).await;
    assert!(!is_error(&answer));
    assert!(text(&answer).contains("server broken cannot be used: "), "{}", text(&answer));
    assert_eq!(value(&answer)["unavailable"][0]["server"], "broken");
    assert_eq!(value(&answer)["unavailable"][0]["state"], "failed");
    let docs = client.call("get_tool_docs", json!({ "names": ["broken.tool"] })).await;
    assert!(text(&docs).contains("server broken cannot be used: "), "{}", text(&docs));
}

#[tokio::test]
async fn many_names_stay_within_the_budget() {
    let client = Setup::default().build().connect().await;
    let names: Vec<String> = (0..5_000).map(|n| format!("terraphim.missing_{n}")).collect();
    let answer = client.call("get_tool_docs", json!({ "names": names })).await;
    assert!(value(&answer).to_string().len() < 32 << 10 && text(&answer).len() < 32 << 10);
    assert_eq!(value(&answer)["omitted"], 4_950);
}
