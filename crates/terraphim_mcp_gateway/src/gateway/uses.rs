//! What helps whoever searches tools: which ones are used, and words that mean the same.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Gateway, Kind};
use crate::provider::SynonymGroups;

/// How often the tools of one server gave a result, since this process began.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<HashMap<String, u64>>);

impl Uses {
    /// The tool is one that the server lists, so there are no more of them than it has.
    pub(super) fn count(&self, tool: &str) {
        let mut uses = self.uses();
        match uses.get_mut(tool) {
            Some(count) => *count = count.saturating_add(1),
            None => {
                uses.insert(tool.to_owned(), 1);
            }
        }
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateway {
    /// How often a tool gave a result since this process began; `qualified` is `server.tool`.
    pub fn uses(&self, qualified: &str) -> u64 {
        let used = |server: &super::Server| {
            let tool = qualified.strip_prefix(server.name.as_str())?.strip_prefix('.')?;
            server.uses.uses().get(tool).copied()
        };
        self.servers.iter().find_map(used).unwrap_or_default()
    }

    /// Words of one meaning that servers of this process know.
    pub async fn synonyms(&self) -> Vec<SynonymGroups> {
        let mut groups = Vec::new();
        for server in &self.servers {
            if let Kind::InProcess(provider) = &server.kind {
                groups.extend(provider.synonyms().await);
            }
        }
        groups
    }
}
