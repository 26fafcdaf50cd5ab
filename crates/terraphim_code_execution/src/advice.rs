//! Advice about calls that stand in a program, before any of them is made.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use terraphim_mcp_codegen::{ServerModule, nearest, python_keywords};
use terraphim_mcp_gateway::Gateway;
use terraphim_types::{Language, ToolDefinition};

use crate::modules::{find, known_servers};

/// Most calls that are looked at.
const MOST: usize = 50;

/// Longest name that is repeated, in characters.
const NAME_CHARS: usize = 80;

/// A call of a tool with the names of all its arguments.
#[derive(Debug, Deserialize)]
pub(crate) struct LiteralCall {
    /// The server as the program imports it.
    server: String,
    /// The tool as the program calls it.
    tool: String,
    names: Vec<String>,
    /// Where it stands, from 1.
    line: u32,
}

/// What is wrong with the calls as they stand in a program: the line, and what
/// to write. Only servers that have answered are looked at.
pub(crate) async fn of_calls(
    gateway: &Arc<Gateway>,
    calls: &[LiteralCall],
    language: Language,
) -> Vec<(u32, String)> {
    if calls.is_empty() {
        return Vec::new();
    }
    let known = known_servers(gateway);
    let mut servers = BTreeMap::new();
    let mut advice = Vec::new();
    for call in calls.iter().take(MOST) {
        let Some(module) = find(&known, &call.server) else { continue };
        if !servers.contains_key(&module.server) {
            // They have started for the import, or will be complained about there.
            let asked = tokio::time::timeout(Duration::ZERO, gateway.tools(&module.server)).await;
            let Ok(Ok(tools)) = asked else { continue };
            let names = ServerModule::new(&module.server, &tools).tools;
            servers.insert(&module.server, (tools, names));
        }
        let Some((tools, names)) = servers.get(&module.server) else { continue };
        let called = |identifiers: &[String]| identifiers.contains(&call.tool);
        match names.iter().position(|one| called(&one.identifiers) || one.name == call.tool) {
            Some(index) => {
                let Some(tool) = tools.get(index) else { continue };
                let named = format!("{}.{}", module.server, tool.name);
                advice.extend(of_call(&named, tool, call, language).map(|text| (call.line, text)));
            }
            None => {
                let identifiers = names.iter().flat_map(|one| &one.identifiers).map(String::as_str);
                let near = nearest(&call.tool, identifiers);
                // What is not a tool at all may be a property such as `raw`.
                if !near.is_empty() {
                    let text = format!(
                        "the server `{}` has no tool `{}`: did you mean {}?",
                        module.server,
                        shown(&call.tool),
                        near.join(", ")
                    );
                    advice.push((call.line, text));
                }
            }
        }
    }
    advice
}

/// What is wrong with the names of one call's arguments.
fn of_call(named: &str, tool: &ToolDefinition, call: &LiteralCall, language: Language) -> Option<String> {
    let schema = &tool.input_schema;
    // Names that come from elsewhere are not looked for.
    let elsewhere = ["$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if"];
    if elsewhere.iter().any(|key| schema.get(key).is_some()) {
        return None;
    }
    let properties = schema.get("properties").and_then(Value::as_object)?;
    let others_are_taken = schema.get("additionalProperties").is_none_or(|more| *more != Value::Bool(false));
    // What a program writes for an argument whose name it cannot write.
    let renamed = if language == Language::Python { python_keywords(tool) } else { Vec::new() };
    let written =
        |name: &str| renamed.iter().find(|(_, own)| own == name).map_or(name.to_owned(), |it| it.0.clone());
    let is_known =
        |name: &String| properties.contains_key(name) || renamed.iter().any(|(keyword, _)| keyword == name);
    for name in call.names.iter().filter(|name| !is_known(name)) {
        let near = nearest(name, properties.keys().map(String::as_str));
        let near: Vec<_> = near.iter().map(|name| written(name)).collect();
        if near.is_empty() && others_are_taken {
            continue;
        }
        let meant = if near.is_empty() {
            let all: Vec<_> = properties.keys().take(20).map(|name| written(name)).collect();
            format!("it takes {}", all.join(", "))
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        return Some(format!("`{named}` takes no `{}`: {meant}", shown(name)));
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut required = required.filter_map(Value::as_str);
    let is_given = |name: &str| call.names.iter().any(|given| given == name || *given == written(name));
    let missing = required.find(|name| !is_given(name))?;
    Some(format!("`{named}` needs `{}`", written(missing)))
}

fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(schema: Value, names: &[&str]) -> Option<String> {
        said_in(Language::TypeScript, schema, names)
    }

    fn said_in(language: Language, schema: Value, names: &[&str]) -> Option<String> {
        let tool = json!({ "name": "search", "inputSchema": schema });
        let tool: ToolDefinition = serde_json::from_value(tool).unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let call = LiteralCall { server: "notes".into(), tool: "search".into(), names, line: 1 };
        of_call("notes.search", &tool, &call, language)
    }

    #[test]
    fn python_writes_other_names_than_the_schema() {
        let schema = json!({ "properties": { "class": {}, "x-ref": {} }, "required": ["class"], "additionalProperties": false });
        let said = |names: &[&str]| said_in(Language::Python, schema.clone(), names);
        assert_eq!(said(&["class_", "x_ref"]), None);
        assert_eq!(said(&["class", "x-ref"]), None, "a dict has the names of the schema");
        assert_eq!(said(&["x_ref"]), Some("`notes.search` needs `class_`".to_owned()));
        assert_eq!(
            said(&["klass"]),
            Some("`notes.search` takes no `klass`: did you mean class_?".to_owned())
        );
        let typescript = said_in(Language::TypeScript, schema.clone(), &["class_"]);
        assert_eq!(typescript, Some("`notes.search` takes no `class_`: did you mean class?".to_owned()));
    }

    #[test]
    fn names_are_compared_with_the_schema() {
        let strict = json!({
            "properties": { "query": {}, "limit": {} }, "required": ["query"], "additionalProperties": false,
        });
        let open = json!({ "properties": { "query": {}, "limit": {} }, "required": ["query"] });
        let meant = Some("`notes.search` takes no `qery`: did you mean query?".to_owned());
        assert_eq!(said(strict.clone(), &["qery"]), meant);
        assert_eq!(said(open.clone(), &["qery"]), meant);
        assert_eq!(
            said(strict.clone(), &["query", "zzzzzz"]),
            Some("`notes.search` takes no `zzzzzz`: it takes query, limit".to_owned())
        );
        assert_eq!(said(open.clone(), &["query", "zzzzzz"]), None);
        assert_eq!(said(open.clone(), &["limit"]), Some("`notes.search` needs `query`".to_owned()));
        assert_eq!(said(open, &["query", "limit"]), None);
        assert_eq!(said(json!({ "$ref": "#/a", "properties": { "a": {} } }), &["b"]), None);
        assert_eq!(said(json!(true), &["b"]), None);
    }
}
