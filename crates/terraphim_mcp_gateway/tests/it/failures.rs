//! Servers that do not start, crash, hang, or talk nonsense.

use std::time::{Duration, Instant};

use expect_test::expect;
use serde_json::json;
use terraphim_mcp_gateway::{GatewayConfig, GatewayError, ProviderError};

use crate::support::{Setup, call, eventually, path_env};

#[tokio::test]
async fn a_crash_in_a_call_names_status_and_last_words_and_the_next_call_restarts() {
    let setup = Setup::one(&["--crash-on", "fail", "--stderr", "reading the\u{1b}[31m config"]);
    let gateway = setup.gateway();
    let crash = call(&gateway, "s.fail", json!({})).await.expect_err("a crash");
    assert!(matches!(crash, GatewayError::Provider(ProviderError::Disconnected { .. })), "{crash:?}");
    expect![[r#"
        server `s` went away during the call: it exited with status 7; its standard error ends with:
        reading the[31m config
        fatal: the test upstream was told to crash"#]]
    .assert_eq(&crash.to_string());
    call(&gateway, "s.echo", json!({})).await.expect("a reply of the second process");
    assert_eq!(setup.starts("s"), 2);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_server_killed_while_idle_is_started_again() {
    let setup = Setup::one(&[]);
    let gateway = setup.gateway();
    call(&gateway, "s.echo", json!({})).await.expect("a reply");
    let pid =
        setup.noted("s", "start")[0].parse().ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    eventually("a reply again", async || call(&gateway, "s.echo", json!({})).await.is_ok()).await;
    assert_eq!(setup.starts("s"), 2);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_failed_start_is_remembered_for_a_while_and_tried_again() {
    let setup = Setup::one(&["--crash-at-start"]);
    let gateway = setup.gateway();
    let first = call(&gateway, "s.echo", json!({})).await.expect_err("no server");
    expect![[r#"
        server `s` did not start: it exited with status 7; its standard error ends with:
        fatal: the test upstream was told to crash"#]]
    .assert_eq(&first.to_string());
    let at_once = call(&gateway, "s.echo", json!({})).await.expect_err("no server");
    assert!(at_once.to_string().ends_with("(it is tried again in 1 s)"), "{at_once}");
    assert_eq!(setup.starts("s"), 1);
    eventually("a second start", async || {
        assert!(call(&gateway, "s.echo", json!({})).await.is_err());
        setup.starts("s") == 2
    })
    .await;
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_crash_while_listing_is_a_failed_start() {
    let setup = Setup::one(&["--crash-at-list"]);
    let gateway = setup.gateway();
    let error = call(&gateway, "s.echo", json!({})).await.expect_err("no server");
    expect![[r#"
        server `s` did not start: it exited with status 7; its standard error ends with:
        fatal: the test upstream was told to crash"#]]
    .assert_eq(&error.to_string());
    gateway.shutdown().await;
}

#[tokio::test]
async fn garbage_and_silence_at_the_start_are_clear_errors() {
    let setup = Setup::one(&["--garbage"]);
    let garbage = setup.gateway();
    let error = call(&garbage, "s.echo", json!({})).await.expect_err("garbage");
    expect!["server `s` did not start: it writes text that is not MCP to its standard output: `this is line 0 of no protocol`"]
        .assert_eq(&error.to_string());
    garbage.shutdown().await;

    let patience = |config: &mut GatewayConfig| config.timeouts.start = Duration::from_millis(400);
    for flag in ["--silent", "--deaf"] {
        let setup = Setup::one(&[flag]).with(patience);
        let silent = setup.gateway();
        let error = call(&silent, "s.echo", json!({})).await.expect_err("silence");
        expect!["server `s` did not start: it did not answer within 0.4 s"].assert_eq(&error.to_string());
        silent.shutdown().await;
    }
}

#[tokio::test]
async fn an_answer_that_is_no_reply_fails_its_call_only() {
    let setup = Setup::one(&["--garbage-on", "image"]);
    let gateway = setup.gateway();
    let error = call(&gateway, "s.image", json!({})).await.expect_err("no reply");
    expect!["server `s` answered `image` with an error: the answer is not an object: 42"]
        .assert_eq(&error.to_string());
    call(&gateway, "s.echo", json!({})).await.expect("a reply");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_reply_beyond_the_limit_ends_the_connection_with_a_clear_error() {
    let setup = Setup::one(&[]);
    let gateway = setup.gateway();
    let error = call(&gateway, "s.big", json!({ "bytes": 66 << 20 })).await.expect_err("too large");
    assert!(error.to_string().contains("it sent a message of more than 65 MB"), "{error}");
    call(&gateway, "s.echo", json!({})).await.expect("a reply of the second process");
    assert_eq!(setup.starts("s"), 2);
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_hangs_blocks_no_other() {
    let flags: &[&str] = &["--silent"];
    let names = ["a", "b", "c", "d", "e"].map(|name| (name, flags));
    let setup = Setup::servers(&[names.as_slice(), &[("good", &[])]].concat());
    let gateway = setup.gateway();
    let started = Instant::now();
    let snapshot = gateway.catalogue(Some(Duration::from_millis(100))).await;
    assert_eq!(snapshot.loading().count(), 6);
    call(&gateway, "good.echo", json!({})).await.expect("a reply");
    assert!(started.elapsed() < Duration::from_secs(10), "the others hang for 20 s");
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_started_says_what_to_change() {
    let mcp = Setup::mcp(&json!({
        "missing": { "command": "no-such-program-anywhere" },
        "folder": { "command": "true", "cwd": "/no/such/folder" },
        "http": { "type": "http", "url": "https://example.org/mcp" },
        "terraphim": { "command": "true" },
    }));
    let setup = Setup::one(&[]).with(|config| {
        config.config = mcp;
        config.base_env = vec![path_env()];
    });
    let gateway = setup.gateway();
    let mut complaints = String::new();
    for tool in ["missing.x", "folder.x", "http.x", "terraphim.x"] {
        let error = call(&gateway, tool, json!({})).await.expect_err("not usable");
        complaints += &format!("{error}\n");
    }
    expect![[r#"
        server `missing` did not start: the command `no-such-program-anywhere` was not found: install it, or correct `command` in the configuration
        server `folder` did not start: its `cwd` `/no/such/folder` is not a folder
        server `http` did not start: its transport `http` is not supported yet: use an entry with `command` that speaks over stdio
        server `terraphim` did not start: the name `terraphim` is reserved for the built-in server: give this entry another name
    "#]]
    .assert_eq(&complaints);
    gateway.shutdown().await;
}

#[tokio::test]
async fn gateways_within_gateways_end_somewhere() {
    let deep = Setup::one(&[]).with(|config| config.depth = 3);
    let gateway = deep.gateway();
    let error = call(&gateway, "s.echo", json!({})).await.expect_err("too deep");
    assert!(error.to_string().contains("remove the loop"), "{error}");
    assert_eq!(deep.starts("s"), 0);

    let nested = Setup::one(&[]).with(|config| config.depth = 1);
    let gateway = nested.gateway();
    let depth = call(&gateway, "s.env", json!({ "name": "TERRAPHIM_DEPTH" })).await.expect("a reply");
    assert_eq!(depth.structured_content, Some(json!({ "value": "2" }).into()));
    let home = call(&gateway, "s.env", json!({ "name": "CARGO_MANIFEST_DIR" })).await.expect("a reply");
    assert_eq!(
        home.structured_content,
        Some(json!({ "value": null }).into()),
        "only the given environment is inherited"
    );
    gateway.shutdown().await;
}
