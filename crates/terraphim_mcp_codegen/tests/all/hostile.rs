//! Definitions that mean harm, and arbitrary ones: bounded, escaped, no panic.

use std::{collections::HashSet, sync::Arc};

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use terraphim_mcp_codegen::{
    Detail, DiscoveryIndex, ResultShape, ServerModule, ServerTools, ToolQuery, declarations, docs,
    example_arguments, identifier, nearest, raw, rust::server_crate, signature, value,
};
use terraphim_types::{Language, ServerName, ToolDefinition, ToolReply};

use crate::definitions::{giving, taking, tool};

fn server() -> ServerName {
    ServerName::new("s").unwrap()
}

/// Runs everything on one tool; gives the length of all text that came out.
fn exercise(tool: &ToolDefinition) -> usize {
    let line = signature(tool);
    assert!(line.chars().count() <= 210, "{line}");
    assert!(!line.contains('\n'));
    let text = declarations(&server(), tool.description.as_deref(), std::slice::from_ref(tool));
    let tools = ServerTools {
        server: server(),
        description: tool.description.clone(),
        tools: Arc::from([tool.clone()]),
    };
    let index = DiscoveryIndex::build(&[tools]);
    let query = ToolQuery { server: Some("s".into()), detail: Detail::Full, ..ToolQuery::default() };
    let page = index.search(&query);
    assert_eq!(page.total, 1);
    let named = index.names().map(str::to_owned).collect::<Vec<_>>();
    let found = docs(&index, &named, Language::TypeScript);
    let _ = ResultShape::of(tool);
    let crate_text = server_crate(
        &ServerModule::new(&server(), std::slice::from_ref(tool)),
        None,
        std::slice::from_ref(tool),
    );
    assert!(crate_text.len() < 100_000, "{}", crate_text.len());
    let shown = serde_json::to_string(&docs(&index, &named, Language::Rust)).unwrap();
    assert!(shown.len() < 80_000, "{}", shown.len());
    let told = serde_json::to_string(&page).unwrap().len() + serde_json::to_string(&found).unwrap().len();
    line.len() + text.len() + told
}

/// A schema nested `depth` deep, taken apart again without recursion.
struct Deep(ToolDefinition);

impl Deep {
    fn new(depth: usize, wrap: impl Fn(Value) -> Value) -> Self {
        let mut schema = json!({ "type": "string" });
        for _ in 0..depth {
            schema = wrap(schema);
        }
        let mut tool = taking(json!({}));
        tool.input_schema = schema;
        tool.output_schema = None;
        Self(tool)
    }
}

impl Drop for Deep {
    fn drop(&mut self) {
        let mut open = vec![std::mem::take(&mut self.0.input_schema)];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(items) => open.extend(items),
                Value::Object(map) => open.extend(map.into_iter().map(|(_, value)| value)),
                _ => {}
            }
        }
    }
}

#[test]
fn a_schema_ten_thousand_deep_is_bounded() {
    let wraps: [fn(Value) -> Value; 4] = [
        |inner| {
            let mut map = Map::new();
            map.insert("items".into(), inner);
            map.insert("type".into(), "array".into());
            Value::Object(map)
        },
        |inner| {
            let mut x = Map::new();
            x.insert("x".into(), inner);
            let mut map = Map::new();
            map.insert("properties".into(), Value::Object(x));
            Value::Object(map)
        },
        |inner| {
            let mut map = Map::new();
            map.insert("anyOf".into(), Value::Array(vec![inner]));
            Value::Object(map)
        },
        |inner| {
            let mut map = Map::new();
            map.insert("const".into(), inner);
            Value::Object(map)
        },
    ];
    for wrap in wraps {
        let deep = Deep::new(10_000, wrap);
        let text = declarations(&server(), None, std::slice::from_ref(&deep.0));
        assert!(text.len() < 30_000);
        assert!(signature(&deep.0).chars().count() <= 210);
        let module = ServerModule::new(&server(), std::slice::from_ref(&deep.0));
        assert!(server_crate(&module, None, std::slice::from_ref(&deep.0)).len() < 60_000);
        let _ = example_arguments(&deep.0);
        let _ = ResultShape::of(&deep.0);
    }
}

