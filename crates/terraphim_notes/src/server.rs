//! The provider: finds the role, keeps its index open and fresh, answers calls.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use terraphim_mcp_gateway::{CallContext, CallFuture, ListFuture, Provider, ProviderError};
use terraphim_types::{InvalidName, ServerName, ToolReply};

use crate::{
    config::{ConfigError, NotesConfig, Role},
    error::NotesError,
    haystack::{self, Skipped},
    index::{NoteIndex, Sources},
    knowledge::Knowledge,
    search,
    storage::{self, Storage, Trust},
    tool_search::{self, Arguments},
};

/// The name under which programs import the server.
const NAME: &str = "terraphim";

const DESCRIPTION: &str = "The user's own notes, searched and ranked with the help of their knowledge graph of concepts and synonyms.";

/// How long the files may go unlooked-at between two calls.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The first-party server. Making it reads no files; a role's index is opened
/// by the first call that needs it, and later calls pick up what changed on disk.
#[derive(Clone)]
pub struct NotesServer {
    name: ServerName,
    shared: Arc<Shared>,
}

/// What a role's index holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStatus {
    /// The role's short name.
    pub role: String,
    /// How many notes can be found.
    pub documents: u64,
    /// Where the index is.
    pub storage: Storage,
    /// Files that were left out, with the reasons.
    pub skipped: Vec<Skipped>,
}

struct Shared {
    config: NotesConfig,
    /// One for each role, in the order of the configuration.
    slots: Vec<Mutex<Slot>>,
}

/// What is kept of one role between calls.
#[derive(Default)]
struct Slot {
    opened: Option<Arc<Opened>>,
    broken: bool,
}

struct Opened {
    knowledge: Arc<Knowledge>,
    index: NoteIndex,
    storage: Storage,
    /// What the walk left out; the index knows what was left out on reading.
    skipped: Vec<Skipped>,
    checked: Instant,
}

impl NotesServer {
    /// Checks the configuration.
    ///
    /// # Errors
    /// The first mistake in it, with what to change.
    pub fn new(config: NotesConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let name =
            ServerName::new(NAME).map_err(|_: InvalidName| ConfigError::Name { name: NAME.to_owned() })?;
        let slots = config.roles.iter().map(|_| Mutex::default()).collect();
        Ok(Self { name, shared: Arc::new(Shared { config, slots }) })
    }

    /// Brings a role's index up to date at once and says what it holds.
    ///
    /// # Errors
    /// [`NotesError`]: no such role, unreadable notes, a failed index.
    pub async fn refresh(&self, role: Option<&str>) -> Result<IndexStatus, NotesError> {
        let position = self.shared.position(role)?;
        let shared = Arc::clone(&self.shared);
        let task = tokio::task::spawn_blocking(move || shared.status(position));
        task.await.unwrap_or_else(|_| Err(self.shared.mark_broken(position)))
    }

    async fn search(&self, arguments: Arguments) -> Result<ToolReply, NotesError> {
        let position = self.shared.position(arguments.role.as_deref())?;
        let shared = Arc::clone(&self.shared);
        let task = tokio::task::spawn_blocking(move || shared.search(position, &arguments.request));
        task.await.unwrap_or_else(|_| Err(self.shared.mark_broken(position)))
    }

    fn invalid(&self, complaint: String) -> ProviderError {
        ProviderError::InvalidArguments {
            server: self.name.clone(),
            tool: tool_search::NAME.to_owned(),
            complaint,
        }
    }

    async fn call(&self, tool: &str, arguments: &Map<String, Value>) -> Result<ToolReply, ProviderError> {
        if tool != tool_search::NAME {
            let tool = tool.chars().take(256).collect();
            return Err(ProviderError::UnknownTool { server: self.name.clone(), tool });
        }
        let arguments = tool_search::arguments(arguments).map_err(|error| self.invalid(error.to_string()))?;
        match self.search(arguments).await {
            Ok(reply) => Ok(reply),
            Err(error @ NotesError::UnknownRole { .. }) => Err(self.invalid(error.to_string())),
            Err(error) => Ok(failure(&error)),
        }
    }
}

impl Provider for NotesServer {
    fn name(&self) -> &ServerName {
        &self.name
    }

    fn description(&self) -> Option<String> {
        Some(DESCRIPTION.to_owned())
    }

    fn list_tools(&self) -> ListFuture<'_> {
        Box::pin(async { Ok(vec![tool_search::definition()]) })
    }

    /// A cancelled call answers at once; an index that it was opening is
    /// finished for the next call.
    fn call_tool<'a>(
        &'a self,
        tool: &'a str,
        arguments: Map<String, Value>,
        context: CallContext,
    ) -> CallFuture<'a> {
        Box::pin(async move {
            tokio::select! {
                biased;
                () = context.cancel.cancelled() => Err(ProviderError::Cancelled),
                reply = self.call(tool, &arguments) => reply,
            }
        })
    }
}

fn failure(error: &NotesError) -> ToolReply {
    let content = vec![json!({ "type": "text", "text": error.to_string() })];
    ToolReply { content, structured_content: None, is_error: true }
}

