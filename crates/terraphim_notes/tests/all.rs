//! The server over real folders: what is found, how it is ranked, and what
//! happens when files, folders and indexes change or break.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "in a test a panic is the report")]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use terraphim_mcp_gateway::{CallContext, Provider, ProviderError};
use terraphim_notes::{
    ConfigError, Haystack, NotesConfig, NotesServer, Relevance, Role, SkipReason, Storage,
};
use terraphim_types::ToolReply;

/// Notes, a knowledge graph and a place for indexes, in a folder of their own.
struct Home(TempDir);

const NOTES: &[(&str, &str)] = &[
    (
        "tokio.md",
        "---\ntitle: Cancelling tasks\ntags: [rust, tokio]\nurl: https://example.org/cancel\n---\n\nRust async patterns for cancellation: drop the future. Async Rust needs care.\n",
    ),
    (
        "channels.md",
        "# Bounded channels\n\nA bounded queue gives flow control between tasks. Patterns for async code in Rust.\n",
    ),
    ("gardening.md", "# Gardening\n\nTomatoes want sun and patterns of shade.\n"),
    (
        "futures.md",
        "# Futures\n\nWriting asynchronous rust means polling. Nothing else here uses the other words.\n",
    ),
    ("deep/Grüße aus Köln.md", "Ein Gruß über Straßen und Brücken.\n"),
    ("plain.txt", "# not a heading\nplain text about tomatoes\n"),
];

const CONCEPTS: &[(&str, &str)] = &[
    ("rust-async.md", "Futures.\n\nsynonyms:: async rust, rust async patterns, asynchronous rust\n"),
    ("back-pressure.md", "synonyms:: bounded queue, flow control\n"),
    ("cancellation.md", "synonyms:: cancelling tasks, drop the future\n"),
];

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        NOTES.iter().for_each(|(path, text)| home.write(&format!("notes/{path}"), text));
        CONCEPTS.iter().for_each(|(path, text)| home.write(&format!("kg/{path}"), text));
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        fs::write(path, text).expect("written");
    }

    fn role(&self, relevance: Relevance) -> Role {
        Role {
            name: "Engineer".into(),
            short_name: "eng".into(),
            relevance,
            theme: None,
            knowledge_graph: Some(self.path("kg")),
            haystacks: vec![Haystack { path: self.path("notes"), include: vec![], exclude: vec![] }],
        }
    }

    fn server(&self) -> NotesServer {
        server(vec![self.role(Relevance::TerraphimGraph)], Some(self.path("index")))
    }

    /// The role's folder below the place for indexes.
    fn index_folder(&self) -> PathBuf {
        let folders =
            fs::read_dir(self.path("index")).expect("a folder").map(|entry| entry.expect("listed").path());
        let folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
        assert_eq!(folders.len(), 1, "{folders:?}");
        folders.into_iter().next().expect("one folder")
    }
}

fn server(roles: Vec<Role>, index_dir: Option<PathBuf>) -> NotesServer {
    NotesServer::new(NotesConfig { roles, default_role: None, index_dir }).expect("a good configuration")
}

async fn call(server: &NotesServer, arguments: Value) -> Result<ToolReply, ProviderError> {
    let arguments: Map<String, Value> = arguments.as_object().cloned().expect("an object");
    server.call_tool("search", arguments, CallContext::default()).await
}

async fn page(server: &NotesServer, arguments: Value) -> Value {
    let reply = call(server, arguments).await.expect("a reply");
    assert!(!reply.is_error, "{}", reply.text());
    reply.structured_content.expect("structured").to_value().expect("a value")
}

async fn documents(server: &NotesServer, query: &str) -> Vec<Value> {
    let page = page(server, json!({ "query": query, "limit": 1000 })).await;
    page["documents"].as_array().cloned().expect("a list")
}

async fn paths(server: &NotesServer, query: &str) -> Vec<String> {
    let documents = documents(server, query).await;
    documents.iter().map(|document| document["path"].as_str().expect("a path").to_owned()).collect()
}

