//! What a tool call gives to a program: decided from the tool's output schema,
//! never from the value that came.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use terraphim_types::{ToolDefinition, ToolReply};

use crate::schema;

/// Names of fields that page through a list, without separators and in lower case, sorted.
const PAGING: &[&str] = &[
    "count",
    "cursor",
    "hasmore",
    "hasnext",
    "hasnextpage",
    "limit",
    "nextcursor",
    "nextoffset",
    "nextpage",
    "nextpagetoken",
    "offset",
    "page",
    "pagecount",
    "pagesize",
    "pagetoken",
    "perpage",
    "prevcursor",
    "previouscursor",
    "skip",
    "total",
    "totalcount",
    "totalitems",
    "totalpages",
    "totalresults",
];

/// How the value of a call is taken from its reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultShape {
    /// The structured result as it stands.
    Structured,
    /// This property of the structured result, which the schema requires: its
    /// only list beside paging fields, or a wrapped `result`.
    Property(String),
    /// The same, but the schema lets it be absent; then the value is null.
    OptionalProperty(String),
    /// The server declares no output schema.
    Undeclared,
}

impl ResultShape {
    /// Decides the shape from the tool's output schema.
    pub fn of(tool: &ToolDefinition) -> Self {
        let Some(root) = &tool.output_schema else { return Self::Undeclared };
        let Some(map) = schema::resolve(root, root).as_object() else { return Self::Structured };
        match unwrapped(root, map) {
            Some(name) if requires(map, name) => Self::Property(name.to_owned()),
            Some(name) => Self::OptionalProperty(name.to_owned()),
            None => Self::Structured,
        }
    }
}

fn requires(map: &Map<String, Value>, name: &str) -> bool {
    map.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|n| n == name))
}

fn unwrapped<'a>(root: &Value, map: &'a Map<String, Value>) -> Option<&'a str> {
    let properties = map.get("properties")?.as_object()?;
    if map.get("x-fastmcp-wrap-result") == Some(&Value::Bool(true)) {
        return properties.keys().find(|name| *name == "result").map(String::as_str);
    }
    if ["allOf", "anyOf", "oneOf", "$ref"].iter().any(|word| map.contains_key(*word)) {
        return None;
    }
    let mut content = properties.iter().filter(|(name, schema)| !is_paging(root, name, schema));
    let (name, schema) = content.next()?;
    let is_list = schema::resolve(root, schema).get("type").is_some_and(|kind| kind == "array");
    (content.next().is_none() && is_list).then_some(name.as_str())
}

fn is_paging(root: &Value, name: &str, schema: &Value) -> bool {
    let folded: String =
        name.chars().take(32).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let kind = schema::resolve(root, schema).get("type");
    let is_list = kind.is_some_and(|kind| kind == "array" || kind == "object");
    !is_list && PAGING.binary_search(&folded.as_str()).is_ok()
}

/// The value of a successful call: the structured result where there is one,
/// else its one text as JSON where that opens with `{` or `[` and parses, else
/// the texts joined by line feeds, else the list of content blocks. The shape
/// then takes its property out; a reply that violates it is given whole.
pub fn value(shape: &ResultShape, reply: &ToolReply) -> Value {
    let whole = reply.structured_content.clone().unwrap_or_else(|| from_content(&reply.content));
    match (shape, whole) {
        (ResultShape::Property(name), Value::Object(mut map)) => {
            // Taken by swap: the rest of the map is dropped, so its order is nothing to keep.
            map.swap_remove(name).unwrap_or(Value::Object(map))
        }
        (ResultShape::OptionalProperty(name), Value::Object(mut map)) => {
            map.swap_remove(name).unwrap_or(Value::Null)
        }
        (_, whole) => whole,
    }
}

/// The whole reply, in the shape of an MCP `CallToolResult`.
pub fn raw(reply: &ToolReply) -> Value {
    let mut map = Map::new();
    map.insert("content".to_owned(), Value::Array(reply.content.clone()));
    if let Some(structured) = &reply.structured_content {
        map.insert("structuredContent".to_owned(), structured.clone());
    }
    map.insert("isError".to_owned(), Value::Bool(reply.is_error));
    Value::Object(map)
}

fn text_of(block: &Value) -> Option<&str> {
    (block.get("type")? == "text").then(|| block.get("text")?.as_str()).flatten()
}

fn from_content(content: &[Value]) -> Value {
    let texts: Option<Vec<&str>> = content.iter().map(text_of).collect();
    match texts.as_deref() {
        Some([text]) => parsed(text).unwrap_or_else(|| Value::String((*text).to_owned())),
        Some(texts @ [_, ..]) => Value::String(texts.join("\n")),
        _ => Value::Array(content.to_vec()),
    }
}

