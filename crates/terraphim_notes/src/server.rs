//! The provider: the notes as a server of the gateway.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value};
use terraphim_kg::Thesaurus;
use terraphim_mcp_gateway::{
    CallContext, CallFuture, ListFuture, Provider, ProviderError, SynonymGroups, SynonymsFuture,
};
use terraphim_types::{InvalidName, ServerName, ToolReply};

use crate::{
    Library,
    config::{ConfigError, NotesConfig},
    managed::ManagedFile,
    tools::{self, Tools},
};

/// The name under which programs import the server.
const NAME: &str = "terraphim";

const DESCRIPTION: &str = "The user's own notes, searched and ranked with the help of their knowledge graph of concepts and synonyms.";

/// The first-party server over a [`Library`]. Making it reads no files; clones are the same server.
#[derive(Clone)]
pub struct NotesServer {
    name: ServerName,
    tools: Arc<Tools>,
    /// The terms of the knowledge graph, and what they were taken from.
    synonyms: Arc<Mutex<Option<Taken>>>,
    /// Whether a search for tools has waited for the knowledge graph.
    has_waited: Arc<AtomicBool>,
}

/// Groups of words, and the thesaurus that they were taken from.
type Taken = (Arc<Thesaurus>, SynonymGroups);

/// How long the first search for tools waits for the knowledge graph; later ones take what there is.
const SYNONYMS_PATIENCE: Duration = Duration::from_secs(1);

/// Most concepts whose words are given to a search for tools, and most words of one.
const CONCEPTS: usize = 5_000;
const WORDS: usize = 16;

impl NotesServer {
    /// Checks the configuration. A changed one is kept in memory alone.
    ///
    /// # Errors
    /// The first mistake in it, with what to change.
    pub fn new(config: NotesConfig) -> Result<Self, ConfigError> {
        Self::over(Library::new(config)?, None)
    }

    /// A server over a library. A configuration that a tool changes is kept in
    /// `managed`; without it, it lasts as long as the server, and may name any folder.
    ///
    /// # Errors
    /// None but that the server's own name cannot be one.
    pub fn over(library: Library, managed: Option<ManagedFile>) -> Result<Self, ConfigError> {
        let name =
            ServerName::new(NAME).map_err(|_: InvalidName| ConfigError::Name { name: NAME.to_owned() })?;
        Ok(Self {
            name,
            tools: Arc::new(Tools::new(library, managed)),
            synonyms: Arc::default(),
            has_waited: Arc::default(),
        })
    }

    /// What the tools work on.
    pub fn library(&self) -> &Library {
        self.tools.library()
    }

    /// The same, after a look at what other processes have set.
    pub(crate) async fn newest(&self) -> &Library {
        self.tools.follow().await;
        self.tools.library()
    }

    async fn call(&self, name: &str, arguments: &Map<String, Value>) -> Result<ToolReply, ProviderError> {
        let Some(outcome) = self.tools.call(name, arguments).await else {
            let tool = name.chars().take(256).collect();
            return Err(ProviderError::UnknownTool { server: self.name.clone(), tool });
        };
        match outcome {
            Ok(reply) => Ok(reply),
            Err(error) if error.is_argument() => Err(ProviderError::InvalidArguments {
                server: self.name.clone(),
                tool: name.to_owned(),
                complaint: error.report(),
            }),
            Err(error) => Ok(tools::failure(&error)),
        }
    }
}

/// The terms of each concept that has several.
fn groups(thesaurus: &Thesaurus) -> SynonymGroups {
    let of = |concept| thesaurus.terms_of(concept).take(WORDS).map(|term| term.written.clone());
    let groups = thesaurus.indices().take(CONCEPTS).map(|concept| of(concept).collect::<Vec<_>>());
    Arc::new(groups.filter(|words| words.len() > 1).collect())
}

impl Provider for NotesServer {
    fn name(&self) -> &ServerName {
        &self.name
    }

    fn description(&self) -> Option<String> {
        Some(DESCRIPTION.to_owned())
    }

    fn list_tools(&self) -> ListFuture<'_> {
        Box::pin(async { Ok(tools::definitions()) })
    }

    /// A cancelled call answers at once; what it began to read is read to its
    /// end for the next call.
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

    /// The terms of the default role's knowledge graph.
    fn synonyms(&self) -> SynonymsFuture<'_> {
        Box::pin(async {
            let library = self.newest().await;
            library.role(None).ok()?.knowledge_graph.as_ref()?;
            let view = if self.has_waited.swap(true, Ordering::AcqRel) {
                library.view_at_hand(None).ok()??
            } else {
                library.view_within(None, SYNONYMS_PATIENCE).await.ok()?
            };
            let thesaurus = Arc::clone(view.thesaurus());
            let mut known = self.synonyms.lock().unwrap_or_else(PoisonError::into_inner);
            match known.as_ref() {
                Some((of, groups)) if Arc::ptr_eq(of, &thesaurus) => Some(Arc::clone(groups)),
                _ => {
                    let groups = groups(&thesaurus);
                    *known = Some((thesaurus, Arc::clone(&groups)));
                    Some(groups)
                }
            }
        })
    }
}
