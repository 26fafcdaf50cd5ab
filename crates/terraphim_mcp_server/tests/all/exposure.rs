//! The first-party server's tools by their own names.

use rmcp::{model::ErrorCode, service::ServiceError};
use serde_json::json;
use terraphim_mcp_server::Expose;

use crate::support::{Client, Setup, eras, is_error, params, text, value};

async fn names(client: &Client) -> Vec<String> {
    let tools = client.running.list_all_tools().await.unwrap();
    tools.iter().map(|tool| tool.name.to_string()).collect()
}

async fn refusal(client: &Client, tool: &str) -> String {
    match client.running.call_tool(params(tool, json!({}))).await {
        Err(ServiceError::McpError(error)) => {
            assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
            error.message.into_owned()
        }
        other => panic!("{tool}: {other:?}"),
    }
}

const OWN: [&str; 6] = ["search", "echo", "signal", "hold", "fail", "write_note"];
const CODE: [&str; 4] = ["execute_code", "search_tools", "get_tool_docs", "wait"];

#[tokio::test]
async fn tools_shows_the_first_party_tools_alone() {
    let stage = Setup { expose: Expose::Tools, ..Setup::default() }.build();
    for era in eras() {
        let client = stage.connect_by(era).await;
        assert_eq!(names(&client).await, OWN);
        let echoed = client.call("echo", json!({ "n": 1 })).await;
        assert_eq!((value(&echoed), text(&echoed)), (&json!({ "n": 1 }), "{\"n\":1}"));
        let denied = client.call("write_note", json!({})).await;
        assert!(is_error(&denied) && text(&denied).contains("--allow"), "{denied:?}");
        let wrong = client.call("search", json!({ "query": 7 })).await;
        assert!(is_error(&wrong) && text(&wrong).contains("query"), "{wrong:?}");
        let failed = client.call("fail", json!({})).await;
        assert!(is_error(&failed) && text(&failed).len() < 25 << 10);
        assert_eq!(refusal(&client, "serach").await, "there is no tool `serach` (did you mean `search`?)");
        assert_eq!(refusal(&client, "execute_code").await, "there is no tool `execute_code`");
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn all_shows_both() {
    let stage = Setup { expose: Expose::All, ..Setup::default() }.build();
    let client = stage.connect().await;
    assert_eq!(names(&client).await, [CODE.as_slice(), OWN.as_slice()].concat());
    assert_eq!(value(&client.execute("return 1").await)["result"], 1);
    assert_eq!(value(&client.call("echo", json!({ "n": 1 })).await), &json!({ "n": 1 }));
}

#[tokio::test]
async fn code_shows_only_the_code_tools() {
    let client = Setup::default().build().connect().await;
    assert_eq!(names(&client).await, CODE);
    assert_eq!(refusal(&client, "echo").await, "there is no tool `echo`");
    let nearest = refusal(&client, "exceute_code").await;
    assert_eq!(nearest, "there is no tool `exceute_code` (did you mean `execute_code`?)");
    let qualified = refusal(&client, "terraphim.search").await;
    assert!(qualified.contains("in a program of execute_code"), "{qualified}");
}
