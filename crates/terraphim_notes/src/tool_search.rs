//! The tool `search`: its definition, its arguments, its answer.

use serde_json::{Map, Value, json};
use terraphim_types::{JsonText, ToolAnnotations, ToolDefinition, ToolReply};

use crate::search::{Page, Request};

pub(crate) const NAME: &str = "search";

const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 1_000;

/// Longest query, in characters.
const MAX_QUERY_CHARS: usize = 2_000;

/// How many documents the text form lists.
const MAX_LISTED: usize = 20;

/// The arguments of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) role: Option<String>,
    pub(crate) request: Request,
}

/// What is wrong with the arguments of a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgumentError {
    #[error("`query` is missing: pass the words to search for")]
    NoQuery,
    #[error("`query` is empty: pass the words to search for, and phrases in double quotes")]
    EmptyQuery,
    #[error("`query` has {chars} characters: shorten it to {MAX_QUERY_CHARS}")]
    LongQuery { chars: usize },
    #[error("`{name}` is not a string")]
    NotText { name: &'static str },
    #[error("`{name}` is not an integer from {least} to {most}")]
    OutOfRange { name: &'static str, least: u64, most: u64 },
    #[error("`{name}` is no argument: use query, role, limit, skip")]
    Unknown { name: String },
}

/// The tool as it is listed.
pub(crate) fn definition() -> ToolDefinition {
    ToolDefinition {
        name: NAME.to_owned(),
        title: Some("Search notes".to_owned()),
        description: Some(
            "Searches the user's notes, ranked with the help of their knowledge graph. Gives documents best \
             first, each with a rank from 0 to 1, the concept it is most about, and a snippet."
                .to_owned(),
        ),
        input_schema: json!({
            "type": "object",
            "properties": {
                "query": {
                    "type": "string",
                    "description": "Words to search for; any may match. A phrase in double quotes must occur.",
                    "minLength": 1,
                    "maxLength": MAX_QUERY_CHARS
                },
                "role": { "type": "string", "description": "Whose notes to search; the default role if absent." },
                "limit": {
                    "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT,
                    "description": "Most documents to return."
                },
                "skip": {
                    "type": "integer", "minimum": 0, "default": 0,
                    "description": "How many of the best documents to leave out."
                }
            },
            "required": ["query"],
            "additionalProperties": false
        }),
        output_schema: Some(output_schema()),
        annotations: Some(ToolAnnotations {
            title: None,
            read_only_hint: Some(true),
            destructive_hint: None,
            idempotent_hint: Some(true),
            open_world_hint: Some(false),
        }),
        meta: Some(
            json!({ "terraphim": { "category": "knowledge-graph", "capabilities": ["search", "read"] } }),
        ),
    }
}

fn output_schema() -> Value {
    let count = |description: &str| json!({ "type": "integer", "minimum": 0, "description": description });
    json!({
        "type": "object",
        "properties": {
            "documents": {
                "type": "array",
                "description": "The documents, best first.",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": { "type": "string" },
                        "title": { "type": "string" },
                        "url": { "type": "string" },
                        "rank": {
                            "type": "number", "minimum": 0, "maximum": 1,
                            "description": "Relevance as a part of the best document's, which has 1."
                        },
                        "score": { "type": "number", "description": "Relevance as computed." },
                        "topic": {
                            "type": ["string", "null"],
                            "description": "The concept of the knowledge graph that it is most about."
                        },
                        "tags": { "type": "array", "items": { "type": "string" } },
                        "snippet": { "type": "string", "description": "Plain text around the best place." },
                        "path": { "type": "string" }
                    },
                    "required": ["id", "title", "url", "rank", "score", "topic", "tags", "snippet", "path"]
                }
            },
            "total": count("How many documents match in all."),
            "skip": count("As asked."),
            "limit": count("As asked, or the default.")
        },
        "required": ["documents", "total", "skip", "limit"]
    })
}

