//! The gateway's catalogue with a discovery index over it, which follows the
//! catalogue server by server.

use std::{
    future::pending,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError, TryLockError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use terraphim_mcp_codegen::{
    Asking, DiscoveryIndex, DocsContext, DocsPage, DocsQuery, Facet, Fitted, Form, SearchContext,
    ServerTools, Standing, Synonyms, ToolHit, ToolQuery, UnknownTool, bounded, docs_with, effect, nearest,
    show_in,
};
use terraphim_mcp_gateway::{CatalogueSnapshot, Gateway, ServerState, SynonymGroups};
use terraphim_types::{Language, ServerName, ToolDefinition, ToolName};
use tokio::sync::Semaphore;

use crate::{
    modules::{find, known_servers},
    tokens::DefinitionText,
};

/// How long a search waits for servers that are being started.
const SEARCH_WAIT: Duration = Duration::from_secs(10);

/// Looks into the index at once. Each may take milliseconds and keeps a processor busy.
const LOOKS: usize = 2;

/// How a tool is marked that the policy does not let be called.
const DENIED: &str = "denied by policy";

/// A server whose tools are not, or not yet, in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnavailableServer {
    /// Its name.
    pub server: ServerName,
    /// Whether it may still come.
    pub state: LoadState,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a server's tools are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadState {
    /// It is being started.
    Loading,
    /// It cannot be used.
    Failed,
}

/// A tool that was found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FoundTool {
    /// What the index tells of it.
    #[serde(flatten)]
    pub hit: ToolHit,
    /// What a call does beside reading, and whether it is denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
}

/// A page of tools, and the servers that could not be searched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SearchAnswer {
    /// The tools, the best first.
    pub tools: Vec<FoundTool>,
    /// How many tools match, on all pages.
    pub total: u32,
    /// All categories with their counts, where nothing was asked or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Facet>>,
    /// All capabilities with their counts, where nothing was asked or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<Facet>>,
    /// The server that was asked for, where there is none of that name; then nothing was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_server: Option<UnknownTool>,
    /// How many tools of the page had no room.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: usize,
    /// What was left out, and how to get it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Servers whose tools are missing from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unavailable: Vec<UnavailableServer>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// For whom an answer is made, and how much room it has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown {
    /// Whose signatures are shown.
    pub language: Language,
    /// What the answer may take, in tokens by [`terraphim_mcp_codegen::tokens_at_most`].
    pub max_tokens: Option<u32>,
    /// How the answer leaves, which is what its tokens are counted of.
    pub form: Form,
    /// How the caller asks.
    pub asking: Asking,
}

/// Synonyms, and the groups that they were made from.
type Known = (Vec<SynonymGroups>, Arc<Synonyms>);

/// An index with the version of the catalogue that it is of.
type Indexed = (u64, Arc<DiscoveryIndex>);

/// The tools of a gateway, searchable. Cheap to clone.
#[derive(Clone)]
pub struct LiveCatalogue {
    gateway: Arc<Gateway>,
    indexed: Arc<Mutex<Option<Indexed>>>,
    /// Held by whoever makes the next index.
    updating: Arc<Mutex<()>>,
    synonyms: Arc<Mutex<Option<Known>>>,
    looks: Arc<Semaphore>,
}

