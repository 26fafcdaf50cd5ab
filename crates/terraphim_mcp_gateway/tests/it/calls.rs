//! Calls that work, and calls that must not leave.

use std::time::{Duration, Instant};

use expect_test::expect;
use futures_util::future::join_all;
use serde_json::json;
use terraphim_mcp_gateway::{CallContext, GatewayError, ProviderError};
use tokio_util::sync::CancellationToken;

use crate::support::{Setup, call, call_in, eventually};

async fn every_tool_answers(era: &str) {
    let setup =
        Setup::one(&["--era", era]).with(|config| config.timeouts.discover = Duration::from_millis(300));
    let gateway = setup.gateway();
    let echo = call(&gateway, "s.echo", json!({ "a": [1, null, "é"] })).await.expect("a reply");
    assert_eq!(echo.structured_content, Some(json!({ "a": [1, null, "é"] }).into()));
    let sum = call(&gateway, "s.add", json!({ "a": 1, "b": 2.5 })).await.expect("a reply");
    assert_eq!(sum.structured_content, Some(json!({ "sum": 3.5 }).into()));
    let fail = call(&gateway, "s.fail", json!({})).await.expect("a reply");
    assert!(fail.is_error);
    assert_eq!(fail.text(), "it failed on purpose");
    let image = call(&gateway, "s.image", json!({})).await.expect("a reply");
    assert_eq!(image.content[0]["_meta"], json!({ "kept": true }));
    assert_eq!(
        image.content[1],
        json!({ "type": "hologram", "shape": [1, 2, 3] }),
        "unknown blocks are kept"
    );
    let text = call(&gateway, "s.text_json", json!({})).await.expect("a reply");
    assert_eq!(text.text(), r#"{"answer": 42, "list": [1, 2]}"#);
    let odd = call(&gateway, "s.odd_schema", json!({})).await.expect_err("no such tool");
    assert!(odd.to_string().contains("unknown tool"), "{odd}");
    assert_eq!(setup.starts("s"), 1);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_legacy_server_is_called() {
    every_tool_answers("legacy").await;
}

#[tokio::test]
async fn a_modern_server_is_called() {
    every_tool_answers("modern").await;
}

#[tokio::test]
async fn silence_to_the_modern_greeting_means_a_legacy_server() {
    every_tool_answers("silent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_calls_start_one_server_and_get_their_own_replies() {
    let setup = Setup::one(&["--delay-ms", "200", "--noise"]);
    let gateway = setup.gateway();
    gateway.tools(&crate::support::name("s")).await.expect("a list");
    let started = Instant::now();
    let replies = join_all((0..100).map(|n| call(&gateway, "s.echo", json!({ "n": n })))).await;
    for (n, reply) in replies.into_iter().enumerate() {
        assert_eq!(reply.expect("a reply").structured_content, Some(json!({ "n": n }).into()));
    }
    assert!(started.elapsed() < Duration::from_secs(10), "one after the other they would take 20 s");
    assert_eq!(setup.starts("s"), 1);
    gateway.shutdown().await;
}

#[tokio::test]
async fn concurrent_first_calls_start_the_server_once() {
    let setup = Setup::one(&["--start-delay-ms", "200"]);
    let gateway = setup.gateway();
    let replies = join_all((0..20).map(|n| call(&gateway, "s.echo", json!({ "n": n })))).await;
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    assert_eq!(setup.starts("s"), 1);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_large_reply_arrives_whole() {
    let setup = Setup::one(&[]);
    let gateway = setup.gateway();
    let reply = call(&gateway, "s.big", json!({ "bytes": 20 << 20 })).await.expect("a reply");
    assert_eq!(reply.text().len(), 20 << 20);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_call_that_is_cancelled_dropped_or_late_is_told_to_the_server() {
    let setup =
        Setup::one(&["--hang-on", "slow"]).with(|config| config.timeouts.call = Duration::from_secs(1));
    let gateway = setup.gateway();
    let cancelled = async || setup.noted("s", "notifications/cancelled").len();

    let token = CancellationToken::new();
    let context = CallContext { cancel: token.clone() };
    let slow = call_in(&gateway, "s.slow", json!({ "ms": 1 }), context);
    let cancel = async {
        eventually("the call has left", async || !setup.noted("s", "tools/call").is_empty()).await;
        token.cancel();
    };
    let (outcome, ()) = tokio::join!(slow, cancel);
    assert!(matches!(outcome, Err(GatewayError::Provider(ProviderError::Cancelled))), "{outcome:?}");
    eventually("one note", async || cancelled().await == 1).await;

    let late = call(&gateway, "s.slow", json!({ "ms": 1 })).await.expect_err("no answer");
    expect!["server `s` did not answer `slow` within 1 s"].assert_eq(&late.to_string());
    eventually("two notes", async || cancelled().await == 2).await;

    tokio::select! {
        outcome = call(&gateway, "s.slow", json!({ "ms": 1 })) => panic!("{outcome:?}"),
        () = eventually("the third has left", async || setup.noted("s", "tools/call").len() == 3) => {}
    }
    eventually("three notes", async || cancelled().await == 3).await;
    call(&gateway, "s.echo", json!({})).await.expect("the server still answers");
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_may_not_or_cannot_be_called_does_not_leave() {
    let setup = Setup::one(&[]).with(|config| {
        config.policy.allow.clear();
        config.policy.deny.push("s.image".parse().expect("a glob"));
    });
    let gateway = setup.gateway();
    let mut complaints = String::new();
    for (tool, arguments) in [
        ("s.write_note", json!({ "title": "a", "text": "b" })),
        ("s.image", json!({})),
        ("s.add", json!({ "a": "one", "b": 2 })),
        ("s.add", json!({ "a": 1, "b": 2, "sum": 3 })),
        ("s.ech", json!({})),
        ("t.echo", json!({})),
    ] {
        let error = call(&gateway, tool, arguments).await.expect_err("refused");
        complaints += &format!("{error}\n");
    }
    expect![[r#"
        `s.write_note` may change something (it does not declare itself read-only) and is not allowed: allow it with `--allow 's.write_note'` or with `allow = ["s.write_note"]` in `terraphim.toml`
        `s.image` is denied by the pattern `s.image`: to call it, remove that pattern from `deny`
        the arguments of `s.add` are not valid: `a`: expected number, got "one"
        the arguments of `s.add` are not valid: unknown property `sum` (allowed: `a`, `b`)
        server `s` has no tool `ech`; did you mean `echo`?
        there is no server `t`
    "#]]
    .assert_eq(&complaints);
    assert!(setup.noted("s", "tools/call").is_empty());
    gateway.shutdown().await;
}