async fn complaint(server: &NotesServer, arguments: Value) -> String {
    match call(server, arguments).await {
        Ok(reply) => {
            assert!(reply.is_error, "{}", reply.text());
            reply.text()
        }
        Err(error) => error.to_string(),
    }
}

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
async fn changes_are_followed_and_the_rest_is_left_alone() {
    let home = Home::new();
    assert_eq!(paths(&home.server(), "tomatoes").await.len(), 2);

    // Same size and time: a file that looks the same is not read again.
    let futures = home.path("notes/futures.md");
    let text = fs::read_to_string(&futures).expect("a note");
    let before = fs::metadata(&futures).and_then(|metadata| metadata.modified()).expect("a time");
    fs::write(&futures, text.replace("polling", "xolling")).expect("written");
    File::options().write(true).open(&futures).and_then(|file| file.set_modified(before)).expect("set");
    home.write("notes/new.md", "Potatoes are here, and patience.");
    home.write("notes/gardening.md", "Cucumbers instead.");
    fs::remove_file(home.path("notes/plain.txt")).expect("removed");

    let server = home.server();
    assert_eq!(paths(&server, "tomatoes").await, Vec::<String>::new());
    assert_eq!(paths(&server, "potato").await, ["new.md"]);
    assert_eq!(paths(&server, "cucumber").await, ["gardening.md"]);
    assert_eq!(paths(&server, "polling").await, ["futures.md"]);
    let status = server.refresh(None).await.expect("a status");
    assert_eq!((status.documents, status.storage), (6, Storage::Disk));

    // A running server follows too, on disk and in memory.
    let memory = self::server(vec![home.role(Relevance::TerraphimGraph)], None);
    assert_eq!(memory.refresh(Some("ENG")).await.expect("a status").storage, Storage::Memory);
    home.write("notes/late.md", "Aubergines");
    fs::remove_file(home.path("notes/new.md")).expect("removed");
    for server in [&server, &memory] {
        assert_eq!(server.refresh(None).await.expect("a status").documents, 6);
        assert_eq!(paths(server, "aubergine potatoes").await, ["late.md"]);
    }
}

#[tokio::test]
async fn a_warm_index_is_not_written() {
    let home = Home::new();
    assert_eq!(paths(&home.server(), "cancellation").await.len(), 1);
    let snapshot = || -> Vec<(PathBuf, std::time::SystemTime)> {
        let mut files: Vec<_> = fs::read_dir(home.index_folder())
            .expect("a folder")
            .map(|entry| entry.expect("listed"))
            .filter(|entry| !entry.file_name().to_string_lossy().ends_with(".lock"))
            .map(|entry| (entry.path(), entry.metadata().and_then(|m| m.modified()).expect("a time")))
            .collect();
        files.sort();
        files
    };
    let before = snapshot();
    assert_eq!(paths(&home.server(), "cancellation").await.len(), 1);
    assert_eq!(snapshot(), before);
    // Nor is its lock needed.
    let lock = File::open(home.index_folder().with_extension("lock")).expect("a lock file");
    lock.lock().expect("locked");
    assert_eq!(home.server().refresh(None).await.expect("a status").storage, Storage::Disk);
}

#[tokio::test]
async fn everything_deleted_leaves_nothing() {
    let home = Home::new();
    assert!(!paths(&home.server(), "rust").await.is_empty());
    fs::remove_dir_all(home.path("notes")).expect("removed");
    fs::create_dir(home.path("notes")).expect("created");
    let server = home.server();
    assert_eq!(documents(&server, "rust").await, Vec::<Value>::new());
    home.write("notes/again.md", "rust");
    assert_eq!(paths(&home.server(), "rust").await, ["again.md"]);
}

#[tokio::test]
async fn a_changed_knowledge_graph_changes_topics() {
    let home = Home::new();
    assert_eq!(documents(&home.server(), "gardening").await[0]["topic"], Value::Null);
    home.write("kg/vegetables.md", "synonyms:: tomatoes");
    let server = home.server();
    assert_eq!(documents(&server, "gardening").await[0]["topic"], "vegetables");
    home.write("kg/thesaurus.json", r#"{"name": "n", "data": {"sun": {"id": 1, "nterm": "weather"}}}"#);
    let mut role = home.role(Relevance::TerraphimGraph);
    role.knowledge_graph = Some(home.path("kg/thesaurus.json"));
    let from_json = self::server(vec![role], Some(home.path("index")));
    let gardening = documents(&from_json, "weather").await;
    assert_eq!((&gardening[0]["topic"], &gardening[0]["path"]), (&json!("weather"), &json!("gardening.md")));
}

#[tokio::test]
async fn a_broken_index_is_made_anew() {
    let home = Home::new();
    let expected = paths(&home.server(), "rust async tomatoes").await;
    assert!(expected.len() >= 4);
    let names: Vec<_> = fs::read_dir(home.index_folder())
        .expect("a folder")
        .map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned())
        .collect();
    let mut extensions: Vec<_> =
        names.iter().filter_map(|name| name.rsplit_once('.')).map(|(_, e)| e).collect();
    extensions.sort_unstable();
    extensions.dedup();
    assert!(extensions.len() >= 6, "{names:?}");
    for extension in extensions.into_iter().filter(|extension| *extension != "lock") {
        for damage in [truncate, overwrite, flip] {
            let folder = home.index_folder();
            let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("listed").path());
            let damaged: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(extension)).collect();
            assert!(!damaged.is_empty(), "{extension}");
            damaged.iter().for_each(|path| damage(path));
            let server = home.server();
            assert_eq!(paths(&server, "rust async tomatoes").await, expected, "{extension}");
            assert_eq!(server.refresh(None).await.expect("a status").storage, Storage::Disk, "{extension}");
        }
    }
}

