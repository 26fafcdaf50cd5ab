//! Whatever a caller passes: every tool answers or says what is wrong.

use std::fs;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::*;
use crate::{NotesConfig, Role};

struct Scene {
    runtime: tokio::runtime::Runtime,
    tools: Tools,
    _folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("notes")).expect("a folder");
        fs::write(folder.path().join("notes/a.md"), "# Rust\n\nAsync rust and channels.\n").expect("a note");
        let thesaurus = r#"{"name": "T", "data": {
            "rust": {"id": 1, "nterm": "rust", "url": "https://example.org/"},
            "ÉCLAIR": {"id": 2, "nterm": "éclair"}, "検索": {"id": 3, "nterm": "search"}}}"#;
        fs::write(folder.path().join("t.json"), thesaurus).expect("a thesaurus");
        let role = "name = 'N'\nshort_name = 'n'\nrelevance = 'bm25'\nknowledge_graph = 't.json'\n\
                    haystacks = [{ path = 'notes' }]";
        let mut role: Role = toml::from_str(role).expect("a role");
        role.resolve_paths(folder.path());
        let config = NotesConfig { roles: vec![role], default_role: None, index_dir: None };
        let tools = Tools::new(Library::new(config).expect("a library"), None);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        Self { runtime, tools, _folder: folder }
    }

    fn call(&self, tool: &Tool, arguments: &Map<String, Value>) -> Outcome {
        self.runtime.block_on(self.tools.answer(tool, arguments))
    }

    /// Calls a tool, and holds what it gives against what it declares.
    fn check(&self, tool: &Tool, arguments: &Map<String, Value>) -> Result<(), TestCaseError> {
        let given = format!("{}: {}", tool.name, Value::Object(arguments.clone()));
        match self.call(tool, arguments) {
            Ok(reply) => {
                prop_assert!(!reply.is_error && reply.structured_content.is_some(), "{given}");
                let text = reply.text();
                prop_assert!(!text.is_empty() && text.len() < 40_000, "{given}: {text}");
            }
            Err(error) => {
                prop_assert!(!matches!(error, ToolError::Died), "{given}");
                let told = failure(&error).text();
                prop_assert!(!told.is_empty() && told.len() < 20_000, "{given}: {told}");
            }
        }
        Ok(())
    }
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[a-zéß検索 \"()*:{}\\[\\]\\\\%/.-]{0,40}",
        Just("rust AND (\"éclair\" OR 検*)".to_owned()),
        Just("{\"type\":\"begin\",\"data\":{\"path\":{\"bytes\":\"/w==\"}}}".to_owned()),
        Just("{\"name\": \"x\", \"data\": {\"a\": {\"id\": 1, \"nterm\": \"b\"}}}".to_owned()),
        Just("{\"roles\": []}".to_owned()),
        Just("VEtHSU5ERVgBAA==".to_owned()),
        Just("terraphim://autocomplete/n".to_owned()),
        Just("wiki".to_owned()),
        Just("t.json".to_owned()),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => texts().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => (0..5_i64).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!([{}])),
    ]
}

/// Arguments by the names that the tool has, with any values.
fn arguments(tool: &Tool) -> impl Strategy<Value = Map<String, Value>> + use<> {
    let names: Vec<String> =
        (tool.input)()["properties"].as_object().expect("properties").keys().cloned().collect();
    prop::collection::vec(values(), names.len())
        .prop_map(move |values| names.iter().cloned().zip(values).collect())
}

#[test]
fn any_arguments_are_answered() {
    for tool in TOOLS {
        // One that changes the roles leaves nothing for the next.
        let scene = Scene::new();
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(48));
        let tested = runner.run(&arguments(tool), |arguments| scene.check(tool, &arguments));
        tested.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn texts_of_many_terms_are_answered_in_time() {
    let scene = Scene::new();
    let text = "rust ".repeat(50_000);
    let terms: Map<_, _> =
        (0..10_000).map(|n| (format!("word{n}"), json!({ "id": n, "nterm": format!("c{n}") }))).collect();
    let list: String = (0..10_000).map(|n| format!("- word{n}\n")).collect();
    let loaded = json!({ "json_str": json!({ "name": "L", "data": terms }).to_string() });
    for (name, arguments) in [
        ("find_matches", json!({ "text": text, "limit": 100_000 })),
        ("find_matches", json!({ "text": text, "return_positions": false })),
        ("replace_matches", json!({ "text": text, "link_type": "markdown" })),
        ("extract_paragraphs_from_automata", json!({ "text": text })),
        ("load_thesaurus_from_json", loaded),
        ("extract_paragraphs_from_automata", json!({ "text": list, "include_term": false })),
        ("is_all_terms_connected_by_path", json!({ "text": list })),
        ("build_autocomplete_index", json!({})),
        ("fuzzy_autocomplete_search", json!({ "query": "wrod77", "similarity": 0, "limit": 500 })),
    ] {
        let tool = TOOLS.iter().find(|tool| tool.name == name).expect("a tool");
        let began = std::time::Instant::now();
        let reply = scene.call(tool, arguments.as_object().expect("an object"));
        assert!(reply.is_ok_and(|reply| !reply.is_error), "{name}");
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "{name}: {:?}", began.elapsed());
    }
}
