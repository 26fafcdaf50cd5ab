//! A tool as its server lists it, and what a call of it answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::JsonText;

/// One tool, in the shape of an MCP `tools/list` entry (camelCase on the wire).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolDefinition {
    /// The tool's own name, unqualified.
    pub name: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, in the server's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default = "any_object")]
    pub input_schema: Value,
    /// JSON Schema of its structured result, where the server declares one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
    /// The server's hints about its behaviour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<ToolAnnotations>,
    /// Extension data of the server.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Value>,
    /// What calls were seen to answer where the server declares no result. The
    /// host puts it there; it is neither read from the wire nor written to it.
    #[serde(skip)]
    pub observed: Option<Arc<ObservedResult>>,
    /// What calls were seen to fail with, the last first: a few short lines
    /// without values. The host puts them there, as it does `observed`.
    #[serde(skip)]
    pub failures: Arc<[String]>,
}

/// The results of a tool, as far as calls have shown them.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedResult {
    /// JSON Schema that every observed result meets.
    pub schema: Value,
    /// How many results it was made from.
    pub observations: u64,
}

fn any_object() -> Value {
    serde_json::json!({ "type": "object" })
}

/// Hints of an MCP tool; an absent one takes the specification's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolAnnotations {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// It changes nothing; absent means it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// It may destroy; absent means it may. Meaningful only if not read-only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destructive_hint: Option<bool>,
    /// Calling again with the same arguments changes nothing more; absent means it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotent_hint: Option<bool>,
    /// It reaches beyond a closed domain; absent means it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_world_hint: Option<bool>,
}

impl ToolDefinition {
    /// Whether the server declares that the tool changes nothing.
    pub fn is_read_only(&self) -> bool {
        self.annotations.as_ref().and_then(|a| a.read_only_hint).unwrap_or(false)
    }
}

/// What a tool call answered, in the shape of an MCP `CallToolResult`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolReply {
    /// MCP content blocks (`{"type": "text", "text": ...}` and so on).
    #[serde(default)]
    pub content: Vec<Value>,
    /// The structured result, where the tool gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<JsonText>,
    /// Whether the tool says that it failed.
    #[serde(default)]
    pub is_error: bool,
}

impl ToolReply {
    /// The text blocks, joined by line feeds.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| block.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }
}
