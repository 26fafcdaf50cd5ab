//! What is known of all servers, with and without their processes.

use std::{fs, time::Duration};

use serde_json::json;
use terraphim_mcp_gateway::{CatalogueSnapshot, Gateway, ServerState};

use crate::support::{Setup, call, eventually, name};

const WAIT: Option<Duration> = Some(Duration::from_secs(20));

async fn has_grown(gateway: &Gateway) -> bool {
    let snapshot = gateway.catalogue(None).await;
    tools(&snapshot, "s").contains(&"grown_0".to_owned())
}

fn tools(snapshot: &CatalogueSnapshot, server: &str) -> Vec<String> {
    snapshot.server(server).expect("a server").tools.iter().map(|tool| tool.name.clone()).collect()
}

#[tokio::test]
async fn every_server_is_named_with_its_state() {
    let setup = Setup::servers(&[
        ("good", &["--instructions", "# Keeps notes.\nAnd more."]),
        ("modern", &["--era", "modern"]),
        ("bad", &["--crash-at-start"]),
    ]);
    let gateway = setup.gateway();
    let at_once = gateway.catalogue(None).await;
    assert_eq!(at_once.loading().count(), 3);
    let complete = gateway.catalogue(WAIT).await;
    assert!(complete.version > at_once.version);
    assert_eq!(complete.loading().count(), 0);
    let good = complete.server("good").expect("a server");
    assert_eq!(good.state, ServerState::Ready);
    assert_eq!(good.description.as_deref(), Some("Keeps notes."));
    assert_eq!(good.tools.len(), complete.server("modern").expect("a server").tools.len());
    assert!(matches!(&complete.server("bad").expect("a server").state,
        ServerState::Failed { reason } if reason.contains("status 7")));
    let again = gateway.catalogue(None).await;
    assert_eq!(again.version, complete.version, "nothing has changed");
    gateway.shutdown().await;
}

#[tokio::test]
async fn all_pages_are_followed_and_bad_tools_hide_no_other() {
    for era in ["legacy", "modern"] {
        let setup = Setup::one(&["--era", era, "--tools", "500", "--page-size", "60", "--bad-tool"]);
        let gateway = setup.gateway();
        let listed = gateway.tools(&name("s")).await.expect("a list");
        let fillers = listed.iter().filter(|tool| tool.name.starts_with("tool_")).count();
        assert_eq!(fillers, 500);
        assert!(listed.iter().any(|tool| tool.name == "list_items" && tool.output_schema.is_some()));
        assert!(!listed.iter().any(|tool| tool.name.starts_with("bad_")));
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn too_many_pages_end_somewhere() {
    let setup = Setup::one(&["--tools", "150", "--page-size", "1"]);
    let gateway = setup.gateway();
    assert_eq!(gateway.tools(&name("s")).await.expect("a list").len(), 100);
    gateway.shutdown().await;
}

#[tokio::test]
async fn an_announced_change_arrives_in_both_eras() {
    for era in ["legacy", "modern"] {
        let setup = Setup::one(&["--era", era]).cached();
        let gateway = setup.gateway();
        let before = gateway.catalogue(WAIT).await;
        if era == "modern" {
            eventually("subscribed", async || !setup.noted("s", "subscriptions/listen").is_empty()).await;
        }
        call(&gateway, "s.grow", json!({})).await.expect("a reply");
        eventually("the new tool is there", async || has_grown(&gateway).await).await;
        assert!(gateway.catalogue(None).await.version > before.version);
        call(&gateway, "s.grown_0", json!({ "text": "x" })).await.expect("a reply");
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn cached_definitions_need_no_process_and_are_refreshed_by_one() {
    let setup = Setup::one(&[]).cached();
    let first = setup.gateway();
    let fetched = first.tools(&name("s")).await.expect("a list");
    call(&first, "s.grow", json!({})).await.expect("a reply");
    eventually("the new tool is known", async || has_grown(&first).await).await;
    first.shutdown().await;

    let second = setup.gateway();
    let snapshot = second.catalogue(None).await;
    assert_eq!(snapshot.server("s").expect("a server").state, ServerState::Ready);
    assert!(tools(&snapshot, "s").contains(&"grown_0".to_owned()), "what the last process had");
    assert_eq!(setup.starts("s"), 1);
    call(&second, "s.echo", json!({})).await.expect("a reply");
    assert_eq!(setup.starts("s"), 2);
    let shrunk = async || second.tools(&name("s")).await.expect("a list").len() == fetched.len();
    eventually("the process's own list", shrunk).await;
    second.shutdown().await;
}

#[tokio::test]
async fn a_broken_cache_is_fetched_again() {
    let setup = Setup::one(&[]).cached();
    let first = setup.gateway();
    let fetched = first.tools(&name("s")).await.expect("a list");
    first.shutdown().await;
    let cache = setup.config.cache_dir.clone().expect("a folder");
    let files: Vec<_> =
        fs::read_dir(&cache).expect("a folder").map(|file| file.expect("a file").path()).collect();
    assert_eq!(files.len(), 1);
    fs::write(&files[0], "not JSON").expect("written");

    let second = setup.gateway();
    assert_eq!(second.tools(&name("s")).await.expect("a list"), fetched);
    assert_eq!(setup.starts("s"), 2);
    second.shutdown().await;
    let rewritten = fs::read_to_string(&files[0]).expect("text");
    assert!(rewritten.contains("list_items"), "{rewritten}");
}

#[tokio::test]
async fn another_configuration_does_not_take_the_cache() {
    let setup = Setup::one(&[]).cached();
    let first = setup.gateway();
    first.tools(&name("s")).await.expect("a list");
    first.shutdown().await;
    let changed = setup.with(|config| {
        let terraphim_mcp_gateway::ServerTransport::Stdio(server) = &mut config.config.servers[0].transport
        else {
            panic!("a process")
        };
        server.env.push(("TOKEN".into(), "other".into()));
    });
    assert_eq!(changed.gateway().catalogue(None).await.loading().count(), 1);
}
