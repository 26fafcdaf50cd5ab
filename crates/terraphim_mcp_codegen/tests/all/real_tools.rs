//! The same promises on schemas as servers write them: a fixture always, and
//! a large set of real tools where it lies beside the project.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use serde_json::Value;
use terraphim_mcp_codegen::{DiscoveryIndex, ServerTools, docs, example_arguments, signature};
use terraphim_types::{Language, ServerName, ToolDefinition};

const FIXTURE: &str = include_str!("../fixtures/tools.jsonl");
const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/upstream/tools.jsonl");

pub(crate) fn servers() -> BTreeMap<String, Vec<ToolDefinition>> {
    let real = Path::new(REAL);
    let more = if real.exists() { fs::read_to_string(real).expect("readable tools") } else { String::new() };
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
