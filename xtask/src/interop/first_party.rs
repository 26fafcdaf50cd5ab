//! The built-in server's 17 tools and its documents, through the inspector;
//! each result is held against the schema that the tool itself declares.

use serde_json::{Value, json};

use super::{
    Case,
    expect::{Fault, Verdict, at, contains, equals, holds, tells, unexpected},
    face::inspect_with,
    scene::Scene,
};
use crate::tree;

pub(super) const CASES: &[Case] = &[
    Case { name: "inspector_calls_every_first_party_tool", run: |scene| every_tool(scene, "legacy") },
    Case {
        name: "inspector_calls_every_first_party_tool_newer_era",
        run: |scene| every_tool(scene, "modern"),
    },
    Case { name: "inspector_is_denied_what_loads", run: denied },
    Case { name: "inspector_reads_notes", run: |scene| documents(scene, "legacy") },
    Case { name: "inspector_reads_notes_newer_era", run: |scene| documents(scene, "modern") },
];

const GARDEN: &str = r#"{"name": "Garden", "data": {"tomatoes": {"id": 1, "nterm": "tomato"}}}"#;

const RIPGREP: &str = r#"{"type":"match","data":{"path":{"text":"a.md"},"lines":{"text":"rust\n"},"line_number":3,"absolute_offset":20,"submatches":[{"match":{"text":"rust"},"start":0,"end":4}]}}"#;

const TEXT: &str = "Channels give back-pressure to async rust.";

/// Every tool with arguments, and a place in its result that says that it worked.
fn calls() -> Vec<(&'static str, Value, &'static str)> {
    let config = json!({ "default_role": "gardener" }).to_string();
    vec![
        ("search", json!({ "query": "async \"rust\"", "limit": 2 }), "/documents/1/rank"),
        ("build_autocomplete_index", json!({ "role": "engineer" }), "/terms"),
        (
            "fuzzy_autocomplete_search",
            json!({ "query": "asnyc rust", "similarity": 0.6 }),
            "/suggestions/0/distance",
        ),
        ("autocomplete_terms", json!({ "query": "rust", "limit": 3 }), "/suggestions/2/term"),
        ("autocomplete_with_snippets", json!({ "query": "chan", "limit": 1 }), "/suggestions/0/snippet"),
        (
            "fuzzy_autocomplete_search_levenshtein",
            json!({ "query": "chanels", "max_edit_distance": 2 }),
            "/suggestions/0/distance",
        ),
        (
            "fuzzy_autocomplete_search_jaro_winkler",
            json!({ "query": "chanels", "similarity": 0.8 }),
            "/suggestions/0/similarity",
        ),
        ("serialize_autocomplete_index", json!({ "role": "engineer" }), "/base64_data"),
        ("deserialize_autocomplete_index", json!({ "role": "engineer" }), "/terms"),
        ("find_matches", json!({ "text": TEXT, "return_positions": true }), "/matches/2/bytes/end"),
        ("replace_matches", json!({ "text": TEXT, "link_type": "wiki" }), "/replaced"),
        (
            "extract_paragraphs_from_automata",
            json!({ "text": TEXT, "include_term": true }),
            "/paragraphs/0/terms/2/concept",
        ),
        ("json_decode", json!({ "jsonlines": RIPGREP }), "/messages/0/matches/0/text"),
        ("load_thesaurus", json!({ "automata_path": "garden.json", "role": "gardener" }), "/concepts"),
        ("load_thesaurus_from_json", json!({ "json_str": GARDEN, "role": "gardener" }), "/concepts"),
        ("is_all_terms_connected_by_path", json!({ "text": TEXT }), "/path/0"),
        // The last, because it changes the default role.
        ("update_config_tool", json!({ "config_str": config }), "/roles/1/short_name"),
    ]
}

/// Settings over the notes of the examples, and a second role.
fn settings(scene: &Scene<'_>) -> Result<String, Fault> {
    scene.write("files/garden.json", GARDEN)?;
    scene.write("files/tomatoes.md", "# Tomatoes\n\nThey want sun.\n")?;
    let examples = tree::root().join("examples");
    let path = |path: std::path::PathBuf| json!(path).to_string();
    let settings = format!(
        "default_role = \"engineer\"\n\
         [[roles]]\nname = \"Engineer\"\nshort_name = \"engineer\"\nrelevance = \"terraphim-graph\"\n\
         knowledge_graph = {}\nhaystacks = [{{ path = {} }}]\n\
         [[roles]]\nname = \"Gardener\"\nshort_name = \"gardener\"\nrelevance = \"bm25\"\n\
         haystacks = [{{ path = {} }}]\n",
        path(examples.join("kg")),
        path(examples.join("notes")),
        path(scene.path("files")),
    );
    Ok(scene.write("terraphim.toml", &settings)?.display().to_string())
}

