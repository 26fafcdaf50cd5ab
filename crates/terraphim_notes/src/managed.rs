//! The file in which a changed configuration is kept: beside the user's own
//! settings, which are never written. It says which roles of the user it stands
//! in for, and is of no account any more once the user has changed those.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Role;

/// Longest file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// How long what another process has set may go unnoticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

const ABOUT: &str =
    "Written by update_config_tool in place of the roles of terraphim.toml; remove it to go back to them.";

/// Where changes of the configuration are kept, and what they may name.
#[derive(Debug, Clone)]
pub struct ManagedFile {
    /// The file.
    pub path: PathBuf,
    /// What relative paths of a change are relative to.
    pub base: PathBuf,
    /// The folders below which a change may name notes and knowledge graphs.
    pub roots: Vec<PathBuf>,
    /// The user's own roles.
    pub own: ManagedRoles,
    /// The digest of the user's own roles, with their paths as they are written.
    pub replaces: String,
    /// The role that the command line names, which stands before any default role.
    pub named: Option<String>,
}

/// Roles, and the default one among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedRoles {
    /// The default role.
    pub default_role: Option<String>,
    /// The roles, with absolute paths.
    pub roles: Vec<Role>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagedError {
    /// It cannot be read or written.
    #[error("`{}` cannot be {action}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Read or written.
        action: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It holds something else.
    #[error("`{}` is not what update_config_tool wrote: remove it", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    about: String,
    replaces: String,
    default_role: Option<String>,
    roles: Vec<Role>,
}

impl ManagedRoles {
    /// The same for the same roles and default role.
    pub fn digest(&self) -> String {
        // Roles are plain data and always have a text.
        let text = serde_json::to_string(&(&self.roles, &self.default_role)).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl ManagedFile {
    /// The roles in the file; none if there is no file, or if the user has
    /// changed the roles that it stood in for.
    ///
    /// # Errors
    /// [`ManagedError`].
    pub fn read(&self) -> Result<Option<ManagedRoles>, ManagedError> {
        let failed = |source| ManagedError::Io { path: self.path.clone(), action: "read", source };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(failed(io::Error::other(format!("it has more than {} MiB", MAX_BYTES >> 20))));
        }
        let document: Document = serde_json::from_str(&text)
            .map_err(|source| ManagedError::Content { path: self.path.clone(), source })?;
        if document.replaces != self.replaces {
            // Whoever set them is to learn that they are not in force.
            tracing::error!(path = %self.path.display(), "roles that update_config_tool has set are passed over, because terraphim.toml names others since: remove the file");
            return Ok(None);
        }
        Ok(Some(ManagedRoles { default_role: document.default_role, roles: document.roles }))
    }

    /// What tells one state of the file from another; none if there is no file.
    fn stamp(&self) -> Option<Stamp> {
        let metadata = fs::metadata(&self.path).ok()?;
        Some(Stamp(metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.len()))
    }

    /// Puts roles into the file, wholly or not at all.
    ///
    /// # Errors
    /// [`ManagedError::Io`].
    pub(crate) fn write(&self, managed: &ManagedRoles) -> Result<(), ManagedError> {
        let document = Document {
            about: ABOUT.to_owned(),
            replaces: self.replaces.clone(),
            default_role: managed.default_role.clone(),
            roles: managed.roles.clone(),
        };
        let text = serde_json::to_string_pretty(&document)
            .map_err(|source| ManagedError::Content { path: self.path.clone(), source })?;
        replace(&self.path, text.as_bytes()).map_err(|source| ManagedError::Io {
            path: self.path.clone(),
            action: "written",
            source,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(u64, i64, i64, u64);

/// Notices what other processes put into the file.
#[derive(Debug, Default)]
pub(crate) struct Looked(Mutex<Option<(Instant, Option<Stamp>)>>);

impl Looked {
    /// Whether the file is another than at the last look; looks once a second.
    /// The first look finds it changed.
    pub(crate) fn finds_changed(&self, file: &ManagedFile) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|(at, _)| at.elapsed() < LOOK_EVERY) {
            return false;
        }
        let stamp = file.stamp();
        last.replace((Instant::now(), stamp)).is_none_or(|(_, before)| before != stamp)
    }

    /// Takes the file as it is for known.
    pub(crate) fn note(&self, file: &ManagedFile) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), file.stamp()));
    }
}

/// Writes another file beside it and puts that in its place.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let no_folder = || io::Error::other("it has no folder");
    let folder = path.parent().ok_or_else(no_folder)?;
    let name = path.file_name().ok_or_else(no_folder)?.to_string_lossy();
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{name}.{}.new", std::process::id()));
    // What an earlier process of this number left.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = OpenOptions::new().write(true).create_new(true).open(&draft).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let placed =
        written.and_then(|()| fs::rename(&draft, path)).and_then(|()| File::open(folder)?.sync_all());
    if placed.is_err() {
        // The error that is told is the one before.
        let _ = fs::remove_file(&draft);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_kept_until_the_user_changes_his() {
        let folder = tempfile::tempdir().expect("a folder");
        let role: Role = toml::from_str(
            "name = 'N'\nshort_name = 'n'\nrelevance = 'bm25'\nhaystacks = [{ path = '/notes' }]",
        )
        .expect("a role");
        let file = ManagedFile {
            path: folder.path().join("below/terraphim.managed.json"),
            base: folder.path().to_owned(),
            roots: Vec::new(),
            own: ManagedRoles::default(),
            replaces: ManagedRoles::default().digest(),
            named: None,
        };
        assert_eq!(file.read().expect("no file"), None);
        let looked = Looked::default();
        assert!(looked.finds_changed(&file) && !looked.finds_changed(&file));
        let managed = ManagedRoles { default_role: Some("n".into()), roles: vec![role] };
        for _ in 0..2 {
            file.write(&managed).expect("written");
            assert_eq!(file.read().expect("read"), Some(managed.clone()));
        }
        let left: Vec<_> = fs::read_dir(folder.path().join("below")).expect("a folder").collect();
        assert_eq!(left.len(), 1, "{left:?}");

        let replaces = ManagedRoles { default_role: None, roles: managed.roles }.digest();
        assert_eq!(ManagedFile { replaces, ..file.clone() }.read().expect("read"), None);
        fs::write(&file.path, "{}").expect("written");
        let message = file.read().expect_err("not ours").to_string();
        assert!(message.contains("remove it"), "{message}");
    }
}
