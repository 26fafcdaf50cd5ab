//! What the gateway asks of a provider, held by both kinds of it.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use terraphim_mcp_gateway::{
    CallContext, CallFuture, Gateway, GatewayError, ListFuture, Provider, ProviderError, ServerState,
};
use terraphim_types::{ServerName, ToolDefinition, ToolReply};
use tokio_util::sync::CancellationToken;

use crate::support::{Setup, call, call_in, name};

/// A server of this process with some of the test upstream's tools.
struct Local(ServerName);

impl Provider for Local {
    fn name(&self) -> &ServerName {
        &self.0
    }

    fn description(&self) -> Option<String> {
        Some("Lives here.".into())
    }

    fn list_tools(&self) -> ListFuture<'_> {
        let one = |key: &str, kind: &str| json!({ "type": "object", "properties": { key: { "type": kind } }, "required": [key] });
        let read_only = json!({ "readOnlyHint": true });
        let tools = json!([
            { "name": "echo", "inputSchema": { "type": "object" }, "annotations": read_only },
            { "name": "fail", "inputSchema": { "type": "object" }, "annotations": read_only },
            { "name": "slow", "inputSchema": one("ms", "integer"), "annotations": read_only },
            { "name": "secret_write", "inputSchema": { "type": "object" } },
        ]);
        Box::pin(async move {
            Ok(serde_json::from_value::<Vec<ToolDefinition>>(tools).expect("definitions").into())
        })
    }

    fn call_tool<'a>(
        &'a self,
        tool: &'a str,
        arguments: Map<String, Value>,
        _: CallContext,
    ) -> CallFuture<'a> {
        Box::pin(async move {
            match tool {
                "echo" => Ok(ToolReply {
                    structured_content: Some(Value::from(arguments).into()),
                    ..ToolReply::default()
                }),
                "fail" => Ok(ToolReply { is_error: true, ..ToolReply::default() }),
                "slow" => std::future::pending().await,
                _ => Err(ProviderError::UnknownTool { server: self.0.clone(), tool: tool.into() }),
            }
        })
    }
}

/// The gateway with the local server and the upstream, under names by kind.
fn both() -> (Setup, Gateway) {
    let mut setup = Setup::servers(&[("upstream", &["--hang-on", "slow"]), ("taken", &[])]);
    setup.config.timeouts.call = Duration::from_secs(1);
    setup.providers = vec![Arc::new(Local(name("local"))), Arc::new(Local(name("taken")))];
    let gateway = setup.gateway();
    (setup, gateway)
}

#[tokio::test]
async fn both_kinds_of_provider_keep_the_contract() {
    let (_setup, gateway) = both();
    for server in ["local", "upstream"] {
        let tool = |tool: &str| format!("{server}.{tool}");
        let listed = gateway.tools(&name(server)).await.expect("a list");
        assert!(listed.iter().any(|tool| tool.name == "echo" && tool.is_read_only()));
        let echo = call(&gateway, &tool("echo"), json!({ "a": 1 })).await.expect("a reply");
        assert_eq!(echo.structured_content, Some(json!({ "a": 1 }).into()));
        assert!(call(&gateway, &tool("fail"), json!({})).await.expect("a reply").is_error);
        let unknown = call(&gateway, &tool("ecko"), json!({})).await;
        assert!(
            matches!(&unknown, Err(GatewayError::UnknownTool { nearest, .. }) if nearest.contains(&"echo".to_owned())),
            "{unknown:?}"
        );
        let invalid = call(&gateway, &tool("slow"), json!({ "ms": "x" })).await;
        assert!(
            matches!(invalid, Err(GatewayError::Provider(ProviderError::InvalidArguments { .. }))),
            "{invalid:?}"
        );
        let late = call(&gateway, &tool("slow"), json!({ "ms": 1 })).await;
        assert!(
            matches!(late, Err(GatewayError::Provider(ProviderError::TimedOut { seconds: 1, .. }))),
            "{late:?}"
        );
        let cancel = CancellationToken::new();
        cancel.cancel();
        let cancelled = call_in(&gateway, &tool("echo"), json!({}), CallContext { cancel }).await;
        assert!(matches!(cancelled, Err(GatewayError::Provider(ProviderError::Cancelled))), "{cancelled:?}");
        // Of all these calls one gave a result.
        let uses = gateway.uses();
        let of_tools = ["echo", "fail", "slow", "ecko"].map(|name| uses.get(&tool(name)).copied());
        assert_eq!(of_tools, [Some(1), None, None, None]);
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_server_of_this_process_hides_a_configured_one() {
    let (setup, gateway) = both();
    let names: Vec<_> = gateway.server_names().map(ServerName::as_str).collect();
    assert_eq!(names, ["local", "taken", "upstream"]);
    assert_eq!(gateway.collisions().iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["taken"]);
    let snapshot = gateway.catalogue(Some(Duration::from_secs(20))).await;
    let taken = snapshot.server("taken").expect("a server");
    assert_eq!((&taken.state, taken.tools.len()), (&ServerState::Ready, 4));
    assert_eq!(taken.description.as_deref(), Some("Lives here."));
    assert_eq!(setup.starts("taken"), 0);
    assert_eq!(gateway.catalogue(None).await.version, snapshot.version);
    gateway.shutdown().await;
}

#[tokio::test]
async fn names_with_dots_are_resolved() {
    let mut setup = Setup::servers(&[("io.example", &[])]);
    setup.providers = vec![Arc::new(Local(name("io.example.inner")))];
    let gateway = setup.gateway();
    call(&gateway, "io.example.echo", json!({})).await.expect("a reply");
    let error = call(&gateway, "io.exemple.echo", json!({})).await.expect_err("unknown");
    assert!(error.to_string().starts_with("there is no server `io`"), "{error}");
    gateway.shutdown().await;
}
