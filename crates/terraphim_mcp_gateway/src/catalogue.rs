//! Every server and every tool, as they are known at one moment.

use std::sync::Arc;

use terraphim_types::{ServerName, ToolDefinition};

/// What is known of all servers at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogueSnapshot {
    /// Grows with every change; two snapshots of a gateway with the same
    /// version are equal.
    pub version: u64,
    /// In-process servers first, then the configured ones in their order.
    pub servers: Vec<ServerEntry>,
}

/// What is known of one server.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerEntry {
    /// The name under which programs import it.
    pub name: ServerName,
    /// What it says it is for.
    pub description: Option<String>,
    /// Whether its tools are known.
    pub state: ServerState,
    /// Its tools, as far as they are known. A failed server keeps those that
    /// are known from an earlier start.
    pub tools: Arc<[ToolDefinition]>,
}

/// Whether a server's tools are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// They are; a server with cached definitions may not be running yet.
    Ready,
    /// It is being started for them.
    Loading,
    /// It cannot be used.
    Failed {
        /// Why, and what to change where that is known.
        reason: String,
    },
}

impl CatalogueSnapshot {
    /// The server of that name.
    pub fn server(&self, name: &str) -> Option<&ServerEntry> {
        self.servers.iter().find(|server| server.name.as_str() == name)
    }

    /// The names of the servers whose tools are still being fetched.
    pub fn loading(&self) -> impl Iterator<Item = &ServerName> {
        self.servers.iter().filter(|server| server.state == ServerState::Loading).map(|server| &server.name)
    }
}
