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
    /// The tools that gave a result since this process began, as `server.tool`, and how often each did.
    pub fn uses(&self) -> HashMap<String, u64> {
        let of_server = |server: &super::Server| {
            let name = |(tool, count): (&String, &u64)| (format!("{}.{tool}", server.name), *count);
            server.uses.uses().iter().map(name).collect::<Vec<_>>()
        };
        self.servers.iter().flat_map(of_server).collect()
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