fn parsed(text: &str) -> Option<Value> {
    text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(output: Value) -> ResultShape {
        let tool = json!({ "name": "t", "outputSchema": output });
        ResultShape::of(&serde_json::from_value(tool).expect("a tool"))
    }

    fn texts(texts: &[&str]) -> ToolReply {
        let content = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        ToolReply { content, ..ToolReply::default() }
    }

    #[test]
    fn the_paging_table_is_sorted() {
        assert!(PAGING.is_sorted());
    }

    #[test]
    fn shapes_follow_the_schema() {
        let list = json!({ "type": "array", "items": { "type": "string" } });
        let number = json!({ "type": "integer" });
        let cases = [
            (
                json!({ "properties": { "documents": list, "total": number, "nextCursor": {} }, "required": ["documents"] }),
                ResultShape::Property("documents".into()),
            ),
            (
                json!({ "properties": { "documents": list, "has_more": { "type": "boolean" } } }),
                ResultShape::OptionalProperty("documents".into()),
            ),
            (
                json!({ "properties": { "documents": list, "warning": { "type": "string" } }, "required": ["documents"] }),
                ResultShape::Structured,
            ),
            (
                json!({ "properties": { "a": list, "b": list }, "required": ["a", "b"] }),
                ResultShape::Structured,
            ),
            (json!({ "properties": { "total": number } }), ResultShape::Structured),
            (
                json!({ "properties": { "result": number }, "required": ["result"], "x-fastmcp-wrap-result": true }),
                ResultShape::Property("result".into()),
            ),
            (json!({ "properties": { "result": number }, "required": ["result"] }), ResultShape::Structured),
            (
                json!({ "$ref": "#/$defs/Page", "$defs": { "List": list,
                "Page": { "properties": { "rows": { "$ref": "#/$defs/List" } }, "required": ["rows"] } } }),
                ResultShape::Property("rows".into()),
            ),
            (json!({ "$ref": "#" }), ResultShape::Structured),
            (json!(true), ResultShape::Structured),
        ];
        for (schema, expected) in cases {
            assert_eq!(shape(schema.clone()), expected, "{schema}");
        }
        assert_eq!(
            ResultShape::of(&serde_json::from_value(json!({ "name": "t" })).unwrap()),
            ResultShape::Undeclared
        );
    }

    #[test]
    fn values_follow_the_rules() {
        let undeclared = ResultShape::Undeclared;
        assert_eq!(value(&undeclared, &texts(&["{\"a\": 1}"])), json!({ "a": 1 }));
        assert_eq!(value(&undeclared, &texts(&[" [1]"])), json!([1]));
        assert_eq!(value(&undeclared, &texts(&["42"])), json!("42"));
        assert_eq!(value(&undeclared, &texts(&["{broken"])), json!("{broken"));
        assert_eq!(value(&undeclared, &texts(&["{}", "[]"])), json!("{}\n[]"));
        assert_eq!(value(&undeclared, &ToolReply::default()), json!([]));
        let image = json!({ "type": "image", "data": "AA==", "mimeType": "image/png" });
        let mixed = ToolReply {
            content: vec![json!({ "type": "text", "text": "a" }), image],
            ..ToolReply::default()
        };
        assert_eq!(value(&undeclared, &mixed), Value::Array(mixed.content.clone()));
    }

    #[test]
    fn structured_results_are_unwrapped_by_shape_alone() {
        let reply =
            |structured: Value| ToolReply { structured_content: Some(structured), ..texts(&["ignored"]) };
        let page = json!({ "documents": [1, 2], "total": 2 });
        assert_eq!(value(&ResultShape::Structured, &reply(page.clone())), page);
        assert_eq!(value(&ResultShape::Property("documents".into()), &reply(page.clone())), json!([1, 2]));
        assert_eq!(value(&ResultShape::Undeclared, &reply(page.clone())), page);
        let violated = json!({ "total": 2 });
        assert_eq!(value(&ResultShape::Property("documents".into()), &reply(violated.clone())), violated);
        assert_eq!(value(&ResultShape::OptionalProperty("documents".into()), &reply(violated)), Value::Null);
    }

    #[test]
    fn raw_gives_everything() {
        let reply = ToolReply { structured_content: Some(json!(1)), ..texts(&["a"]) };
        assert_eq!(
            raw(&reply),
            json!({ "content": [{ "type": "text", "text": "a" }], "structuredContent": 1, "isError": false })
        );
    }
}