#[test]
fn doubling_schemas_do_not_explode() {
    let mut schema = json!({ "type": "string" });
    for n in 0..40 {
        schema = json!({
            "type": "object",
            "properties": { format!("p{n}"): schema },
            "anyOf": [{ "required": ["a"] }, { "required": ["b"] }, { "properties": { "c": {} } }],
        });
    }
    assert!(exercise(&taking(schema)) < 120_000);
    let defs: Map<String, Value> = (0..100)
        .map(|n| {
            let next = json!({ "$ref": format!("#/$defs/D{}", (n + 1) % 100) });
            (format!("D{n}"), json!({ "type": "object", "properties": { "a": next, "b": next, "c": { "anyOf": [next, next] } } }))
        })
        .collect();
    assert!(exercise(&giving(json!({ "$ref": "#/$defs/D0", "$defs": defs }))) < 120_000);
}

#[test]
fn circular_references_end() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }], "properties": { "x": { "$ref": "#" } } }),
        json!({ "$ref": "#/$defs/A", "$defs": { "A": { "$ref": "#/$defs/B" }, "B": { "$ref": "#/$defs/A" } } }),
        json!({ "properties": { "x": { "$ref": "#/properties/x" } }, "required": ["x"] }),
    ] {
        let text = declarations(&server(), None, &[taking(schema.clone()), giving(schema.clone())]);
        assert!(text.contains("unknown"), "{text}");
        exercise(&taking(schema.clone()));
        exercise(&giving(schema));
    }
}

#[test]
fn a_megabyte_of_values_is_bounded() {
    let values: Vec<String> = (0..60_000).map(|n| format!("value number {n}")).collect();
    let properties: Map<String, Value> =
        values.iter().map(|name| (name.clone(), json!({ "type": "string" }))).collect();
    let long = "long ".repeat(1 << 18);
    for schema in [
        json!({ "properties": { "x": { "type": "string", "enum": values } } }),
        json!({ "properties": properties, "required": values }),
        json!({ "properties": { (long.clone()): {}, "x": { "description": long, "pattern": long, "default": long, "const": long } } }),
    ] {
        assert!(exercise(&taking(schema)) < 120_000);
    }
    let mut verbose = taking(json!({}));
    verbose.name = long.clone();
    verbose.description = Some(long);
    let text = declarations(&server(), None, &[verbose]);
    assert!(text.len() < 30_000);
}

#[test]
fn texts_cannot_leave_their_place() {
    let nasty = "*/ }; export const evil = 1; /* \" ' ` \n\u{2028}\u{202e}\\";
    let mut tool = taking(json!({
        "properties": { (nasty): { "enum": [nasty], "description": nasty, "default": nasty, "format": nasty } },
        "required": [nasty],
    }));
    tool.name = nasty.to_owned();
    tool.description = Some(nasty.to_owned());
    let text = declarations(&server(), Some(nasty), &[tool]);
    let code = without_comments_and_strings(&text);
    assert!(!code.contains("export const evil"), "{text}");
    assert!(!text.contains(['\u{2028}', '\u{202e}']), "{text}");
    assert_eq!(code.matches('{').count(), code.matches('}').count(), "{text}");
}

/// The text as a scanner reads it: without what stands in comments and strings.
fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
        } else if c == '"' || c == '\'' {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, d)| {
                let ends = *d == c && !escaped;
                escaped = *d == '\\' && !escaped;
                ends
            });
            rest = end.map_or("", |(at, _)| &rest[at + 1..]);
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

#[test]
fn declared_facets_are_bounded() {
    let names: Vec<String> = (0..1_000).map(|n| format!("{}{n}", "cap ".repeat(100))).collect();
    let hostile = tool(json!({
        "name": "t",
        "_meta": { "terraphim": { "category": "x".repeat(1 << 20), "capabilities": names } },
    }));
    assert!(exercise(&hostile) < 20_000);
}

