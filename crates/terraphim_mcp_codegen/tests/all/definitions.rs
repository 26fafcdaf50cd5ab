//! Short ways to write tool definitions.

use serde_json::{Value, json};
use terraphim_types::ToolDefinition;

/// A tool from its definition as JSON.
pub(crate) fn tool(definition: Value) -> ToolDefinition {
    serde_json::from_value(definition).expect("a tool definition")
}

/// A tool `t` that takes what `input` says.
pub(crate) fn taking(input: Value) -> ToolDefinition {
    tool(json!({ "name": "t", "inputSchema": input }))
}

/// A tool `t` that gives what `output` says.
pub(crate) fn giving(output: Value) -> ToolDefinition {
    tool(json!({ "name": "t", "inputSchema": { "type": "object" }, "outputSchema": output }))
}
