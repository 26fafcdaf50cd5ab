//! Every tool from a program, with its result held against its own schema.

use std::fs;

use serde_json::{Map, Value, json};
use terraphim_mcp_gateway::Provider;
use terraphim_notes::{NotesConfig, NotesServer};
use terraphim_types::{Language, ToolDefinition};

use super::{complaint, place, value};
use crate::place::Place;

const RIPGREP: &str = r#"{"type":"begin","data":{"path":{"text":"a.md"}}}
{"type":"match","data":{"path":{"text":"a.md"},"lines":{"text":"async rust\n"},"line_number":3,"absolute_offset":20,"submatches":[{"match":{"text":"rust"},"start":6,"end":10}]}}
{"type":"end","data":{"path":{"text":"a.md"},"binary_offset":null,"stats":{"elapsed":{"secs":0,"nanos":1,"human":"0s"},"searches":1,"searches_with_match":1,"bytes_searched":30,"bytes_printed":100,"matched_lines":1,"matches":1}}}
"#;

const THESAURUS: &str = r#"{"name": "Garden", "data": {
    "tomatoes": {"id": 3, "nterm": "tomato", "url": "https://example.org/tomato"},
    "love apple": {"id": 3, "nterm": "tomato"}, "!!": {"id": 4, "nterm": "tomato"}}}"#;

const TEXT: &str = "# Async Rust\n\nChannels and `channels` give back-pressure.\n\nNothing here.\n";

/// Every tool with good arguments; `deserialize_autocomplete_index` gets what
/// `serialize_autocomplete_index` gave.
fn calls(place: &Place) -> Vec<(&'static str, Value)> {
    let config = json!({ "default_role": "engineer" }).to_string();
    let file = place.project("kg/garden.json");
    vec![
        (
            "search",
            json!({ "query": "async AND \"rust\" cancel*", "limit": 3, "skip": 1, "explain": true, "include_body": true }),
        ),
        ("build_autocomplete_index", json!({ "role": "Engineer" })),
        ("fuzzy_autocomplete_search", json!({ "query": "asnyc rust", "similarity": 0.7, "limit": 3 })),
        ("autocomplete_terms", json!({ "query": "RUST", "limit": 2, "role": "engineer" })),
        ("autocomplete_with_snippets", json!({ "query": "chan", "limit": 2 })),
        (
            "fuzzy_autocomplete_search_levenshtein",
            json!({ "query": "chanels", "max_edit_distance": 1, "limit": 3 }),
        ),
        (
            "fuzzy_autocomplete_search_jaro_winkler",
            json!({ "query": "chanels", "similarity": 0.8, "limit": 3 }),
        ),
        ("serialize_autocomplete_index", json!({})),
        ("deserialize_autocomplete_index", json!({ "role": "engineer" })),
        ("find_matches", json!({ "text": TEXT, "return_positions": true })),
        ("replace_matches", json!({ "text": TEXT, "link_type": "wiki" })),
        ("extract_paragraphs_from_automata", json!({ "text": TEXT, "include_term": false })),
        ("json_decode", json!({ "jsonlines": RIPGREP })),
        ("is_all_terms_connected_by_path", json!({ "text": "channels and cancellation" })),
        ("load_thesaurus", json!({ "automata_path": file })),
        ("load_thesaurus_from_json", json!({ "json_str": THESAURUS })),
        ("update_config_tool", json!({ "config_str": config })),
    ]
}

fn definitions() -> std::sync::Arc<[ToolDefinition]> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let server = NotesServer::new(NotesConfig::default()).expect("a server");
    runtime.block_on(server.list_tools()).expect("definitions")
}

/// The replies of every tool, whole, as a program gets them.
fn replies(place: &Place, language: Language) -> Map<String, Value> {
    let calls: Vec<_> = calls(place).into_iter().map(|(tool, arguments)| json!([tool, arguments])).collect();
    let calls = Value::Array(calls).to_string();
    let allowed = ["--allow", "terraphim.*"];
    let ended = match language {
        Language::Python => place.python(
            &format!(
                "import json
from mcp_servers import terraphim
from mcp_runtime import workspace
replies = {{}}
for tool, given in json.loads({}):
    if tool == 'deserialize_autocomplete_index':
        index = replies['serialize_autocomplete_index']['structuredContent']
        given = {{**given, 'base64_data': index['base64_data']}}
    replies[tool] = getattr(terraphim, tool).raw(given)
workspace.save_data('replies', replies)
len(replies)",
                Value::String(calls)
            ),
            &allowed,
        ),
        _ => place.run_with(
            &format!(
                "import {{ terraphim }} from 'mcp-servers';
                 import {{ workspace }} from 'mcp-runtime';
                 const replies: Record<string, any> = {{}};
                 for (const [tool, given] of {calls}) {{
                   const index = replies.serialize_autocomplete_index?.structuredContent.base64_data;
                   const more = tool === 'deserialize_autocomplete_index' ? {{ base64_data: index }} : {{}};
                   replies[tool] = await terraphim[tool].raw({{ ...given, ...more }});
                 }}
                 await workspace.saveData('replies', replies);
                 return Object.keys(replies).length;"
            ),
            &allowed,
        ),
    };
    assert_eq!(ended.json(), 17);
    let kept = fs::read(place.workspace().join("data/replies.json")).expect("the replies");
    serde_json::from_slice(&kept).expect("JSON")
}