fn truncate(path: &Path) {
    File::options().write(true).open(path).and_then(|file| file.set_len(3)).expect("truncated");
}

fn overwrite(path: &Path) {
    fs::write(path, "{\"not\": \"what was written\"}").expect("written");
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    fs::write(path, bytes).expect("written");
}

#[tokio::test]
async fn without_a_usable_folder_the_index_is_in_memory() {
    let home = Home::new();
    home.write("index", "a file where the folder should be");
    let server = home.server();
    assert_eq!(paths(&server, "tomatoes").await.len(), 2);
    assert_eq!(server.refresh(None).await.expect("a status").storage, Storage::Memory);
}

#[tokio::test]
async fn a_locked_index_is_made_in_memory() {
    let home = Home::new();
    assert_eq!(paths(&home.server(), "tomatoes").await.len(), 2);
    let lock = File::open(home.index_folder().with_extension("lock")).expect("a lock file");
    lock.lock().expect("locked");
    home.write("notes/more.md", "more tomatoes");
    let server = home.server();
    assert_eq!(paths(&server, "tomatoes").await.len(), 3);
    assert_eq!(server.refresh(None).await.expect("a status").storage, Storage::Memory);
    drop(lock);
    home.write("notes/most.md", "most tomatoes");
    let status = server.refresh(None).await.expect("a status");
    assert_eq!((status.documents, status.storage), (8, Storage::Disk), "the folder is used once it is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_servers_at_once_agree() {
    let home = Home::new();
    for round in 0..5 {
        home.write(&format!("notes/round{round}.md"), format!("tomatoes in round {round}"));
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let server = home.server();
            for _ in 0..4 {
                let server = server.clone();
                calls.spawn(async move { paths(&server, "tomatoes").await.len() });
            }
        }
        let found = calls.join_all().await;
        assert!(found.iter().all(|count| *count == 3 + round), "{found:?}");
    }
    let status = home.server().refresh(None).await.expect("a status");
    assert_eq!((status.documents, status.storage), (11, Storage::Disk));
}

#[tokio::test]
async fn hostile_files_are_survived_and_counted() {
    let home = Home::new();
    home.write("notes/binary.md", [0xff, 0xfe, 0x00, 0x80]);
    home.write("notes/nested.md", format!("nestedword {}{}", "[".repeat(50_000), "> ".repeat(50_000)));
    home.write("notes/front.md", format!("---\ntags: [{}\n---\nfrontword", "[,".repeat(10_000)));
    home.write("notes/endless.md", format!("---\n{}", "a: b\n".repeat(50_000)));
    home.write("notes/long.md", format!("longword {}", "x".repeat(3 << 20)));
    home.write("notes/nul.md", "# \u{0}nulword\u{7}\n\u{202e}\u{0}");
    home.write("notes/empty.md", "");
    let huge = File::create(home.path("notes/huge.md")).and_then(|file| file.set_len(11 << 20));
    huge.expect("a sparse file");
    for server in [home.server(), home.server()] {
        for word in ["nestedword", "frontword", "longword", "nulword"] {
            assert_eq!(paths(&server, word).await.len(), 1, "{word}");
        }
        let mut skipped = server.refresh(None).await.expect("a status").skipped;
        skipped.sort_by(|a, b| a.path.cmp(&b.path));
        let skipped: Vec<_> = skipped.iter().map(|file| (file.path.as_str(), file.reason)).collect();
        assert_eq!(skipped, [("binary.md", SkipReason::InvalidText), ("huge.md", SkipReason::TooLarge)]);
    }
    // A file that becomes readable is a note.
    home.write("notes/binary.md", "mended");
    assert_eq!(paths(&home.server(), "mended").await, ["binary.md"]);
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

    let config = NotesConfig { roles: vec![home.role(Relevance::TitleScorer)], ..NotesConfig::default() };
    assert!(matches!(
        NotesServer::new(config),
        Err(ConfigError::Relevance { relevance: "title-scorer", .. })
    ));
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
        json!({ "readOnlyHint": true, "idempotentHint": true, "openWorldHint": false })
    );
    assert_eq!(tool["_meta"]["terraphim"]["category"], "knowledge-graph");
    let reply = call(&server, json!({ "query": "rust tomatoes", "limit": 2 })).await.expect("a reply");
    let structured = reply.structured_content.as_ref().expect("structured").to_value().expect("a value");
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&structured), names(&tool["outputSchema"]["properties"]));
    let item = &tool["outputSchema"]["properties"]["documents"]["items"];
    assert_eq!(names(&structured["documents"][0]), names(&item["properties"]));
    let lines: Vec<_> = reply.text().lines().map(str::to_owned).collect();
    assert!(
        lines[0].starts_with("2 of ") && lines[1].starts_with("1. ") && lines[2].starts_with("2. "),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 3);
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
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
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
