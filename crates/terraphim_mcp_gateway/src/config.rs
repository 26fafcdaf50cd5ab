//! The MCP configuration files of Claude, Cursor (`mcpServers`) and VS Code
//! (`servers`). Parsing does no IO: the text and the environment are passed in.

mod entry;
mod text;
mod variables;

use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
};

use terraphim_types::ServerName;

use self::{
    entry::{Entry, File},
    variables::Variables,
};

/// What is said of a file that has no servers.
const NO_SERVERS: &str = "expected an object `mcpServers` (or `servers`) with one entry per server";

/// The name that the first-party server answers to.
const RESERVED: &str = "terraphim";

/// The servers that a configuration names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct McpConfig {
    /// In the order of the file; at most one of a name.
    pub servers: Vec<ServerConfig>,
    /// Entries that are left out on purpose, with the reason.
    pub skipped: Vec<SkippedEntry>,
}

/// One configured server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The name under which programs import it.
    pub name: ServerName,
    /// How it is reached.
    pub transport: ServerTransport,
}

/// How a configured server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerTransport {
    /// A process that speaks over its standard input and output.
    Stdio(StdioServer),
    /// It cannot be used; every use of it answers with this reason.
    Unusable {
        /// What is wrong and what to change.
        reason: String,
    },
}

/// A server process, with its variables expanded.
#[derive(Clone, PartialEq, Eq)]
pub struct StdioServer {
    /// The program, as a path or as a name to be found in `PATH`.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables set beside the inherited ones. They may hold secrets.
    pub env: Vec<(String, String)>,
    /// Its working directory; absent means the gateway's own.
    pub cwd: Option<PathBuf>,
}

impl fmt::Debug for StdioServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of variables, and arguments made from them, may be secrets.
        f.debug_struct("StdioServer")
            .field("command", &self.command)
            .field("args", &self.args.len())
            .field("env", &self.env.iter().map(|(key, _)| key).collect::<Vec<_>>())
            .field("cwd", &self.cwd)
            .finish()
    }
}

/// An entry that is left out on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedEntry {
    /// The entry's key in the file.
    pub name: String,
    /// Why it is left out.
    pub reason: String,
}

/// A configuration file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}:{column}: {complaint}\n  {excerpt}\n  {:>caret$}", file.display(), "^", caret = caret)]
pub struct McpConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line of the mistake, from 1.
    pub line: usize,
    /// The column of the mistake, from 1.
    pub column: usize,
    /// What is wrong and what is expected.
    pub complaint: String,
    /// The offending line, cut to at most 120 characters.
    pub excerpt: String,
    caret: usize,
}