#[test]
fn each_tool_answers_a_python_program_as_its_schema_says() {
    if place().has_python() {
        each_tool_answers(Language::Python);
    }
}

#[test]
fn each_tool_answers_a_program_as_its_schema_says() {
    each_tool_answers(Language::TypeScript);
}

fn each_tool_answers(language: Language) {
    let place = place();
    place.file("kg/garden.json", THESAURUS);
    let replies = replies(&place, language);
    let definitions = definitions();
    assert_eq!(definitions.len(), 17);
    for definition in definitions.iter() {
        let name = definition.name.as_str();
        let reply = &replies[name];
        assert_eq!(reply["isError"], false, "{name}: {reply}");
        let schema = definition.output_schema.as_ref().expect("an output schema");
        let validator = jsonschema::validator_for(schema).expect("a valid schema");
        let structured = &reply["structuredContent"];
        let wrong: Vec<_> = validator.iter_errors(structured).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?} in {structured}");
        // `indexing` is there while the index is behind the files; declared, it would keep
        // `search` from giving a list.
        let declared = schema["properties"].as_object().expect("properties");
        for field in structured.as_object().expect("an object").keys() {
            let known = declared.contains_key(field) || (name == "search" && field == "indexing");
            assert!(known, "{name} gives `{field}`, which it does not declare");
        }
        let text = reply["content"][0]["text"].as_str().expect("a text for old clients");
        assert!(!text.is_empty() && text.len() < 20_000, "{name}: {text}");
    }
    says_what_it_did(&replies);
}

fn says_what_it_did(replies: &Map<String, Value>) {
    let at = |tool: &str, pointer: &str| {
        let found = replies[tool]["structuredContent"].pointer(pointer);
        found.unwrap_or_else(|| panic!("{tool} has no {pointer}: {}", replies[tool])).clone()
    };
    let body = at("search", "/documents/0/body");
    assert!(body.as_str().is_some_and(|body| body.len() > 500), "{body}");
    assert!(at("search", "/documents/0/explain/parts/0/score").is_number());
    assert_eq!(at("search", "/skip"), 1);
    assert_eq!(at("autocomplete_terms", "/suggestions/0/concept"), "rust-async");
    assert_eq!(at("autocomplete_terms", "/next"), 2);
    assert!(at("autocomplete_with_snippets", "/suggestions/0/snippet").is_string());
    assert_eq!(at("fuzzy_autocomplete_search", "/suggestions/0/concept"), "rust-async");
    for tool in ["fuzzy_autocomplete_search_levenshtein", "fuzzy_autocomplete_search_jaro_winkler"] {
        assert_eq!(at(tool, "/suggestions/0/term"), "channels", "{tool}");
        assert_eq!(at(tool, "/suggestions/0/distance"), 1, "{tool}");
    }
    assert_eq!(at("find_matches", "/matches/0/bytes"), json!({ "start": 2, "end": 12 }));
    assert_eq!(
        at("replace_matches", "/text"),
        "# [[rust-async|Async Rust]]\n\n[[channels|Channels]] and `channels` give [[back-pressure]].\n\nNothing here.\n"
    );
    assert_eq!(at("extract_paragraphs_from_automata", "/total"), 2);
    assert_eq!(at("json_decode", "/messages/1/matches/0/text"), "rust");
    assert_eq!(at("is_all_terms_connected_by_path", "/connected"), true);
    for tool in ["load_thesaurus", "load_thesaurus_from_json"] {
        assert_eq!((at(tool, "/name"), at(tool, "/concepts")), (json!("Garden"), json!(1)), "{tool}");
        assert_eq!(at(tool, "/rejected"), 1, "{tool}");
    }
    assert_eq!(at("update_config_tool", "/persisted"), true);
}

