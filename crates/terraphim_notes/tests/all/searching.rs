//! What the tool `search` finds, and how it is ranked.

use std::sync::OnceLock;

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use terraphim_mcp_gateway::{CallContext, Provider, ProviderError};
use terraphim_notes::{NotesConfig, NotesServer, Relevance};

use crate::support::{Home, call, complaint, documents, page, paths, server};

#[tokio::test]
async fn documents_are_ranked_and_have_topics() {
    let home = Home::new();
    let server = home.server();
    let documents = documents(&server, "rust async patterns").await;
    let first = &documents[0];
    assert_eq!(first["title"], "Cancelling tasks");
    assert_eq!(first["url"], "https://example.org/cancel");
    assert_eq!(first["rank"], 1.0);
    assert_eq!(first["topic"], "cancellation", "five for the title and one for the body beat two");
    assert_eq!(first["tags"], json!(["rust", "tokio"]));
    assert!(first["snippet"].as_str().is_some_and(|snippet| snippet.starts_with("Rust async patterns")));
    let ranks: Vec<f64> =
        documents.iter().map(|document| document["rank"].as_f64().expect("a rank")).collect();
    assert!(
        ranks.windows(2).all(|pair| pair[0] >= pair[1])
            && ranks.iter().all(|rank| (0.0..=1.0).contains(rank))
    );
    let by_title = |title: &str| documents.iter().find(|document| document["title"] == title).expect("found");
    assert_eq!(by_title("Bounded channels")["topic"], "back-pressure");
    assert_eq!(by_title("Bounded channels")["url"], "terraphim://notes/eng/channels.md");
    assert_eq!(by_title("Gardening")["topic"], Value::Null);
    let position = |title: &str| documents.iter().position(|document| document["title"] == title);
    assert!(position("Futures") < position("Gardening"), "a synonym outranks a stray word");
}

#[tokio::test]
async fn the_knowledge_graph_widens_the_query() {
    let home = Home::new();
    let plain = server(vec![home.role(Relevance::Bm25)], None);
    assert_eq!(paths(&plain, "\"flow control\"").await, ["channels.md"]);
    assert_eq!(paths(&plain, "back-pressure").await, Vec::<String>::new());
    assert_eq!(paths(&home.server(), "back-pressure").await, ["channels.md"]);
    assert_eq!(paths(&home.server(), "BACK PRESSURE").await, ["channels.md"]);
}

#[tokio::test]
async fn words_fold_and_phrases_must_occur() {
    let home = Home::new();
    let server = home.server();
    assert_eq!(paths(&server, "GRUSS").await, ["deep/Grüße aus Köln.md"]);
    assert_eq!(paths(&server, "strasse brucken").await, ["deep/Grüße aus Köln.md"]);
    assert_eq!(paths(&server, "tomato").await.len(), 2);
    assert_eq!(paths(&server, "tomatoes \"about tomatoes\"").await, ["plain.txt"]);
    assert_eq!(paths(&server, "\"tomatoes about\"").await, Vec::<String>::new());
    let german = documents(&server, "gruß").await;
    assert_eq!(german[0]["title"], "Grüße aus Köln");
    assert_eq!(german[0]["url"], "terraphim://notes/eng/deep/Gr%C3%BC%C3%9Fe%20aus%20K%C3%B6ln.md");
}

#[tokio::test]
async fn pages_are_parts_of_the_whole() {
    let home = Home::new();
    for number in 0..30 {
        home.write(&format!("notes/n{number:02}.md"), format!("rust {}", "word ".repeat(number % 7)));
    }
    let server = home.server();
    let whole = documents(&server, "rust async").await;
    let mut parts = Vec::new();
    for skip in (0..40).step_by(7) {
        let part = page(&server, json!({ "query": "rust async", "limit": 7, "skip": skip })).await;
        assert_eq!(part["total"], whole.len());
        parts.extend(part["documents"].as_array().cloned().expect("a list"));
    }
    let key = |document: &Value| (document["rank"].to_string(), document["score"].to_string());
    assert_eq!(parts.len(), whole.len());
    assert!(parts.iter().map(key).eq(whole.iter().map(key)));
    let far = call(&server, json!({ "query": "rust", "skip": 9007199254740992_u64 })).await.expect("a reply");
    assert!(far.text().contains("none after the first"), "{}", far.text());
}

