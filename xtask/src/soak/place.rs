//! The folders, the binary and the servers of one soak.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::json;

use crate::{dist, error::Error, tree};

/// The variable that names another binary than the release one.
const BINARY_VARIABLE: &str = "TERRAPHIM_BIN";

/// The server that the servers' tools come from.
const UPSTREAM: &str = "terraphim_test_upstream";

/// How long building that server may take.
const BUILD: Duration = Duration::from_secs(1_200);

/// What the binary may write to, each a folder of its own.
pub(super) const KEPT: [&str; 6] = ["home", "config", "cache", "data", "tmp", "project"];

/// Removed with everything in it at the end.
pub(super) struct Place {
    folder: PathBuf,
    binary: PathBuf,
    upstream: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} is left: {error}", self.folder.display());
        }
    }
}

impl Place {
    /// Makes the folders, and builds what is missing: the release binary unless
    /// the environment names another one, and the servers' program.
    pub(super) fn new() -> Result<Self, Error> {
        let binary = match std::env::var_os(BINARY_VARIABLE) {
            Some(binary) => PathBuf::from(binary)
                .canonicalize()
                .map_err(Error::io(format!("find the binary that {BINARY_VARIABLE} names")))?,
            None => dist::build_release()?,
        };
        let upstream = build_upstream()?;
        let folder = std::env::temp_dir().join(format!("terraphim-soak-{}", std::process::id()));
        let place = Self { folder, binary, upstream };
        for name in KEPT {
            fs::create_dir_all(place.path(name)).map_err(Error::io("make the folders of the soak"))?;
        }
        let server = |flags: &[&str]| json!({ "command": place.upstream, "args": flags });
        let journal = place.journal().display().to_string();
        let servers = json!({ "mcpServers": {
            "steady": server(&[]),
            "fragile": server(&["--crash-on", "list_items", "--journal", &journal]),
        } });
        let written = fs::write(place.path("project/.mcp.json"), servers.to_string());
        written.map_err(Error::io("write the servers' configuration"))?;
        Ok(place)
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }

    /// What the fragile server has received, a line for each message.
    pub(super) fn journal(&self) -> PathBuf {
        self.path("fragile.journal")
    }

    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    pub(super) fn upstream(&self) -> &Path {
        &self.upstream
    }

    /// `terraphim mcp` with nothing of the surroundings but `PATH`.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("mcp").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (variable, folder) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_DATA_HOME", "data"),
            ("TMPDIR", "tmp"),
        ] {
            command.env(variable, self.path(folder));
        }
        command.current_dir(self.path("project"));
        if let Ok(log) = File::create(self.path("errors.log")) {
            command.stderr(log);
        }
        command
    }
}

fn build_upstream() -> Result<PathBuf, Error> {
    let mut command = tree::cargo();
    command.args(["build", "--quiet", "--package", UPSTREAM]);
    tree::succeed(&mut command, BUILD)?;
    Ok(tree::target_folder()?.join("debug").join(UPSTREAM))
}