/// Reads the text of an MCP configuration file; `env` looks up a variable.
///
/// Comments and trailing commas are accepted. A server whose entry cannot be
/// used, for an undefined variable or a transport that is not supported, is
/// kept with its reason and harms no other. A relative `cwd` is taken from the
/// file's folder.
///
/// # Errors
/// Broken JSON, or a field of the wrong type, with its position.
pub fn parse_mcp_config(
    file: &Path,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<McpConfig, McpConfigError> {
    let plain = text::without_comments(text);
    // A list would be taken for the fields of the object in their order.
    if plain.trim_start().starts_with('[') {
        return Err(at_position(file, text, 1, 1, NO_SERVERS.to_owned()));
    }
    let parsed: File = serde_json::from_str(&plain).map_err(|error| located(file, text, &error))?;
    let Some(entries) = parsed.into_entries() else {
        return Err(at_position(file, text, 1, 1, NO_SERVERS.to_owned()));
    };
    let variables = Variables { folder: folder_of(file), env };
    let mut config = McpConfig::default();
    for (key, entry) in entries {
        config.add(&key, entry, &variables);
    }
    Ok(config)
}

impl McpConfig {
    fn add(&mut self, key: &str, entry: Entry, variables: &Variables<'_>) {
        let name = match ServerName::new(key) {
            Ok(name) => name,
            Err(invalid) => return self.skip(key, &invalid.to_string()),
        };
        if entry.disabled.unwrap_or(false) {
            return self.skip(key, "it is disabled in its configuration");
        }
        let transport =
            entry.transport(variables).unwrap_or_else(|reason| ServerTransport::Unusable { reason });
        if let ServerTransport::Stdio(server) = &transport
            && Path::new(&server.command).file_name() == Some(OsStr::new(RESERVED))
        {
            return self.skip(key, "it starts terraphim itself");
        }
        if self.servers.iter().any(|server| server.name == name) {
            return self.skip(key, "an earlier entry has the same name");
        }
        self.servers.push(ServerConfig { name, transport });
    }

    fn skip(&mut self, name: &str, reason: &str) {
        self.skipped.push(SkippedEntry { name: name.to_owned(), reason: reason.to_owned() });
    }

    /// Leaves out every entry whose command is the running program itself:
    /// `own` is its path, `search_path` the `PATH` in which commands are found.
    pub fn skip_executable(&mut self, own: &Path, search_path: Option<&OsStr>) {
        let own = own.canonicalize().unwrap_or_else(|_| own.to_owned());
        let (own_entries, others) = std::mem::take(&mut self.servers).into_iter().partition(|server| {
            matches!(&server.transport, ServerTransport::Stdio(stdio) if stdio.resolves_to(&own, search_path))
        });
        self.servers = others;
        for server in Vec::<ServerConfig>::from_iter(own_entries) {
            self.skip(server.name.as_str(), "it starts terraphim itself");
        }
    }

    /// The server of that name is not usable where the name is reserved.
    pub(crate) fn reserve_own_name(&mut self) {
        for server in self.servers.iter_mut().filter(|server| server.name.as_str() == RESERVED) {
            let reason = format!(
                "the name `{RESERVED}` is reserved for the built-in server: give this entry another name"
            );
            server.transport = ServerTransport::Unusable { reason };
        }
    }
}

impl StdioServer {
    fn resolves_to(&self, own: &Path, search_path: Option<&OsStr>) -> bool {
        let is_own = |candidate: PathBuf| candidate.canonicalize().is_ok_and(|path| path == own);
        if self.command.contains('/') {
            let base = self.cwd.clone().unwrap_or_default();
            return is_own(base.join(&self.command));
        }
        let folders = search_path.map(std::env::split_paths).into_iter().flatten();
        let first = folders.map(|folder| folder.join(&self.command)).find(|candidate| candidate.is_file());
        first.is_some_and(is_own)
    }
}

/// The folder that `${workspaceFolder}` and relative paths are taken from.
fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    let is_editor_folder = folder.file_name().is_some_and(|name| name == ".vscode" || name == ".cursor");
    let folder = if is_editor_folder { folder.parent().unwrap_or(folder) } else { folder };
    folder.to_owned()
}

fn located(file: &Path, text: &str, error: &serde_json::Error) -> McpConfigError {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let complaint = message.strip_suffix(&position).unwrap_or(&message);
    at_position(file, text, error.line().max(1), error.column().max(1), complaint.to_owned())
}

/// Builds the error; `column` counts bytes, as the JSON parser does.
fn at_position(file: &Path, text: &str, line: usize, column: usize, complaint: String) -> McpConfigError {
    const SHOWN: usize = 120;
    let whole = text.lines().nth(line - 1).unwrap_or_default();
    let before = whole.get(..column.saturating_sub(1)).unwrap_or(whole).chars().count();
    let from = before.saturating_sub(SHOWN / 2);
    let shown = whole.chars().skip(from).take(SHOWN);
    let excerpt = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
    let caret = (before - from).min(SHOWN) + 1;
    McpConfigError { file: file.to_owned(), line, column: before + 1, complaint, excerpt, caret }
}

#[cfg(test)]
mod tests;