#[tokio::test]
async fn failures_say_what_to_change() {
    let home = Home::new();
    let none = server(vec![], None);
    assert!(complaint(&none, json!({ "query": "x" })).await.contains("[[roles]]"));
    let one = home.server();
    assert!(complaint(&one, json!({ "query": "x", "role": "cook" })).await.contains("the roles are: `eng`"));
    assert!(complaint(&one, json!({ "query": "" })).await.contains("pass the words to search for"));
    assert!(complaint(&one, json!({})).await.contains("`query` is missing"));
    assert!(matches!(call(&one, json!({ "query": " " })).await, Err(ProviderError::InvalidArguments { .. })));
    let unknown = one.call_tool("find", Map::new(), CallContext::default()).await;
    assert!(matches!(unknown, Err(ProviderError::UnknownTool { .. })));

    let mut other = home.role(Relevance::Bm25);
    other.name = "Other".into();
    other.short_name = "other".into();
    let roles = vec![home.role(Relevance::Bm25), other];
    let two = server(roles.clone(), None);
    assert!(complaint(&two, json!({ "query": "x" })).await.contains("set `default_role`"));
    assert_eq!(page(&two, json!({ "query": "tomatoes", "role": "Other" })).await["total"], 2);
    let config = NotesConfig { roles, default_role: Some("other".into()), index_dir: None };
    let defaulted = NotesServer::new(config).expect("a good configuration");
    let url = documents(&defaulted, "gardening").await[0]["url"].clone();
    assert_eq!(url, "terraphim://notes/other/gardening.md");

    let mut lost = home.role(Relevance::Bm25);
    lost.haystacks[0].path = home.path("nowhere");
    let message = complaint(&server(vec![lost], Some(home.path("index"))), json!({ "query": "x" })).await;
    assert!(message.contains("nowhere") && message.contains("correct its `path`"), "{message}");
    let mut lost = home.role(Relevance::Bm25);
    lost.knowledge_graph = Some(home.path("nowhere.json"));
    let message = complaint(&server(vec![lost], None), json!({ "query": "x" })).await;
    assert!(message.contains("correct `knowledge_graph`"), "{message}");
}

#[tokio::test]
async fn a_cancelled_call_answers_so() {
    let home = Home::new();
    let server = home.server();
    let context = CallContext::default();
    context.cancel.cancel();
    let arguments = json!({ "query": "rust" }).as_object().cloned().expect("an object");
    let reply = server.call_tool("search", arguments, context).await;
    assert!(matches!(reply, Err(ProviderError::Cancelled)));
    assert!(!paths(&server, "rust").await.is_empty());
}

#[tokio::test]
async fn the_tool_declares_what_it_gives() {
    let home = Home::new();
    let server = home.server();
    assert_eq!(server.name().as_str(), "terraphim");
    let description = server.description().expect("a description");
    assert!(description.contains("notes") && description.contains("knowledge graph"));
    let tools = server.list_tools().await.expect("a list");
    let tool = serde_json::to_value(&tools[0]).expect("serializable");
    assert_eq!(
        tool["annotations"],
        json!({ "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false })
    );
    assert_eq!(tool["_meta"]["terraphim"]["category"], "knowledge-graph");
    let reply = call(&server, json!({ "query": "rust tomatoes", "limit": 2 })).await.expect("a reply");
    let structured = reply.structured_content.as_ref().expect("structured").to_value().expect("a value");
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let declared = |given: &Value, schema: &Value| {
        let known = names(&schema["properties"]);
        names(given).into_iter().filter(|name| !known.contains(name)).collect::<Vec<_>>()
    };
    assert_eq!(declared(&structured, &tool["outputSchema"]), Vec::<String>::new());
    let item = &tool["outputSchema"]["properties"]["documents"]["items"];
    assert_eq!(declared(&structured["documents"][0], item), Vec::<String>::new());
    let lines: Vec<_> = reply.text().lines().map(str::to_owned).collect();
    let begins = ["2 of ", "1. ", "   ", "2. ", "   "];
    assert_eq!(lines.len(), begins.len(), "{lines:?}");
    assert!(lines.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{lines:?}");
}

/// One server for all cases of the property below.
fn shared() -> &'static (Home, NotesServer, NotesServer) {
    static SHARED: OnceLock<(Home, NotesServer, NotesServer)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let home = Home::new();
        for number in 0..20 {
            let words = ["rust", "async", "tomatoes", "bounded queue", "检索", "pattern"];
            let text: Vec<_> = (0..number * 3).map(|n| words[(n * n + number) % words.len()]).collect();
            home.write(&format!("notes/p{number}.md"), text.join(" "));
        }
        let graph = home.server();
        let plain = server(vec![home.role(Relevance::Bm25)], None);
        (home, graph, plain)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_query_gives_ranks_from_zero_to_one(
        words in vec(prop_oneof![
            select(&["rust", "ASYNC", "tomatoes", "bounded queue", "\"", "检索", "-", "AND", "cancellation", "“", "*"][..]).prop_map(str::to_owned),
            "\\PC{0,12}",
        ], 1..8),
        limit in 1_usize..40,
        skip in 0_usize..5,
    ) {
        let query = words.join(" ");
        prop_assume!(!query.trim().is_empty());
        let (_, graph, plain) = shared();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        for server in [graph, plain] {
            let page = runtime.block_on(page(server, json!({ "query": query, "limit": limit, "skip": skip })));
            let documents = page["documents"].as_array().expect("a list");
            let total = usize::try_from(page["total"].as_u64().expect("a count")).expect("small");
            prop_assert_eq!(documents.len(), limit.min(total.saturating_sub(skip)));
            let ranks: Vec<f64> = documents.iter().map(|d| d["rank"].as_f64().expect("a rank")).collect();
            prop_assert!(ranks.iter().all(|rank| *rank > 0.0 && *rank <= 1.0), "{:?}", ranks);
            prop_assert!(ranks.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", ranks);
            if skip == 0 && total > 0 {
                prop_assert_eq!(ranks[0], 1.0);
            }
            for document in documents {
                let snippet = document["snippet"].as_str().expect("a snippet");
                prop_assert!(snippet.chars().count() <= 300);
            }
        }
    }
}