#[test]
fn lists_arrive_as_lists() {
    let place = place();
    for (tool, arguments, count) in [
        ("search", json!({ "query": "rust", "limit": 4 }), 4),
        ("autocomplete_terms", json!({ "query": "rust", "limit": 3 }), 3),
        ("find_matches", json!({ "text": "async rust, channels, async rust", "return_positions": false }), 2),
        ("extract_paragraphs_from_automata", json!({ "text": "channels\n\nx\n\nchannels", "limit": 1 }), 1),
        ("json_decode", json!({ "jsonlines": RIPGREP }), 3),
    ] {
        let value = value(&place, tool, &arguments);
        assert_eq!(value.as_array().map(Vec::len), Some(count), "{tool}: {value}");
    }
}

#[test]
fn what_changes_something_needs_leave() {
    let place = place();
    for (tool, arguments) in calls(&place) {
        let program = format!(
            "import {{ terraphim }} from 'mcp-servers';
             return await terraphim.{tool}({arguments}).then(() => 'called', error => error.kind);"
        );
        let needs_leave = [
            "deserialize_autocomplete_index",
            "load_thesaurus",
            "load_thesaurus_from_json",
            "update_config_tool",
        ];
        let expected = if needs_leave.contains(&tool) { "denied" } else { "called" };
        assert_eq!(place.run(&program).json(), expected, "{tool}");
    }
}

#[test]
fn bad_arguments_are_told_with_what_to_write_instead() {
    let place = place();
    let garbage = base64_of_garbage();
    for (tool, arguments, told) in [
        ("search", json!({ "query": "" }), "query"),
        ("search", json!({ "query": "x", "role": "nobody" }), "`engineer`"),
        ("find_matches", json!({}), "text"),
        ("replace_matches", json!({ "text": "x", "link_type": "latex" }), "link_type"),
        ("fuzzy_autocomplete_search", json!({ "query": "x", "similarity": 2 }), "similarity"),
        ("json_decode", json!({ "jsonlines": "{}" }), "line 1 is not a message"),
        ("deserialize_autocomplete_index", json!({ "base64_data": "%%%" }), "not base64"),
        ("deserialize_autocomplete_index", json!({ "base64_data": "AAAA" }), "not an autocomplete index"),
        ("deserialize_autocomplete_index", json!({ "base64_data": garbage }), "holds no index"),
        ("load_thesaurus_from_json", json!({ "json_str": "[]" }), "holds no thesaurus"),
        ("load_thesaurus", json!({ "automata_path": "/etc/passwd" }), "not below a folder of role"),
        ("load_thesaurus", json!({ "automata_path": "../terraphim.toml" }), "not below a folder of role"),
        ("load_thesaurus", json!({ "automata_path": "https://example.org/t.json" }), "is a URL"),
        ("update_config_tool", json!({ "config_str": "{" }), "is not a configuration"),
        ("update_config_tool", json!({ "config_str": "{}" }), "sets nothing"),
    ] {
        let message = complaint(&place, tool, &arguments);
        assert!(message.contains(told), "{tool}: {message}");
    }
}

/// The magic of an index and nothing that belongs behind it.
fn base64_of_garbage() -> &'static str {
    "VEtHSU5ERVgBAP//////////////////////////////////////////////////////////////////////////////////"
}

#[test]
fn a_large_index_goes_by_its_address() {
    let place = place();
    let terms: Map<_, _> = (0..3_000)
        .map(|number| {
            (format!("term number {number}"), json!({ "id": number, "nterm": format!("concept {number}") }))
        })
        .collect();
    place.file("kg/large.json", json!({ "name": "Large", "data": terms }).to_string());
    let program = "
        import { terraphim } from 'mcp-servers';
        await terraphim.load_thesaurus({ automata_path: 'large.json' });
        const reply = await terraphim.serialize_autocomplete_index.raw({});
        const { base64_data, uri, bytes } = reply.structuredContent;
        const loaded = await terraphim.deserialize_autocomplete_index({ base64_data: uri });
        const found = await terraphim.autocomplete_terms({ query: 'term number 29', limit: 1 });
        return { base64_data, uri, bytes, link: reply.content[1], loaded, found: found.length };";
    let result = place.run_with(program, &["--allow", "terraphim.*"]).json();
    assert_eq!(result["base64_data"], Value::Null, "{result}");
    assert_eq!(result["uri"], "terraphim://autocomplete/engineer");
    assert_eq!((&result["link"]["type"], &result["link"]["uri"]), (&json!("resource_link"), &result["uri"]));
    assert_eq!(result["link"]["size"], result["bytes"]);
    assert_eq!((&result["loaded"]["name"], &result["loaded"]["terms"]), (&json!("Large"), &json!(6_000)));
    assert_eq!(result["found"], 1);
}
