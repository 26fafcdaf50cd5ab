//! A home with notes and a knowledge graph, and a server over it.

use std::{fs, path::PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use terraphim_mcp_gateway::{CallContext, Provider, ProviderError};
use terraphim_notes::{Haystack, NotesConfig, NotesServer, Relevance, Role};
use terraphim_types::ToolReply;

/// Notes, a knowledge graph and a place for indexes, in a folder of their own.
pub(crate) struct Home(TempDir);

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
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        NOTES.iter().for_each(|(path, text)| home.write(&format!("notes/{path}"), text));
        CONCEPTS.iter().for_each(|(path, text)| home.write(&format!("kg/{path}"), text));
        home
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn role(&self, relevance: Relevance) -> Role {
        Role {
            name: "Engineer".into(),
            short_name: "eng".into(),
            relevance,
            theme: None,
            knowledge_graph: Some(self.path("kg")),
            haystacks: vec![Haystack { path: self.path("notes"), include: vec![], exclude: vec![] }],
        }
    }

    pub(crate) fn server(&self) -> NotesServer {
        server(vec![self.role(Relevance::TerraphimGraph)], Some(self.path("index")))
    }

    /// The role's folder below the place for indexes.
    pub(crate) fn index_folder(&self) -> PathBuf {
        let folders =
            fs::read_dir(self.path("index")).expect("a folder").map(|entry| entry.expect("listed").path());
        let folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
        assert_eq!(folders.len(), 1, "{folders:?}");
        folders.into_iter().next().expect("one folder")
    }
}

pub(crate) fn server(roles: Vec<Role>, index_dir: Option<PathBuf>) -> NotesServer {
    NotesServer::new(NotesConfig { roles, default_role: None, index_dir }).expect("a good configuration")
}

pub(crate) async fn call(server: &NotesServer, arguments: Value) -> Result<ToolReply, ProviderError> {
    let arguments: Map<String, Value> = arguments.as_object().cloned().expect("an object");
    server.call_tool("search", arguments, CallContext::default()).await
}

pub(crate) async fn page(server: &NotesServer, arguments: Value) -> Value {
    let reply = call(server, arguments).await.expect("a reply");
    assert!(!reply.is_error, "{}", reply.text());
    reply.structured_content.expect("structured").to_value().expect("a value")
}

pub(crate) async fn documents(server: &NotesServer, query: &str) -> Vec<Value> {
    let page = page(server, json!({ "query": query, "limit": 1000 })).await;
    page["documents"].as_array().cloned().expect("a list")
}

pub(crate) async fn paths(server: &NotesServer, query: &str) -> Vec<String> {
    let documents = documents(server, query).await;
    documents.iter().map(|document| document["path"].as_str().expect("a path").to_owned()).collect()
}

pub(crate) async fn complaint(server: &NotesServer, arguments: Value) -> String {
    match call(server, arguments).await {
        Ok(reply) => {
            assert!(reply.is_error, "{}", reply.text());
            reply.text()
        }
        Err(error) => error.to_string(),
    }
}
