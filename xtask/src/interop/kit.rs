//! What every test starts: our binary, the servers of others as entries of a
//! configuration, and the clients of others as commands.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::install::{self, Installed};
use crate::{dist, error::Error, tree};

/// The variable that names another binary than the release one.
const BINARY_VARIABLE: &str = "TERRAPHIM_BIN";

/// Paths of everything that a test may start.
#[derive(Debug)]
pub(super) struct Kit {
    /// The binary under test.
    pub(super) binary: PathBuf,
    installed: Installed,
    scripts: PathBuf,
}

impl Kit {
    /// Installs what is missing and builds the release binary, unless the
    /// environment names another one.
    pub(super) fn prepare() -> Result<Self, Error> {
        let installed = install::install(&tree::target_folder()?.join("interop"))?;
        let binary = match std::env::var_os(BINARY_VARIABLE) {
            Some(binary) => PathBuf::from(binary)
                .canonicalize()
                .map_err(Error::io(format!("find the binary that {BINARY_VARIABLE} names")))?,
            None => dist::build_release()?,
        };
        println!("testing {}", binary.display());
        Ok(Self { binary, installed, scripts: tree::root().join("xtask/interop") })
    }

    fn npm(&self, name: &str) -> PathBuf {
        self.installed.npm_commands.join(name)
    }

    /// The package of the type checker.
    pub(super) fn type_checker(&self) -> PathBuf {
        self.installed.npm_modules.join("typescript")
    }

    fn python(&self, name: &str) -> PathBuf {
        self.installed.python_commands.join(name)
    }

    /// Files below a folder, from npm.
    pub(super) fn filesystem(&self, folder: &Path) -> Value {
        json!({ "command": "node", "args": [self.npm("mcp-server-filesystem"), folder] })
    }

    /// A graph of entities in a file, from npm.
    pub(super) fn memory(&self, file: &Path) -> Value {
        let env = json!({ "MEMORY_FILE_PATH": file });
        json!({ "command": "node", "args": [self.npm("mcp-server-memory")], "env": env })
    }

    /// One tool of every kind, from npm.
    pub(super) fn everything(&self) -> Value {
        json!({ "command": "node", "args": [self.npm("mcp-server-everything")] })
    }

    /// The same, with a line in `log` for each start.
    pub(super) fn counted_everything(&self, log: &Path) -> Value {
        let script = "echo started >> \"$0\"; exec node \"$1\"";
        json!({ "command": "sh", "args": ["-c", script, log, self.npm("mcp-server-everything")] })
    }

    /// Git repositories, from PyPI.
    pub(super) fn git(&self) -> Value {
        json!({ "command": self.python("mcp-server-git") })
    }

    /// Clocks, from PyPI.
    pub(super) fn time(&self) -> Value {
        json!({ "command": self.python("mcp-server-time") })
    }

    /// Where the `python3` with the installed libraries is.
    pub(super) fn python_commands(&self) -> &Path {
        &self.installed.python_commands
    }

    /// A server that ends in the middle of every call.
    pub(super) fn crashing(&self) -> Value {
        json!({ "command": self.python("python"), "args": [self.scripts.join("crashing_server.py")] })
    }

    /// The inspector's command line.
    pub(super) fn inspector(&self) -> Command {
        let mut command = Command::new(&self.installed.inspector_node);
        command.arg(self.npm("mcp-inspector")).arg("--cli");
        command
    }

    /// The script over the Python client.
    pub(super) fn client(&self) -> Command {
        let mut command = Command::new(self.python("python"));
        command.arg(self.scripts.join("client.py"));
        command
    }
}
