//! Moving the MCP servers of a client behind terraphim, and back.
//!
//! A client that keeps its own servers beside terraphim pays for every tool twice.
//! [`plan()`] finds the servers in all scopes of one client and works out how its
//! files and ours would read; [`Plan::diff`] and [`Plan::summary`] show that;
//! [`apply()`] writes it, after a backup record; [`undo()`] puts everything back byte
//! for byte. The main flow stands in [`plan`](plan()) and [`apply`](apply()).
//!
//! | client | scope | file | key |
//! | --- | --- | --- | --- |
//! | Claude Code | local | `~/.claude.json` | `projects.<project>.mcpServers` |
//! | Claude Code | project | `<project>/.mcp.json` | `mcpServers` |
//! | Claude Code | user | `~/.claude.json` | `mcpServers` |
//! | Cursor | project | `<project>/.cursor/mcp.json` | `mcpServers` |
//! | Cursor | user | `~/.cursor/mcp.json` | `mcpServers` |
//! | VS Code | project | `<project>/.vscode/mcp.json` | `servers` |
//! | VS Code | user | `<config home>/Code/User/mcp.json` (macOS: `~/Library/Application Support/Code/User/mcp.json`) | `servers` |
//!
//! The servers of the user scope go to `<config home>/terraphim/mcp.json`, the
//! others to `<project>/.terraphim/mcp.json`, both with the key `mcpServers` and
//! readable by their owner alone. In every client file that had servers one entry
//! `terraphim` remains.
//!
//! Not covered: plugins, servers of an organisation (`managed-mcp.json`,
//! claude.ai connectors), `.mcp.json` of folders above the project, other VS Code
//! profiles, VS Code Insiders, VSCodium, remote and `.code-workspace`
//! configurations, `~/.copilot/mcp-config.json`, and `$CLAUDE_CONFIG_DIR`, unless
//! it is given as the home folder. What is found and not moved is named in the
//! summary with the reason. The client's own writing at the same moment cannot be
//! locked out: a file is read again just before it is replaced, no later.
//!
//! This module reads no environment and prints nothing.

mod apply;
mod clients;
mod display;
mod edit;
mod error;
mod files;
mod jsonc;
mod merge;
mod names;
mod plan;
mod record;
mod server;
#[cfg(test)]
mod tests;
mod undo;

use std::{path::PathBuf, str::FromStr};

pub(crate) use apply::apply;
pub(crate) use error::AdoptError;
pub(crate) use plan::{Plan, plan, plan_scopes};
pub(crate) use undo::{UndoMode, undo};

/// Whether the gateway forwards servers that are reached over HTTP. While it does
/// not, they stay with the client.
pub(crate) const FORWARDS_HTTP: bool = false;

/// The key of our entry in a client's file.
const OUR_NAME: &str = "terraphim";

/// Where things are on this machine; the binary finds that out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// The user's home folder.
    pub(crate) home: PathBuf,
    /// The project's root folder.
    pub(crate) project: PathBuf,
    /// The folder of user configurations: `$XDG_CONFIG_HOME`, else `~/.config`.
    pub(crate) config_home: PathBuf,
    /// What a client is to start: the name on its `PATH`, or an absolute path.
    pub(crate) executable: String,
}

impl Places {
    fn check(&self) -> Result<(), AdoptError> {
        let folders =
            [("home", &self.home), ("project", &self.project), ("configuration", &self.config_home)];
        match folders.into_iter().find(|(_, path)| !path.is_absolute()) {
            Some((what, path)) => Err(AdoptError::RelativePlace { what, path: path.clone() }),
            None => Ok(()),
        }
    }

    /// Our servers of the user scope.
    pub(crate) fn user_servers(&self) -> PathBuf {
        self.config_home.join("terraphim/mcp.json")
    }

    /// Our servers of this project.
    pub(crate) fn project_servers(&self) -> PathBuf {
        self.project.join(".terraphim/mcp.json")
    }

    fn records(&self) -> PathBuf {
        self.config_home.join("terraphim/adopt")
    }
}

/// An MCP client whose servers can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Client {
    /// Claude Code.
    Claude,
    /// Cursor.
    Cursor,
    /// VS Code.
    VsCode,
}

impl Client {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Claude, Self::Cursor, Self::VsCode];

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Cursor => "cursor",
            Self::VsCode => "vscode",
        }
    }
}

impl FromStr for Client {
    type Err = AdoptError;

    fn from_str(text: &str) -> Result<Self, AdoptError> {
        let known = Self::ALL.into_iter().find(|client| client.name() == text);
        known.ok_or_else(|| AdoptError::UnknownClient(text.to_owned()))
    }
}

/// For whom a server is configured; in the order in which one hides another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scope {
    /// One user in one project (Claude Code alone).
    Local,
    /// Everybody in one project.
    Project,
    /// One user in all projects.
    User,
}

impl Scope {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Local, Self::Project, Self::User];

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Project => "project",
            Self::User => "user",
        }
    }
}

impl FromStr for Scope {
    type Err = AdoptError;

    fn from_str(text: &str) -> Result<Self, AdoptError> {
        let known = Self::ALL.into_iter().find(|scope| scope.name() == text);
        known.ok_or_else(|| AdoptError::UnknownScope(text.to_owned()))
    }
}