impl Shared {
    /// The role that a call means.
    fn position(&self, role: Option<&str>) -> Result<usize, NotesError> {
        if self.config.roles.is_empty() {
            return Err(NotesError::NoRole);
        }
        let known = || self.config.known_roles();
        match role.or(self.config.default_role.as_deref()) {
            Some(name) => {
                let found = self.config.roles.iter().position(|role| role.answers_to(name));
                found.ok_or_else(|| NotesError::UnknownRole {
                    name: name.chars().take(100).collect(),
                    known: known(),
                })
            }
            None if self.config.roles.len() == 1 => Ok(0),
            None => Err(NotesError::NoDefault { known: known() }),
        }
    }

    fn slot(&self, position: usize) -> Result<(&Role, &Mutex<Slot>), NotesError> {
        self.config.roles.get(position).zip(self.slots.get(position)).ok_or(NotesError::NoRole)
    }

    fn search(&self, position: usize, request: &search::Request) -> Result<ToolReply, NotesError> {
        let (role, slot) = self.slot(position)?;
        let opened = self.opened(role, slot, MAX_AGE)?;
        let failed = |source| NotesError::Index { role: role.name.clone(), source };
        let page = search::run(role, &opened.index, &opened.knowledge, request).map_err(failed)?;
        tool_search::reply(&page)
            .map_err(|error| failed(tantivy::TantivyError::InternalError(error.to_string())))
    }

    fn status(&self, position: usize) -> Result<IndexStatus, NotesError> {
        let (role, slot) = self.slot(position)?;
        let opened = self.opened(role, slot, Duration::ZERO)?;
        Ok(IndexStatus {
            role: role.short_name.clone(),
            documents: opened.index.searcher().num_docs(),
            storage: opened.storage,
            skipped: opened.skipped.iter().cloned().chain(opened.index.skipped()).collect(),
        })
    }

    /// The role's index, no older than `max_age`. Calls that come while it is
    /// opened wait for it.
    fn opened(&self, role: &Role, slot: &Mutex<Slot>, max_age: Duration) -> Result<Arc<Opened>, NotesError> {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = slot.opened.as_ref().filter(|opened| opened.checked.elapsed() < max_age) {
            return Ok(Arc::clone(opened));
        }
        let trust = if slot.broken { Trust::Nothing } else { Trust::Existing };
        let opened = Arc::new(self.open(role, slot.opened.as_deref(), trust)?);
        *slot = Slot { opened: Some(Arc::clone(&opened)), broken: false };
        Ok(opened)
    }

    fn open(&self, role: &Role, previous: Option<&Opened>, trust: Trust) -> Result<Opened, NotesError> {
        let checked = Instant::now();
        let knowledge = Knowledge::load(role, previous.map(|previous| &previous.knowledge))?;
        let listing = haystack::list(&role.haystacks).map_err(|error| NotesError::Haystack {
            role: role.name.clone(),
            path: error.path,
            source: error.source,
        })?;
        if previous.is_none_or(|previous| previous.skipped != listing.skipped) {
            for Skipped { path, reason } in &listing.skipped {
                tracing::warn!(role = role.name, path, %reason, "a file is not indexed");
            }
        }
        let sources = Sources { listing: &listing, knowledge: &knowledge };
        let current = previous.filter(|previous| previous.index.is_current(sources));
        let (index, storage) = match current {
            Some(current) => (current.index.clone(), current.storage),
            None => {
                let in_memory = previous.filter(|previous| previous.storage == Storage::Memory);
                let in_memory = in_memory.map(|previous| &previous.index);
                let index_dir: Option<&PathBuf> = self.config.index_dir.as_ref();
                storage::open(role, index_dir.map(PathBuf::as_path), in_memory, sources, trust)
                    .map_err(|source| NotesError::Index { role: role.name.clone(), source })?
            }
        };
        Ok(Opened { knowledge, index, storage, skipped: listing.skipped, checked })
    }

    /// Forgets an index over which a thread died, so that the next call makes it anew.
    fn mark_broken(&self, position: usize) -> NotesError {
        let Ok((role, slot)) = self.slot(position) else { return NotesError::NoRole };
        tracing::warn!(role = role.name, "the index broke while it was used");
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Slot { opened: None, broken: true };
        NotesError::Broken { role: role.name.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn an_index_over_which_a_thread_died_is_made_anew() {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("notes")).expect("created");
        fs::write(home.path().join("notes/a.md"), "tomatoes").expect("written");
        let role = "name = 'N'\nshort_name = 'n'\nrelevance = 'bm25'\nhaystacks = [{ path = 'notes' }]";
        let mut role: Role = toml::from_str(role).expect("a role");
        role.resolve_paths(home.path());
        let index_dir = Some(home.path().join("index"));
        let server =
            NotesServer::new(NotesConfig { roles: vec![role], default_role: None, index_dir }).expect("good");
        let before = server.refresh(None).await.expect("a status");

        let dying = server.shared.clone();
        let died = tokio::task::spawn_blocking(move || {
            let _held = dying.slots[0].lock();
            panic!("a thread dies over the index");
        });
        died.await.expect_err("it panicked");
        let message = server.shared.mark_broken(0).to_string();
        assert!(message.contains("call again"), "{message}");
        assert_eq!(server.refresh(None).await.expect("a status"), before);
    }
}
