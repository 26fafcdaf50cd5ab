//! The first-party server's documents: lists, reads, completion and changes.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use rmcp::{
    ServiceError,
    model::{
        ArgumentInfo, CompleteRequestParams, CompletionContext, ErrorCode, PaginatedRequestParams,
        ReadResourceRequestParams, Reference, ResourceContents, SubscribeRequestParams, SubscriptionFilter,
        UnsubscribeRequestParams,
    },
    service::ClientLifecycleMode,
};
use serde_json::json;
use terraphim_mcp_server::{Expose, serve_stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

use crate::support::{Client, PATIENCE, Setup, Stage, Told, discover, eras};

const FIRST: &str = "terraphim://notes/me/0.md";

fn stage() -> Stage {
    Setup { expose: Expose::Tools, ..Setup::default() }.build()
}

fn code_of<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> (ErrorCode, String) {
    match answer {
        Err(ServiceError::McpError(error)) => (error.code, error.message.into_owned()),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn documents_are_listed_by_pages_and_read() {
    let stage = stage();
    for era in eras() {
        let client = stage.connect_by(era).await;
        let first = client.running.list_resources(None).await.expect("a page");
        assert_eq!(first.resources.len(), 2);
        assert_eq!(first.next_cursor.as_deref(), Some("2"));
        let all = client.running.list_all_resources().await.expect("all pages");
        let uris: Vec<_> = all.iter().map(|resource| resource.uri.as_str()).collect();
        assert_eq!(uris, [FIRST, "terraphim://notes/me/1.md", "terraphim://notes/me/2.md"]);
        assert_eq!((all[0].mime_type.as_deref(), all[0].size), (Some("text/markdown"), Some(7)));
        let templates = client.running.list_all_resource_templates().await.expect("templates");
        assert_eq!(templates[0].uri_template, "terraphim://notes/{role}/{+path}");

        let read = client.running.read_resource(ReadResourceRequestParams::new(FIRST)).await.expect("a note");
        let [ResourceContents::TextResourceContents { text, uri, .. }] = read.contents.as_slice() else {
            panic!("one text: {read:?}");
        };
        assert_eq!((text.as_str(), uri.as_str()), ("note 0\n", FIRST));
        let missing =
            client.running.read_resource(ReadResourceRequestParams::new("terraphim://notes/me/x")).await;
        assert!(code_of(missing).1.contains("no resource `terraphim://notes/me/x`"));
        let cursor = PaginatedRequestParams::default().with_cursor(Some("x".into()));
        let refused = client.running.list_resources(Some(cursor)).await;
        assert_eq!(code_of(refused).0, ErrorCode::INVALID_PARAMS);
        client.leave().await.expect("a good end");
    }
}

#[tokio::test]
async fn arguments_are_completed() {
    let client = stage().connect().await;
    let complete = |variable: &str, typed: &str| {
        let reference = Reference::for_resource("terraphim://notes/{role}/{+path}");
        let known = HashMap::from([("role".to_owned(), "me".to_owned())]);
        CompleteRequestParams::new(reference, ArgumentInfo::new(variable, typed))
            .with_context(CompletionContext::with_arguments(known))
    };
    let completed = client.running.complete(complete("path", "1")).await.expect("values").completion;
    assert_eq!((completed.values, completed.has_more), (vec!["me/1.md".to_owned()], Some(false)));
    let many = client.running.complete(complete("many", "")).await.expect("values").completion;
    assert_eq!((many.values.len(), many.has_more), (100, Some(true)));
    let prompt = CompleteRequestParams::new(Reference::for_prompt("p"), ArgumentInfo::new("a", "b"));
    assert_eq!(code_of(client.running.complete(prompt).await).0, ErrorCode::INVALID_PARAMS);
}

#[tokio::test]
#[expect(deprecated, reason = "what clients of the older era call")]
async fn a_client_of_the_older_era_is_told_of_what_it_watches() {
    let stage = stage();
    let mut client = stage.connect_by(ClientLifecycleMode::Initialize).await;
    let missing = client.running.subscribe(SubscribeRequestParams::new("terraphim://notes/me/x")).await;
    assert_eq!(code_of(missing).0, ErrorCode::RESOURCE_NOT_FOUND);
    client.running.subscribe(SubscribeRequestParams::new(FIRST)).await.expect("watched");
    stage.notes.touch(1);
    stage.notes.touch(0);
    assert_eq!(told(&mut client).await, Told::Updated(FIRST.to_owned()), "and not of the other");
    stage.notes.add();
    assert_eq!(told(&mut client).await, Told::ListChanged);
    client.running.unsubscribe(UnsubscribeRequestParams::new(FIRST)).await.expect("unwatched");
    let again = client.running.unsubscribe(UnsubscribeRequestParams::new(FIRST)).await;
    assert_eq!(code_of(again).0, ErrorCode::INVALID_PARAMS);
    stage.notes.touch(0);
    stage.notes.add();
    assert_eq!(told(&mut client).await, Told::ListChanged, "not of what it no longer watches");
}

#[tokio::test]
async fn a_client_of_the_newer_era_is_told_of_what_it_listens_to() {
    let stage = stage();
    let client = stage.connect_by(discover()).await;
    let filter = SubscriptionFilter::builder().resources_list_changed().resource_subscription(FIRST).build();
    let mut listening = client.running.listen(filter).await.expect("accepted");
    stage.notes.touch(1);
    stage.notes.touch(0);
    stage.notes.add();
    for expected in ["notifications/resources/updated", "notifications/resources/list_changed"] {
        let next = timeout(PATIENCE, listening.next()).await.expect("in time").expect("the connection lives");
        let next = next.expect("a notification");
        let written = serde_json::to_value(&next).expect("a notification");
        assert_eq!(written["method"], expected, "{written}");
    }
}

#[tokio::test]
async fn whoever_listens_holds_up_no_end() {
    let stage = stage();
    let (mut ours, theirs) = tokio::io::duplex(64 << 10);
    let (reader, writer) = tokio::io::split(theirs);
    let served = tokio::spawn(serve_stdio(stage.face(), reader, writer));
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "c", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let listen = json!({
        "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
        "params": { "_meta": meta, "notifications": { "resourcesListChanged": true } },
    });
    ours.write_all(format!("{listen}\n").as_bytes()).await.expect("written");
    let mut lines = BufReader::new(ours).lines();
    let acknowledged = timeout(PATIENCE, lines.next_line()).await.expect("in time").expect("read");
    assert!(acknowledged.as_deref().is_some_and(|line| line.contains("acknowledged")), "{acknowledged:?}");
    let began = Instant::now();
    lines.get_mut().shutdown().await.expect("the input ends");
    let last = timeout(PATIENCE, lines.next_line()).await.expect("in time").expect("read");
    assert!(last.as_deref().is_some_and(|line| line.contains("\"id\":1")), "{last:?}");
    timeout(PATIENCE, served).await.expect("an end").expect("no panic").expect("a good end");
    // The library's own patience with a request under way is longer.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn without_its_tools_the_server_shows_no_documents() {
    let stage = Setup::default().build();
    let client = stage.connect().await;
    let capabilities = client.running.peer_info().expect("a server").capabilities.clone();
    assert!(capabilities.resources.is_none());
    let template = CompleteRequestParams::new(Reference::for_resource("x://{a}"), ArgumentInfo::new("a", ""));
    assert_eq!(code_of(client.running.complete(template).await).0, ErrorCode::METHOD_NOT_FOUND);
    assert_eq!(code_of(client.running.list_resources(None).await).0, ErrorCode::METHOD_NOT_FOUND);
    let read = client.running.read_resource(ReadResourceRequestParams::new(FIRST)).await;
    assert_eq!(code_of(read).0, ErrorCode::METHOD_NOT_FOUND);
}

async fn told(client: &mut Client) -> Told {
    timeout(PATIENCE, client.told.recv()).await.expect("in time").expect("the connection lives")
}
