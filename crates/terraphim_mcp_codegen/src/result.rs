//! What a tool call gives to a program: decided from the tool's output schema,
//! never from the value that came.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use terraphim_types::{JsonText, ToolDefinition, ToolReply};

use crate::schema;

/// Names of fields that page through a list, without separators and in lower case, sorted.
const PAGING: &[&str] = &[
    "count",
    "cursor",
    "hasmore",
    "hasnext",
    "hasnextpage",
    "limit",
    "next",
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

/// Where the result type of a tool is a guess from what calls gave: how it came about, in words.
pub(crate) fn inferred_note(tool: &ToolDefinition) -> Option<String> {
    if tool.output_schema.is_some() {
        return None;
    }
    Some(inferred_from(tool.observed.as_ref()?.observations))
}

/// Where the number is not to be told it is 0.
pub(crate) fn inferred_from(observations: u64) -> String {
    let results = match observations {
        0 => "what calls answered".to_owned(),
        1 => "1 result".to_owned(),
        more => format!("{more} results"),
    };
    format!("inferred from {results}; not declared by the server")
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
pub fn value(shape: &ResultShape, reply: ToolReply) -> JsonText {
    let whole = reply.structured_content.unwrap_or_else(|| from_content(reply.content));
    match shape {
        ResultShape::Property(name) => whole.member(name).unwrap_or(whole),
        ResultShape::OptionalProperty(name) if whole.is_object() => {
            whole.member(name).unwrap_or_else(|| Value::Null.into())
        }
        _ => whole,
    }
}

/// The whole reply, in the shape of an MCP `CallToolResult`.
pub fn raw(reply: &ToolReply) -> JsonText {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Whole<'a> {
        content: &'a [Value],
        #[serde(skip_serializing_if = "Option::is_none")]
        structured_content: Option<&'a JsonText>,
        is_error: bool,
    }

    let structured_content = reply.structured_content.as_ref();
    let whole = Whole { content: &reply.content, structured_content, is_error: reply.is_error };
    // Values, texts and a truth value always have a text.
    JsonText::of(&whole).unwrap_or_else(|_| Value::Null.into())
}

fn text_of(block: &Value) -> Option<&str> {
    (block.get("type")? == "text").then(|| block.get("text")?.as_str()).flatten()
}

fn from_content(content: Vec<Value>) -> JsonText {
    let texts: Option<Vec<&str>> = content.iter().map(text_of).collect();
    match texts.as_deref() {
        Some([text]) => parsed(text).unwrap_or_else(|| Value::from(*text).into()),
        Some(texts @ [_, ..]) => Value::String(texts.join("\n")).into(),
        _ => Value::Array(content).into(),
    }
}

/// Deeper JSON stays a text, which the program may read as far as it can.
fn parsed(text: &str) -> Option<JsonText> {
    const MAX_DEPTH: usize = 128;
    let json = text.trim_start().starts_with(['{', '[']).then(|| JsonText::parse(text).ok()).flatten()?;
    (!json.is_deeper_than(MAX_DEPTH)).then_some(json)
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

    fn taken(shape: &ResultShape, reply: ToolReply) -> Value {
        value(shape, reply).to_value().expect("a value")
    }

    #[test]
    fn values_follow_the_rules() {
        let undeclared = ResultShape::Undeclared;
        assert_eq!(taken(&undeclared, texts(&["{\"a\": 1}"])), json!({ "a": 1 }));
        assert_eq!(taken(&undeclared, texts(&[" [1]"])), json!([1]));
        assert_eq!(taken(&undeclared, texts(&["42"])), json!("42"));
        assert_eq!(taken(&undeclared, texts(&["{broken"])), json!("{broken"));
        assert_eq!(taken(&undeclared, texts(&["{}", "[]"])), json!("{}\n[]"));
        assert_eq!(taken(&undeclared, ToolReply::default()), json!([]));
        let image = json!({ "type": "image", "data": "AA==", "mimeType": "image/png" });
        let mixed = ToolReply {
            content: vec![json!({ "type": "text", "text": "a" }), image],
            ..ToolReply::default()
        };
        assert_eq!(taken(&undeclared, mixed.clone()), Value::Array(mixed.content));
    }

    #[test]
    fn what_is_nested_too_deeply_stays_a_text() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(taken(&ResultShape::Undeclared, texts(&[&deep(100)])).is_array());
        assert_eq!(taken(&ResultShape::Undeclared, texts(&[&deep(200)])), json!(deep(200)));
    }

    #[test]
    fn structured_results_are_unwrapped_by_shape_alone() {
        let reply = |structured: Value| ToolReply {
            structured_content: Some(structured.into()),
            ..texts(&["ignored"])
        };
        let page = json!({ "documents": [1, 2], "total": 2 });
        assert_eq!(taken(&ResultShape::Structured, reply(page.clone())), page);
        assert_eq!(taken(&ResultShape::Property("documents".into()), reply(page.clone())), json!([1, 2]));
        assert_eq!(taken(&ResultShape::Undeclared, reply(page.clone())), page);
        let violated = json!({ "total": 2 });
        assert_eq!(taken(&ResultShape::Property("documents".into()), reply(violated.clone())), violated);
        assert_eq!(taken(&ResultShape::OptionalProperty("documents".into()), reply(violated)), Value::Null);
    }

    #[test]
    fn raw_gives_everything() {
        let reply = ToolReply { structured_content: Some(json!(1).into()), ..texts(&["a"]) };
        assert_eq!(
            raw(&reply).to_value().expect("a value"),
            json!({ "content": [{ "type": "text", "text": "a" }], "structuredContent": 1, "isError": false })
        );
    }
}
