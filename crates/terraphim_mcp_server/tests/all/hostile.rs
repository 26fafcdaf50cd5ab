//! Clients that send what no schema allows.

use std::time::Duration;

use serde_json::{Value, json};
use terraphim_mcp_server::{FaceConfig, FaceError, serve_stdio};
use tokio::time::timeout;

use crate::support::{PATIENCE, Setup, is_error, params, text, value};

#[tokio::test]
async fn wrong_arguments_are_answered_with_what_is_wrong() {
    let client = Setup::default().build().connect().await;
    let long = "x".repeat(2 << 20);
    let cases: [(&str, Value, &str); 20] = [
        ("execute_code", json!({}), "needs the property `code`"),
        ("execute_code", json!({ "code": null }), "needs the property `code`"),
        ("execute_code", json!({ "code": 7 }), "`code` of execute_code must be a string, not a number"),
        ("execute_code", json!({ "code": ["return 1"] }), "must be a string, not a list"),
        ("execute_code", json!({ "script": "return 1" }), "no property `script`"),
        ("execute_code", json!({ "code": "", "timeout": 1 }), "(did you mean `timeout_ms`?)"),
        ("execute_code", json!({ "code": "", "timeout_ms": 99 }), "must be from 100 to 600000, not 99"),
        ("execute_code", json!({ "code": "", "timeout_ms": 600_001 }), "must be from 100 to 600000"),
        ("execute_code", json!({ "code": "", "timeout_ms": -1 }), "must be from 100 to 600000"),
        ("execute_code", json!({ "code": "", "timeout_ms": "1s" }), "must be a whole number, not a string"),
        ("execute_code", json!({ "code": "", "memory_mb": 15 }), "must be from 16 to 1024, not 15"),
        ("execute_code", json!({ "code": "", "memory_mb": 1e300 }), "must be from 16 to 1024"),
        ("execute_code", json!({ "code": "", "language": "cobol" }), "must be one of typescript, javascript"),
        ("execute_code", json!({ "code": "", "language": long }), "must be one of typescript, javascript"),
        ("search_tools", json!({ "query": {} }), "must be a string, not an object"),
        ("search_tools", json!({ "limit": 0 }), "must be from 1 to 100"),
        ("search_tools", json!({ "detail": "breif" }), "(did you mean `brief`?)"),
        ("search_tools", json!({ long.clone(): 1 }), "no property `xxx"),
        ("get_tool_docs", json!({ "names": [1] }), "must be a list of strings, not a number"),
        ("wait", json!({ "runId": "run_1" }), "(did you mean `run_id`?)"),
    ];
    for (tool, arguments, words) in cases {
        let answer = client.call(tool, arguments).await;
        assert!(is_error(&answer), "{tool}: {words}");
        assert!(text(&answer).contains(words), "{tool}: {}", text(&answer));
        assert!(text(&answer).len() < 1_000, "{tool}: {}", text(&answer).len());
    }
    let unnamed = client.running.call_tool(params(&long, json!({}))).await.unwrap_err().to_string();
    assert!(unnamed.contains("there is no tool") && unnamed.len() < 1_000, "{unnamed}");
    assert_eq!(value(&client.execute("return 1").await)["result"], 1);
}

#[tokio::test]
async fn hostile_programs_and_names_harm_nobody() {
    let client = Setup::default().build().connect().await;
    let large = client.execute(&format!("return {}", " ".repeat(2 << 20))).await;
    assert!(is_error(&large) && text(&large).contains("its limit is 1048576"), "{}", text(&large));
    assert_eq!(value(&large)["error"]["kind"], "limit");

    let nul = client.execute("return 'a\0b'").await;
    assert_eq!(value(&nul)["result"], "a\0b", "{}", text(&nul));
    let outside = client.execute("return 1 \0").await;
    assert!(is_error(&outside) && value(&outside)["error"]["kind"] == "syntax", "{}", text(&outside));

    let nested = client.execute(&"[".repeat(60_000)).await;
    assert!(is_error(&nested), "{}", text(&nested));
    let docs = client.call("get_tool_docs", json!({ "names": ["\0\u{202e}".repeat(100_000), ""] })).await;
    assert!(text(&docs).len() < 2_000 && !text(&docs).contains('\u{202e}'), "{}", text(&docs));
    let search = client.call("search_tools", json!({ "query": "ü\0".repeat(500_000) })).await;
    assert!(!is_error(&search));
    let wait = client.call("wait", json!({ "run_id": "\0".repeat(1 << 20) })).await;
    assert!(is_error(&wait) && text(&wait).len() < 500);
    assert_eq!(value(&client.execute("return 1").await)["result"], 1);
}

#[tokio::test]
async fn a_client_that_says_nothing_is_no_error_and_one_that_talks_nonsense_is_named() {
    let stage = Setup::default().build();
    assert!(stage.serve_bytes(b"").await.is_ok());
    assert!(stage.serve_bytes(b"GET / HTTP/1.1\r\n\r\n").await.is_ok());
    let early = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}
"#;
    match stage.serve_bytes(early).await {
        Err(FaceError::Handshake { reason }) => assert!(reason.len() < 1_000, "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_that_reads_no_answer_is_let_go_after_its_input() {
    let stage = Setup::default().build();
    let greeting = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": { "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } },
    });
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let asked = (1..200).map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list" }));
    let lines: Vec<_> =
        [greeting, initialized].into_iter().chain(asked).map(|line| line.to_string()).collect();
    let input = lines.join("\n") + "\n";
    let face = FaceConfig { grace: Duration::from_millis(300), ..stage.face.clone() };
    // Room for the answer to the greeting, and not for the others.
    let (_never_read, writer) = tokio::io::duplex(16 << 10);
    let served = timeout(PATIENCE, serve_stdio(face, std::io::Cursor::new(input), writer)).await;
    served.expect("an end").expect("no error");
}
