//! What a client is shown before it calls anything, and what that costs.

use expect_test::expect_file;
use rmcp::model::Tool;
use serde_json::{Value, json};
use terraphim_mcp_server::face_json;

use crate::support::{Setup, eras};

fn schema_of(tool: &Tool) -> Value {
    Value::Object((*tool.input_schema).clone())
}

#[tokio::test]
async fn the_tools_are_these_in_every_era() {
    let stage = Setup::default().build();
    for era in eras() {
        let client = stage.connect_by(era).await;
        let tools = client.running.list_all_tools().await.unwrap();
        expect_file!["tools_list.json"].assert_eq(&(serde_json::to_string_pretty(&tools).unwrap() + "\n"));
        assert_eq!(json!(tools), serde_json::from_str::<Value>(&face_json()).unwrap());
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn the_definitions_cost_at_most_a_thousand_tokens() {
    let client = Setup::default().build().connect().await;
    let tools = client.running.list_all_tools().await.unwrap();
    let texts = tools.iter().map(|tool| {
        json!({ "name": tool.name, "description": tool.description, "input_schema": schema_of(tool) })
            .to_string()
    });
    let texts = texts.collect::<Vec<_>>().join("\n");
    let tokens = bpe_openai::o200k_base().count(texts.as_str());
    println!("{tokens} tokens");
    assert!(tokens <= 1_000, "{tokens} tokens");
    for tool in &tools {
        let length = tool.description.as_deref().unwrap_or_default().chars().count();
        assert!((1..=2_000).contains(&length), "{}: {length}", tool.name);
    }
}

#[tokio::test]
async fn the_server_introduces_itself_without_starting_anything() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let touch = format!("echo started > {}", started.display());
    let setup = Setup::default()
        .servers(&json!({ "issue-tracker": { "command": "/bin/sh", "args": ["-c", touch] } }));
    let stage = setup.build();
    for era in eras() {
        let client = stage.connect_by(era).await;
        client.running.list_all_tools().await.unwrap();
        let info = client.running.peer_info().unwrap();
        let identity = info.server_info.as_ref().unwrap();
        assert_eq!((identity.name.as_str(), identity.title.as_deref()), ("terraphim", Some("Terraphim")));
        assert_eq!(identity.version, env!("CARGO_PKG_VERSION"));
        let instructions = info.instructions.as_deref().unwrap();
        assert!(instructions.chars().count() <= 2_000, "{}", instructions.len());
        let servers = "Connected servers (2): terraphim, issue_tracker (for `issue-tracker`).";
        assert!(instructions.contains(servers), "{instructions}");
        client.leave().await.unwrap();
    }
    assert!(!started.exists());
}