/// Words that mean something in a schema, so that arbitrary JSON reaches the code behind them.
fn key() -> impl Strategy<Value = String> {
    let words: &'static [&str] = &[
        "type",
        "properties",
        "items",
        "prefixItems",
        "required",
        "anyOf",
        "oneOf",
        "allOf",
        "enum",
        "const",
        "$ref",
        "$defs",
        "definitions",
        "additionalProperties",
        "patternProperties",
        "nullable",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "multipleOf",
        "pattern",
        "format",
        "default",
        "examples",
        "description",
        "title",
        "result",
        "x-fastmcp-wrap-result",
        "a",
        "b",
    ];
    prop_oneof![4 => prop::sample::select(words).prop_map(str::to_owned), 1 => ".{0,6}"]
}

fn leaf() -> impl Strategy<Value = Value> {
    let words: &'static [&str] = &[
        "object",
        "array",
        "string",
        "integer",
        "null",
        "#",
        "#/$defs/a",
        "#/properties/a",
        "a",
        "uri",
        "^[a-z]{2}$",
    ];
    prop_oneof![
        3 => prop::sample::select(words).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => ".{0,8}".prop_map(Value::from),
    ]
}

pub(crate) fn schema() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::vec((key(), inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_taken_as_a_schema(input in schema(), output in schema()) {
        let mut tool = taking(input);
        tool.output_schema = Some(output);
        exercise(&tool);
    }

    #[test]
    fn any_reply_gives_a_value(content in prop::collection::vec(schema(), 0..3), structured in prop::option::of(schema()), output in schema()) {
        let structured = structured.filter(|value| !value.is_null()).map(Into::into);
        let reply = ToolReply { content, structured_content: structured, is_error: false };
        value(&ResultShape::of(&giving(output)), reply.clone());
        prop_assert_eq!(serde_json::from_str::<ToolReply>(raw(&reply).get()).unwrap(), reply);
    }

    #[test]
    fn identifiers_are_valid_and_unique(names in prop::collection::vec("[a-c_. \\-1]{0,4}|.{0,5}|delete|then|class", 0..12)) {
        let tools: Vec<_> = names.iter().map(|name| { let mut tool = taking(json!({})); tool.name.clone_from(name); tool }).collect();
        let module = ServerModule::new(&server(), &tools);
        let mut seen = HashSet::new();
        for named in &module.tools {
            prop_assert!(!named.identifiers.is_empty());
            for identifier in &named.identifiers {
                prop_assert!(is_identifier_name(identifier), "{identifier:?}");
                prop_assert!(seen.insert(identifier.clone()), "{identifier:?} twice");
                prop_assert!(identifier != "then" && identifier != "__proto__");
            }
            prop_assert_eq!(&identifier(&named.identifiers[0]), &named.identifiers[0]);
        }
        let distinct: HashSet<_> = names.iter().collect();
        prop_assert_eq!(module.tools.len(), distinct.len());
        let mut reversed = tools.clone();
        reversed.reverse();
        let mut other = ServerModule::new(&server(), &reversed).tools;
        let mut tools = module.tools;
        other.sort_by(|a, b| a.name.cmp(&b.name));
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        prop_assert_eq!(tools, other);
    }

    #[test]
    fn any_query_is_answered(text in ".{0,60}", category in prop::option::of(".{0,8}"), name in ".{0,30}") {
        let tools = ServerTools { server: server(), description: None, tools: Arc::from([taking(json!({}))]) };
        let index = DiscoveryIndex::build(&[tools]);
        let query = ToolQuery { query: Some(text), category, offset: 0, limit: 0, ..ToolQuery::default() };
        index.search(&query);
        prop_assert!(nearest(&name, index.names()).len() <= 3);
        docs(&index, &[name], Language::JavaScript);
    }
}

fn is_identifier_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = |c: char| c == '$' || c == '_' || unicode_ident::is_xid_start(c);
    chars.next().is_some_and(first) && chars.all(|c| c == '$' || unicode_ident::is_xid_continue(c))
}
