//! The first-party server's tools by their own names, passed through to the
//! gateway, which asks the policy and checks the arguments.

use rmcp::model::{CallToolResult, ContentBlock, Tool};
use serde_json::{Map, Value};
use terraphim_mcp_gateway::{CallContext, Gateway, GatewayError};
use terraphim_types::{InvalidName, ServerName, ToolDefinition, ToolName, ToolReply};
use tokio_util::sync::CancellationToken;

use crate::answer;

/// The name of the first-party server.
const SERVER: &str = "terraphim";

/// Most bytes of a reply's text that reach the model.
const REPLY_BYTES: usize = 24 << 10;

/// Why there is nothing to pass on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassError {
    /// The tool's name cannot be one.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The gateway gave no reply.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// The tools of the first-party server.
pub(crate) async fn definitions(gateway: &Gateway) -> Result<Vec<ToolDefinition>, PassError> {
    Ok(gateway.tools(&ServerName::new(SERVER)?).await?.to_vec())
}

/// Calls a tool of the first-party server.
pub(crate) async fn call(
    gateway: &Gateway,
    tool: &str,
    arguments: Map<String, Value>,
    cancel: CancellationToken,
) -> Result<CallToolResult, PassError> {
    let name = ToolName::new(ServerName::new(SERVER)?, tool)?;
    let reply = gateway.call(&name, arguments, CallContext { cancel }).await?;
    Ok(result(reply))
}

/// The definition in the protocol library's form; one that it cannot hold is left out.
pub(crate) fn tool(definition: &ToolDefinition) -> Option<Tool> {
    let converted = serde_json::to_value(definition).and_then(serde_json::from_value);
    converted
        .inspect_err(|error| tracing::warn!(tool = definition.name, %error, "a definition cannot be shown"))
        .ok()
}

fn result(reply: ToolReply) -> CallToolResult {
    let blocks: Vec<ContentBlock> = reply.content.into_iter().map(block).collect();
    let mut result =
        if reply.is_error { CallToolResult::error(blocks) } else { CallToolResult::success(blocks) };
    // What this process made is never too deep to be read.
    result.structured_content = reply.structured_content.and_then(|json| json.to_value().ok());
    result
}

/// A content block; one of a kind that the protocol library does not know is shown as text.
fn block(value: Value) -> ContentBlock {
    match serde_json::from_value(value.clone()) {
        Ok(ContentBlock::Text(text)) => ContentBlock::text(answer::within(text.text, REPLY_BYTES)),
        Ok(block) => block,
        Err(_) => ContentBlock::text(answer::within(value.to_string(), REPLY_BYTES)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_keep_their_parts_and_unknown_blocks_become_text() {
        let reply: ToolReply = serde_json::from_value(json!({
            "content": [{ "type": "text", "text": "a" }, { "type": "hologram", "x": 1 }],
            "structuredContent": { "n": 1 },
            "isError": true,
        }))
        .unwrap();
        let result = result(reply);
        assert_eq!(result.is_error, Some(true));
        assert_eq!(result.structured_content, Some(json!({ "n": 1 })));
        let texts: Vec<_> = result.content.iter().map(|block| &block.as_text().unwrap().text).collect();
        assert_eq!(texts, ["a", r#"{"type":"hologram","x":1}"#]);
    }

    #[test]
    fn definitions_that_are_no_objects_are_left_out() {
        let definition = |schema: Value| ToolDefinition {
            name: "t".into(),
            title: None,
            description: None,
            input_schema: schema,
            output_schema: None,
            annotations: None,
            meta: None,
            observed: None,
            failures: std::sync::Arc::default(),
        };
        assert!(tool(&definition(json!({ "type": "object" }))).is_some());
        assert!(tool(&definition(json!(true))).is_none());
    }
}
