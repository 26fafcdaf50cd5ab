//! The same promises on schemas as servers write them: a fixture always, and
//! a large set of real tools where it lies beside the project.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;
use terraphim_mcp_codegen::{DiscoveryIndex, ServerTools, docs, example_arguments, signature};
use terraphim_types::{Language, ServerName, ToolDefinition};

const FIXTURE: &str = include_str!("../fixtures/tools.jsonl");
/// The variable that names a file of real tools, one `{server, tool}` object on each line.
const TOOLS: &str = "TERRAPHIM_TOOLS";
const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/upstream/tools.jsonl");

/// Alternatives that overlap, and how an example looks that is one of them alone.
#[test]
fn an_example_fits_one_of_overlapping_alternatives() {
    let string = serde_json::json!({ "type": "string" });
    let cases = [
        // What fits the second fits the first as well.
        (
            serde_json::json!({ "type": "object", "properties": { "a": string, "b": string },
                "oneOf": [{ "required": ["a", "b"] }, { "required": ["a"] }] }),
            Some(serde_json::json!({ "a": "a" })),
        ),
        (
            serde_json::json!({ "type": "object", "oneOf": [
                { "properties": { "id": { "type": "integer" } } }, { "properties": { "id": string } }] }),
            Some(serde_json::json!({ "id": 1 })),
        ),
        (
            serde_json::json!({ "type": "object", "required": ["x"], "properties": { "x": {
                "oneOf": [{ "type": "number" }, { "type": "integer" }, string] } } }),
            Some(serde_json::json!({ "x": "x" })),
        ),
        // Whatever fits one fits the other.
        (serde_json::json!({ "type": "object", "oneOf": [{}, {}] }), None),
        (serde_json::json!({ "type": "object", "not": {} }), None),
    ];
    for (schema, expected) in cases {
        let tool: ToolDefinition =
            serde_json::from_value(serde_json::json!({ "name": "t", "inputSchema": schema }))
                .expect("a tool");
        let made = example_arguments(&tool).map(Value::Object);
        assert_eq!(made, expected, "{schema}");
        if let Some(made) = made {
            assert!(jsonschema::is_valid(&schema, &made), "{made} by {schema}");
        }
    }
}

pub(crate) fn servers() -> BTreeMap<String, Vec<ToolDefinition>> {
    let named = std::env::var_os(TOOLS).map(PathBuf::from);
    let real = named.clone().unwrap_or_else(|| PathBuf::from(REAL));
    // A file that is named has to be there.
    let is_there = named.is_some() || real.exists();
    let more = if is_there { fs::read_to_string(&real).expect("readable tools") } else { String::new() };
    let mut servers: BTreeMap<String, Vec<ToolDefinition>> = BTreeMap::new();
    for line in FIXTURE.lines().chain(more.lines()) {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let server = line["server"].as_str().expect("a server").to_owned();
        servers
            .entry(server)
            .or_default()
            .push(serde_json::from_value(line["tool"].clone()).expect("a tool"));
    }
    servers
}

#[test]
fn example_calls_are_valid() {
    if std::env::var_os(TOOLS).is_none() && !Path::new(REAL).exists() {
        println!("{TOOLS} names no file of tools: only the fixture is checked");
    }
    let (mut made, mut all, mut wrong) = (0, 0, Vec::new());
    for (server, tools) in servers() {
        for tool in tools {
            all += 1;
            let Some(arguments) = example_arguments(&tool) else { continue };
            made += 1;
            let validator = jsonschema::validator_for(&tool.input_schema).expect("a valid schema");
            let arguments = Value::Object(arguments);
            wrong.extend(
                validator
                    .iter_errors(&arguments)
                    .map(|error| format!("{server}.{}: {error} in {arguments}", tool.name)),
            );
        }
    }
    println!("{made} of {all} tools have an example, {} mistakes", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(made * 100 >= all * 98, "only {made} of {all} have an example");
}

#[test]
fn every_tool_has_short_docs() {
    let servers: Vec<_> = servers()
        .into_iter()
        .map(|(name, tools)| ServerTools {
            server: ServerName::new(&name).unwrap(),
            description: None,
            tools: Arc::from(tools),
        })
        .collect();
    let index = DiscoveryIndex::build(&servers);
    for server in &servers {
        for tool in server.tools.iter() {
            let line = signature(tool);
            assert!(line.chars().count() <= 200, "{line}");
            let names = [format!("{}.{}", server.server, tool.name)];
            let page = docs(&index, &names, Language::TypeScript);
            assert_eq!(page.docs[0].name, names[0]);
            assert!(serde_json::to_string(&page).unwrap().len() < 60_000, "{}", names[0]);
        }
    }
}