impl LiveCatalogue {
    /// The catalogue of a gateway.
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self {
            gateway,
            indexed: Arc::default(),
            updating: Arc::default(),
            synonyms: Arc::default(),
            looks: Arc::new(Semaphore::new(LOOKS)),
        }
    }

    /// The gateway behind it.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Every server and tool, waiting a while for servers that are being started.
    pub async fn snapshot(&self) -> Arc<CatalogueSnapshot> {
        self.gateway.catalogue(Some(SEARCH_WAIT)).await
    }

    /// What is known now; starts no server.
    pub async fn known(&self) -> Arc<CatalogueSnapshot> {
        self.gateway.known().await
    }

    /// Finds tools, shown as TypeScript calls them, however long the answer is.
    pub async fn search(&self, query: &ToolQuery) -> SearchAnswer {
        self.search_within(query, Shown::default()).await
    }

    /// Finds tools, for a language and within a number of tokens.
    pub async fn search_within(&self, query: &ToolQuery, shown: Shown) -> SearchAnswer {
        let snapshot = self.snapshot().await;
        let unknown_server = query.server.as_deref().and_then(|name| self.unknown_server(name));
        let is_known = unknown_server.is_none();
        let (asked, of, catalogue) = (query.clone(), Arc::clone(&snapshot), self.clone());
        let search = move |index: &DiscoveryIndex, context: &SearchContext<'_>| {
            let mut page = index.search_with(&asked, context);
            if !is_known {
                (page.tools, page.categories, page.capabilities) = (Vec::new(), None, None);
            }
            show_in(index, &mut page, shown.language);
            let marks = |hit: &ToolHit| catalogue.marks(&of, hit);
            let fitted =
                shown.max_tokens.map(|tokens| page.fit(tokens, |hit| shown.form.of_hit(hit, &marks(hit))));
            let found: Vec<_> = std::mem::take(&mut page.tools)
                .into_iter()
                .map(|hit| FoundTool { marks: marks(&hit), hit })
                .collect();
            (page, found, fitted)
        };
        let (page, tools, fitted) = self.searching(&snapshot, search).await;
        SearchAnswer {
            tools,
            total: page.total,
            categories: page.categories,
            capabilities: page.capabilities,
            unknown_server,
            omitted: fitted.map_or(0, |fitted| fitted.omitted),
            note: fitted.as_ref().and_then(|fitted: &Fitted| fitted.note(shown.asking)),
            unavailable: unavailable(&snapshot),
        }
    }

    /// Looks at the index of a snapshot, with the user's own words and what is known of use.
    pub(crate) async fn searching<T: Send + 'static>(
        &self,
        snapshot: &Arc<CatalogueSnapshot>,
        look: impl FnOnce(&DiscoveryIndex, &SearchContext<'_>) -> T + Send + 'static,
    ) -> T {
        let synonyms = self.synonyms().await;
        let of = Arc::clone(snapshot);
        let searched = move |catalogue: &Self| {
            let uses = catalogue.gateway.uses();
            let synonyms = synonyms.as_deref().unwrap_or(Synonyms::built_in());
            look(&catalogue.index(&of), &SearchContext { synonyms, usage: Some(&uses) })
        };
        self.look(searched).await
    }

    /// The name with those that are most like it, where no server has it.
    fn unknown_server(&self, name: &str) -> Option<UnknownTool> {
        let known = known_servers(&self.gateway);
        if name.trim().is_empty() || find(&known, name).is_some() {
            return None;
        }
        let near = nearest(name, known.iter().map(|module| module.server.as_str()));
        Some(UnknownTool { name: bounded::one_line(name, 120), nearest: near })
    }

    fn marks(&self, snapshot: &CatalogueSnapshot, hit: &ToolHit) -> Vec<String> {
        // A name says no more than itself.
        let tool = hit.name.strip_prefix(hit.server.as_str()).and_then(|rest| rest.strip_prefix('.'));
        let server = snapshot.servers.iter().find(|server| server.name.as_str() == hit.server);
        let found = server.zip(tool).filter(|_| hit.signature.is_some());
        let definition = found.and_then(|(server, tool)| {
            Some((&server.name, server.tools.iter().find(|definition| definition.name == tool)?))
        });
        definition.map(|(server, definition)| self.standing(server, definition).marks).unwrap_or_default()
    }

    /// What a call does by the tool's own word, and whether the policy lets it be called.
    pub(crate) fn standing(&self, server: &ServerName, definition: &ToolDefinition) -> Standing {
        let name = ToolName::new(server.clone(), &definition.name).ok();
        let denied = name.and_then(|name| self.gateway.denial(&name, definition));
        let marks = effect(definition).into_iter().chain(denied.as_ref().map(|_| DENIED));
        Standing {
            marks: marks.map(str::to_owned).collect(),
            denied: denied.map(|denied| bounded::visible(&denied.to_string()).into_owned()),
        }
    }

    /// The documents of the named tools in full.
    pub async fn docs(&self, names: &[String], language: Language) -> DocsPage {
        let query = DocsQuery { names: names.to_vec(), language, ..DocsQuery::default() };
        self.docs_within(&query).await
    }

    /// The documents of the named tools as JSON, with as much detail as is asked for and has room.
    pub async fn docs_within(&self, query: &DocsQuery) -> DocsPage {
        self.docs_as(query, Form::Json, Asking::default()).await
    }

    /// The same for an answer that leaves in another form, or to who asks in another way.
    pub async fn docs_as(&self, query: &DocsQuery, form: Form, asking: Asking) -> DocsPage {
        let snapshot = self.snapshot().await;
        let query = query.clone();
        self.look(move |catalogue| {
            let standing = |server: &ServerName, tool: &ToolDefinition| catalogue.standing(server, tool);
            let context = DocsContext { form, standing: Some(&standing), asking };
            docs_with(&catalogue.index(&snapshot), &query, &context)
        })
        .await
    }

    /// The built-in synonyms with those of the user's own knowledge graph; none where there is none.
    async fn synonyms(&self) -> Option<Arc<Synonyms>> {
        let groups = self.gateway.synonyms().await;
        if groups.is_empty() {
            return None;
        }
        let mut known = self.synonyms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, synonyms)) = known.as_ref()
            && of.len() == groups.len()
            && of.iter().zip(&groups).all(|(one, other)| Arc::ptr_eq(one, other))
        {
            return Some(Arc::clone(synonyms));
        }
        let synonyms = Arc::new(Synonyms::with_groups(groups.iter().flat_map(|groups| groups.iter())));
        *known = Some((groups, Arc::clone(&synonyms)));
        Some(synonyms)
    }

    /// Looks into the index apart from the threads that keep the deadlines of runs.
    pub(crate) async fn look<T: Send + 'static>(&self, look: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        // The semaphore is never closed.
        let _turn = self.looks.acquire().await;
        let catalogue = self.clone();
        match tokio::task::spawn_blocking(move || look(&catalogue)).await {
            Ok(found) => found,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime is ending, and this task with it.
                Err(_) => pending().await,
            },
        }
    }

    /// The index of a snapshot. It is made from the last one, by reading only the
    /// servers that have changed; whoever asks meanwhile gets the last one.
    pub fn index(&self, snapshot: &CatalogueSnapshot) -> Arc<DiscoveryIndex> {
        if let Some(index) = self.indexed().filter(|(version, _)| *version == snapshot.version) {
            return index.1;
        }
        let _turn = match self.updating.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => match self.indexed().filter(|(_, index)| !index.is_empty()) {
                Some((_, last)) => return last,
                None => self.updating.lock().unwrap_or_else(PoisonError::into_inner),
            },
        };
        let last = self.indexed();
        if let Some((_, index)) = last.as_ref().filter(|(version, _)| *version == snapshot.version) {
            return Arc::clone(index);
        }
        let servers: Vec<_> = snapshot
            .servers
            .iter()
            .map(|server| ServerTools {
                server: server.name.clone(),
                description: server.description.clone(),
                tools: Arc::clone(&server.tools),
            })
            .collect();
        let index = Arc::new(match last {
            Some((_, last)) => last.updated(&servers),
            None => DiscoveryIndex::build(&servers),
        });
        *self.indexed.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((snapshot.version, Arc::clone(&index)));
        index
    }

    fn indexed(&self) -> Option<Indexed> {
        self.indexed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The definitions of all tools of a snapshot, to be counted.
pub(crate) fn definitions_of(snapshot: &CatalogueSnapshot) -> Vec<DefinitionText> {
    let mut definitions = Vec::new();
    for server in &snapshot.servers {
        for tool in server.tools.iter() {
            let named = ToolName::new(server.name.clone(), &tool.name);
            if let (Ok(tool), Ok(json)) = (named, serde_json::to_string(tool)) {
                definitions.push(DefinitionText { tool, json });
            }
        }
    }
    definitions
}

fn unavailable(snapshot: &CatalogueSnapshot) -> Vec<UnavailableServer> {
    let missing = snapshot.servers.iter().filter_map(|server| match &server.state {
        ServerState::Ready => None,
        ServerState::Loading => {
            Some(UnavailableServer { server: server.name.clone(), state: LoadState::Loading, reason: None })
        }
        ServerState::Failed { reason } => Some(UnavailableServer {
            server: server.name.clone(),
            state: LoadState::Failed,
            reason: Some(reason.clone()),
        }),
    });
    missing.collect()
}