/// Reads the arguments of a call; `null` is the same as absent.
pub(crate) fn arguments(given: &Map<String, Value>) -> Result<Arguments, ArgumentError> {
    if let Some(name) = given.keys().find(|name| !["query", "role", "limit", "skip"].contains(&name.as_str()))
    {
        return Err(ArgumentError::Unknown { name: name.chars().take(100).collect() });
    }
    let query = text(given, "query")?.ok_or(ArgumentError::NoQuery)?;
    let chars = query.chars().count();
    if chars > MAX_QUERY_CHARS {
        return Err(ArgumentError::LongQuery { chars });
    }
    if query.trim().is_empty() {
        return Err(ArgumentError::EmptyQuery);
    }
    // Numbers of programs are exact up to 2^53.
    let skip = integer(given, "skip", 0, 0, 1 << 53)?;
    let limit = integer(given, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)?;
    let role = text(given, "role")?.map(str::to_owned);
    Ok(Arguments { role, request: Request { query: query.to_owned(), limit, skip } })
}

fn text<'a>(given: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, ArgumentError> {
    match given.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ArgumentError::NotText { name }),
    }
}

fn integer(
    given: &Map<String, Value>,
    name: &'static str,
    default: u64,
    least: u64,
    most: u64,
) -> Result<usize, ArgumentError> {
    let error = || ArgumentError::OutOfRange { name, least, most };
    let number = match given.get(name) {
        None | Some(Value::Null) => default,
        // Some clients write 10 as 10.0.
        Some(Value::Number(number)) => {
            number.as_u64().or_else(|| whole(number.as_f64()?)).ok_or_else(error)?
        }
        Some(_) => return Err(error()),
    };
    if !(least..=most).contains(&number) {
        return Err(error());
    }
    usize::try_from(number).map_err(|_| error())
}

/// A number without a fraction, written with a point.
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0).then(|| format!("{number:.0}").parse().ok()).flatten()
}

/// The answer of a call: structured, and as a short list for clients that read only text.
pub(crate) fn reply(page: &Page) -> Result<ToolReply, serde_json::Error> {
    let mut text = match (page.documents.len(), page.total) {
        (_, 0) => "No documents match.".to_owned(),
        (0, total) => format!("{total} documents match, none after the first {}.", page.skip),
        (shown, total) => format!("{shown} of {total} documents, best first:"),
    };
    for (number, document) in page.documents.iter().take(MAX_LISTED).enumerate() {
        let number = page.skip + number + 1;
        text.push_str(&format!("\n{number}. {} <{}>", document.title, document.url));
    }
    if let Some(more) = page.documents.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        text.push_str(&format!("\n… and {more} more"));
    }
    let content = vec![json!({ "type": "text", "text": text })];
    Ok(ToolReply { content, structured_content: Some(JsonText::of(page)?), is_error: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: Value) -> Result<Arguments, ArgumentError> {
        arguments(given.as_object().expect("an object"))
    }

    #[test]
    fn arguments_have_defaults() {
        let request = Request { query: "rust".into(), limit: 10, skip: 0 };
        assert_eq!(read(json!({ "query": "rust", "role": null })), Ok(Arguments { role: None, request }));
        let request = Request { query: "rust".into(), limit: 1_000, skip: 7 };
        let given = json!({ "query": "rust", "role": "me", "limit": 1000.0, "skip": 7 });
        assert_eq!(read(given), Ok(Arguments { role: Some("me".into()), request }));
    }

    #[test]
    fn bad_arguments_are_named() {
        for (given, expected) in [
            (json!({}), ArgumentError::NoQuery),
            (json!({ "query": " \n" }), ArgumentError::EmptyQuery),
            (json!({ "query": "x".repeat(2_001) }), ArgumentError::LongQuery { chars: 2_001 }),
            (json!({ "query": 1 }), ArgumentError::NotText { name: "query" }),
            (json!({ "query": "x", "limits": 1 }), ArgumentError::Unknown { name: "limits".into() }),
        ] {
            assert_eq!(read(given), Err(expected));
        }
        for limit in [json!(0), json!(1001), json!(-1), json!(1.5), json!("10"), json!(1e300)] {
            let error = read(json!({ "query": "x", "limit": limit })).expect_err("out of range");
            assert_eq!(error.to_string(), "`limit` is not an integer from 1 to 1000");
        }
        assert!(read(json!({ "query": "x", "skip": -1 })).is_err());
    }
}