fn call(
    scene: &Scene<'_>,
    era: &str,
    server: &[&str],
    tool: &str,
    arguments: &Value,
) -> Result<Value, Fault> {
    let arguments = arguments.to_string();
    let words = ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", &arguments];
    inspect_with(scene, era, &words, server)
}

fn every_tool(scene: &Scene<'_>, era: &str) -> Verdict {
    let settings = settings(scene)?;
    let server = ["--expose", "tools", "--allow", "terraphim.*", "--config", &settings];
    let listed = inspect_with(scene, era, &["--method", "tools/list", "--strict"], &server)?;
    let tools = at(&listed, "/tools").as_array().cloned().unwrap_or_default();
    holds(tools.len() == 17, "the number of tools", "17", tools.len())?;
    let mut serialized = Value::Null;
    for (tool, mut arguments, proof) in calls() {
        if tool == "deserialize_autocomplete_index"
            && let Some(arguments) = arguments.as_object_mut()
        {
            arguments.insert("base64_data".into(), serialized.clone());
        }
        let answer = call(scene, era, &server, tool, &arguments)?;
        holds(at(&answer, "/isError") != &json!(true), tool, "a result", &answer)?;
        let structured = at(&answer, "/structuredContent");
        holds(!at(structured, proof).is_null(), &format!("`{proof}` of {tool}"), "something", structured)?;
        let definition = tools.iter().find(|definition| at(definition, "/name") == tool);
        let schema = definition.map_or(&Value::Null, |definition| at(definition, "/outputSchema"));
        keeps(tool, schema, structured)?;
        tells(&answer, "/content/0/type", &["text"])?;
        if tool == "serialize_autocomplete_index" {
            serialized = at(structured, "/base64_data").clone();
        }
    }
    // What the update has kept holds for a server that is started later.
    let found = call(scene, era, &server, "search", &json!({ "query": "sun" }))?;
    equals(&found, "/structuredContent/documents/0/path", &json!("tomatoes.md"))
}

/// The inspector ends with an error of its own where a tool does.
fn denied(scene: &Scene<'_>) -> Verdict {
    let settings = settings(scene)?;
    let arguments = json!({ "json_str": GARDEN, "role": "gardener" });
    let server = ["--expose", "tools", "--config", &settings];
    match call(scene, "legacy", &server, "load_thesaurus_from_json", &arguments) {
        Err(fault) => contains("the inspector's answer", &fault.to_string(), &["is not allowed", "--allow"]),
        Ok(answer) => Err(unexpected("a call without leave", "refused", answer)),
    }
}

/// Holds a result against its tool's schema.
fn keeps(tool: &str, schema: &Value, structured: &Value) -> Verdict {
    let validator = jsonschema::validator_for(schema)
        .map_err(|error| unexpected(&format!("the output schema of {tool}"), "a valid one", error))?;
    let wrong: Vec<_> = validator.iter_errors(structured).map(|error| error.to_string()).collect();
    holds(wrong.is_empty(), &format!("the result of {tool}"), "as its schema says", wrong.join("; "))
}

fn documents(scene: &Scene<'_>, era: &str) -> Verdict {
    let settings = settings(scene)?;
    let server = ["--expose", "all", "--config", &settings];
    let listed = inspect_with(scene, era, &["--method", "resources/list"], &server)?;
    let uris: Vec<_> =
        at(&listed, "/resources").as_array().into_iter().flatten().map(|note| at(note, "/uri")).collect();
    let note = json!("terraphim://notes/engineer/single-flight.md");
    holds(uris.contains(&&note), "the notes listed", &note.to_string(), &listed)?;
    let templates = inspect_with(scene, era, &["--method", "resources/templates/list"], &server)?;
    equals(&templates, "/resourceTemplates/0/uriTemplate", &json!("terraphim://notes/{role}/{+path}"))?;
    let words = ["--method", "resources/read", "--uri", "terraphim://notes/engineer/single-flight.md"];
    let read = inspect_with(scene, era, &words, &server)?;
    equals(&read, "/contents/0/mimeType", &json!("text/markdown"))?;
    tells(&read, "/contents/0/text", &["ingle"])
}
