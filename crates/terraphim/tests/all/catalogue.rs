//! `terraphim tools`: the catalogue from the shell.

use expect_test::expect;
use serde_json::{Value, json};

use crate::place::Place;

fn place() -> Place {
    Place::with_servers(&[("up", &["--instructions", "Numbers and notes."]), ("gone", &["--crash-at-start"])])
}

#[test]
fn tools_are_listed_by_server() {
    let place = place();
    let ended = place.terraphim(&["tools", "list"]);
    let (own, configured) = ended.success().split_once("\nup (").expect("both servers");
    assert!(own.starts_with("terraphim (") && own.contains("\n  terraphim.search"), "{own}");
    expect![[r#"
        13 tools, ready)
          up.echo
          up.add
          up.write_note
          up.big
          up.fail
          up.image
          up.slow
          up.text_json
          up.list_items
          up.env
          up.cancelled
          up.grow
          up.odd_schema
        gone (0 tools, failed: it exited with status 7; its standard error ends with:
        fatal: the test upstream was told to crash)
    "#]]
    .assert_eq(configured);
    let listed = place.terraphim(&["tools", "list", "--json"]).json();
    let servers = listed["servers"].as_array().expect("servers");
    let states: Vec<_> = servers.iter().map(|server| (&server["server"], &server["state"])).collect();
    let (ready, failed) = (json!("ready"), json!("failed"));
    assert_eq!(states, [(&json!("terraphim"), &ready), (&json!("up"), &ready), (&json!("gone"), &failed)]);
    assert!(servers[1]["tools"].as_array().is_some_and(|tools| tools.contains(&json!("add"))), "{listed}");
    assert_eq!(servers[1]["reason"], Value::Null);
    assert!(servers[2]["reason"].as_str().is_some_and(|reason| reason.contains("status 7")), "{listed}");
}

#[test]
fn tools_are_found_by_words() {
    let place = place();
    let found = place.terraphim(&["tools", "search", "add numbers", "--limit", "1"]);
    expect![[r#"
        up.add
            Adds two numbers.
            add(args: { a: number; b: number }): Promise<unknown>
    "#]]
    .assert_eq(found.success());
    assert!(found.err.starts_with("warning: `gone` is not searched: "), "{}", found.err);
    let found = place.terraphim(&["tools", "search", "notes", "--server", "up", "--json"]).json();
    assert_eq!(found["tools"][0]["name"], "up.write_note");
    assert_eq!(found["unavailable"][0]["server"], "gone");
    let nothing = place.terraphim(&["tools", "search", "zzzqqqxxx"]);
    assert!(nothing.failure(1).contains("no tool fits"), "{}", nothing.err);
    let nothing = place.terraphim(&["tools", "search", "zzzqqqxxx", "--json"]).json();
    assert_eq!(nothing["tools"], json!([]));
}

#[test]
fn documents_show_how_a_tool_is_called() {
    let place = place();
    expect![[r#"
        up.add
          add(args: { a: number; b: number }): Promise<unknown>
          Adds two numbers.
            a: number
            b: number
          result: unknown
          example: const result = await up.add({ a: 1, b: 1 });
    "#]]
    .assert_eq(place.terraphim(&["tools", "docs", "up.add"]).success());
    let docs = place.terraphim(&["tools", "docs", "up.add", "up.list_items", "--json"]).json();
    let names: Vec<_> = docs["docs"].as_array().expect("docs").iter().map(|doc| &doc["name"]).collect();
    assert_eq!(names, [&json!("up.add"), &json!("up.list_items")]);
    let unknown = place.terraphim(&["tools", "docs", "up.ad"]);
    assert_eq!(unknown.failure(1), "error: there is no tool `up.ad`: did you mean up.add?\n");
    let partly = place.terraphim(&["tools", "docs", "up.add", "up.ad", "--json"]).outcome(1);
    assert_eq!(partly["docs"][0]["name"], "up.add");
    assert_eq!(partly["unknown"][0], json!({ "name": "up.ad", "nearest": ["up.add"] }));
}

#[test]
fn the_example_of_a_document_runs() {
    let place = place();
    let docs = place.terraphim(&["tools", "docs", "up.add", "--json"]).json();
    let example = docs["docs"][0]["example"].as_str().expect("an example");
    let program = format!("import {{ up }} from 'mcp-servers'\n{example}\nreturn result");
    assert_eq!(place.run(&program).json(), json!({ "sum": 2 }));
}

#[test]
fn types_declare_every_tool() {
    let place = place();
    let ended = place.terraphim(&["tools", "types"]);
    let types = ended.success();
    for expected in [
        "declare module 'mcp-servers' {",
        "export const terraphim: {",
        "  export const up: {\n",
        "add: up.AddTool;",
        "writeNote: up.WriteNoteTool;",
        "type ListItemsResult = {",
    ] {
        assert!(types.contains(expected), "{expected}: {types}");
    }
    // What is printed is TypeScript: the sandbox's own compiler takes it.
    assert_eq!(place.run(&format!("{types}\nreturn 'it is'")).json(), "it is");
}
