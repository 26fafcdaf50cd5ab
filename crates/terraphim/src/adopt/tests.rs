//! Adoption end to end, on real files in temporary folders.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    files::MAX_FILE_BYTES,
    undo::{Restored, UndoReceipt},
    *,
};

mod clients;
mod hostile;
mod property;
mod safety;

/// A home folder and a project in it.
struct Machine {
    root: TempDir,
    places: Places,
}

impl Machine {
    fn new() -> Self {
        let root = TempDir::new().expect("a temporary folder");
        // Without links, as a client would write the project's path.
        let base = fs::canonicalize(root.path()).expect("a real path");
        let places = Places {
            home: base.join("home"),
            project: base.join("home/work/shop"),
            config_home: base.join("home/.config"),
            executable: "/opt/terraphim/bin/terraphim".into(),
        };
        fs::create_dir_all(&places.project).expect("a project");
        Self { root, places }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.places.home.join(relative)
    }

    fn write(&self, relative: &str, text: &str) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(&path, text).expect("a file");
        path
    }

    fn text(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    fn json(&self, relative: &str) -> Value {
        serde_json::from_str(&self.text(relative)).expect("JSON")
    }

    fn mode(&self, relative: &str) -> u32 {
        fs::metadata(self.path(relative)).expect("a file").permissions().mode() & 0o7777
    }

    fn set_mode(&self, relative: &str, mode: u32) {
        fs::set_permissions(self.path(relative), fs::Permissions::from_mode(mode)).expect("a mode");
    }

    fn plan(&self, client: Client) -> Plan {
        plan(client, &self.places).expect("a plan")
    }

    fn adopt(&self, client: Client) -> Plan {
        let plan = self.plan(client);
        apply(&plan).expect("applied");
        plan
    }

    fn undo(&self, client: Client, mode: UndoMode) -> Result<UndoReceipt, AdoptError> {
        undo(client, &self.places, mode)
    }

    /// Every file, folder and link with its bytes and mode.
    fn snapshot(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let metadata = fs::symlink_metadata(&path).expect("metadata");
                let bytes = if metadata.is_symlink() {
                    fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
                } else if metadata.is_dir() {
                    folders.push(path.clone());
                    Vec::new()
                } else {
                    fs::read(&path).expect("a file")
                };
                found.insert(path, (metadata.permissions().mode(), bytes));
            }
        }
        found
    }
}

fn ours() -> Value {
    json!({"command": "/opt/terraphim/bin/terraphim", "args": ["mcp"]})
}
