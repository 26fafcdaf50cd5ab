//! Named states of a workspace: folders of plain copies that no program sees.
//! Copies share their blocks with the workspace where the file system can.

use std::{
    ffi::CString,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::fs::{Mode, OFlags};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    WRITES, Workspace, WorkspaceError, check_name,
    merge::{self, Diff},
    turn,
};
use crate::outcome::{FileChange, SavedFile};

/// Most checkpoints of one workspace.
const MOST: usize = 20;

/// The state that a restored workspace had before.
pub const BEFORE_RESTORE: &str = "before-restore";

/// Where the checkpoints of a workspace are; looked for when one is asked for, not with every run.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Own(PathBuf),
    /// Among those of all workspaces, under its name in their store or that of its folder.
    Among {
        all: PathBuf,
        relative: String,
    },
}

/// A named state of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// Its name.
    pub name: String,
    /// Files and folders in it.
    pub files: u64,
    /// What they hold, in bytes.
    pub bytes: u64,
    /// When it was taken, in seconds since 1970.
    pub taken: u64,
}

impl Workspace {
    /// The same workspace, with checkpoints in a folder of their own outside it.
    pub fn with_checkpoints(mut self, folder: PathBuf) -> Self {
        self.checkpoints = Some(Place::Own(folder));
        self
    }

    /// The same workspace, with its checkpoints among those of all workspaces:
    /// `relative` is where it is in the store of workspaces, empty if it is in none.
    pub fn with_checkpoints_in(mut self, all: &Path, relative: &str) -> Self {
        self.checkpoints = Some(Place::Among { all: all.to_owned(), relative: relative.to_owned() });
        self
    }

    /// Takes a copy of the whole workspace under a name, in place of an earlier
    /// one of that name. `written` is what a program that is still running has
    /// written over it.
    ///
    /// # Errors
    /// [`WorkspaceError::Name`], [`WorkspaceError::Full`], [`WorkspaceError::NoCheckpoints`],
    /// [`WorkspaceError::Io`]; an earlier checkpoint of that name is left as it was.
    pub fn checkpoint(&self, name: &str, written: Option<&OwnedFd>) -> Result<Checkpoint, WorkspaceError> {
        check_name(name)?;
        if name == BEFORE_RESTORE {
            return Err(WorkspaceError::Name { name: name.to_owned() });
        }
        let _turn = turn();
        let others = self.checkpoints()?.into_iter().filter(|other| other.name != name);
        if others.filter(|other| other.name != BEFORE_RESTORE).count() >= MOST {
            return Err(self.too_many());
        }
        self.take_checkpoint(name, written)
    }

    fn too_many(&self) -> WorkspaceError {
        WorkspaceError::Full { limit: format!("{MOST} checkpoints"), folder: self.folder.clone() }
    }

    fn place(&self) -> Result<PathBuf, WorkspaceError> {
        match self.checkpoints.as_ref().ok_or(WorkspaceError::NoCheckpoints)? {
            Place::Own(folder) => Ok(folder.clone()),
            Place::Among { all, relative } if relative.is_empty() || relative.contains('/') => {
                let folder = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
                let hash = Sha256::digest(folder.as_os_str().as_encoded_bytes());
                let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
                Ok(all.join("folders").join(hash))
            }
            Place::Among { all, relative } => Ok(all.join("sessions").join(relative)),
        }
    }

    fn take_checkpoint(&self, name: &str, written: Option<&OwnedFd>) -> Result<Checkpoint, WorkspaceError> {
        let place = self.place()?;
        make_private(&place).map_err(self.failed("make a folder for checkpoints"))?;
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        let temporary = place.join(format!(".{}-{number}.new", std::process::id()));
        let copy = Self::new(temporary.clone(), self.max_bytes, self.max_files);
        let copied = self.copy_to(&copy, written).and_then(|()| {
            let target = place.join(name);
            let old = place.join(format!(".{}-{number}.old", std::process::id()));
            let moved = match std::fs::rename(&target, &old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => std::fs::rename(&temporary, &target),
            };
            // What is replaced is of no use; the new one's own error is what counts.
            let _ = std::fs::remove_dir_all(&old);
            moved.map_err(self.failed("take a checkpoint"))
        });
        if let Err(error) = copied {
            let _ = std::fs::remove_dir_all(&temporary);
            return Err(match error {
                WorkspaceError::Full { limit, .. } => {
                    WorkspaceError::Full { limit, folder: self.folder.clone() }
                }
                other => other,
            });
        }
        self.about(name)
    }

    fn copy_to(&self, copy: &Self, written: Option<&OwnedFd>) -> Result<(), WorkspaceError> {
        std::fs::create_dir(&copy.folder).map_err(self.failed("make a folder for checkpoints"))?;
        if let Some(folder) = self.opened()? {
            copy.merge_in_turn(&folder)?;
        }
        if let Some(written) = written {
            copy.merge_in_turn(written)?;
        }
        Ok(())
    }

    /// The folder, if it is there.
    fn opened(&self) -> Result<Option<OwnedFd>, WorkspaceError> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        match rustix::fs::open(&self.folder, flags, Mode::empty()) {
            Ok(folder) => Ok(Some(folder)),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed("open")(error.into())),
        }
    }

    fn about(&self, name: &str) -> Result<Checkpoint, WorkspaceError> {
        let folder = self.opened_checkpoint(name)?;
        let counted = merge::usage(&folder, 0);
        let (bytes, files) = counted.map_err(self.failed("look at a checkpoint"))?;
        let about = rustix::fs::fstat(&folder).map_err(io::Error::from);
        let about = about.map_err(self.failed("look at a checkpoint"))?;
        let taken = u64::try_from(about.st_mtime).unwrap_or(0);
        Ok(Checkpoint { name: name.to_owned(), files, bytes, taken })
    }

    fn opened_checkpoint(&self, name: &str) -> Result<OwnedFd, WorkspaceError> {
        check_name(name)?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::open(self.place()?.join(name), flags, Mode::empty()) {
            Ok(folder) => Ok(folder),
            Err(rustix::io::Errno::NOENT) => Err(WorkspaceError::NoCheckpoint {
                name: name.to_owned(),
                known: self.checkpoint_names()?.into_iter().take(10).collect(),
            }),
            Err(error) => Err(self.failed("open a checkpoint")(error.into())),
        }
    }

    fn checkpoint_names(&self) -> Result<Vec<String>, WorkspaceError> {
        let entries = match std::fs::read_dir(self.place()?) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed("list checkpoints")(error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| check_name(name).is_ok()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// All checkpoints, by name.
    ///
    /// # Errors
    /// [`WorkspaceError::NoCheckpoints`], [`WorkspaceError::Io`].
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, WorkspaceError> {
        self.checkpoint_names()?.iter().map(|name| self.about(name)).collect()
    }

    /// The files that programs see, by path.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`].
    pub fn files(&self) -> Result<Vec<SavedFile>, WorkspaceError> {
        let folder = self.opened()?;
        let files = folder.as_ref().map(merge::files).transpose().map_err(self.failed("list"))?;
        let named =
            |(path, bytes): (CString, u64)| SavedFile { path: merge::text(&path), bytes, change: None };
        Ok(files.unwrap_or_default().into_iter().map(named).collect())
    }

    /// Whether there is a checkpoint.
    ///
    /// # Errors
    /// [`WorkspaceError::NoCheckpoint`] with the names that there are.
    pub(crate) fn check_checkpoint(&self, name: &str) -> Result<(), WorkspaceError> {
        self.opened_checkpoint(name).map(drop)
    }

    /// Makes the workspace what it was; gives what that changed. What it is now
    /// becomes the checkpoint [`BEFORE_RESTORE`].
    ///
    /// # Errors
    /// [`WorkspaceError::NoCheckpoint`] with the names that there are; [`WorkspaceError::Io`], after
    /// which restoring again goes on.
    pub fn restore(&self, name: &str) -> Result<Vec<SavedFile>, WorkspaceError> {
        let tree = self.opened_checkpoint(name)?;
        let _turn = turn();
        if name != BEFORE_RESTORE {
            self.take_checkpoint(BEFORE_RESTORE, None)?;
        }
        self.replace(&tree)
    }

    /// Forgets a checkpoint.
    ///
    /// # Errors
    /// [`WorkspaceError::NoCheckpoint`] with the names that there are; [`WorkspaceError::Io`].
    pub fn remove_checkpoint(&self, name: &str) -> Result<(), WorkspaceError> {
        drop(self.opened_checkpoint(name)?);
        let _turn = turn();
        let removed = std::fs::remove_dir_all(self.place()?.join(name));
        removed.map_err(self.failed("remove a checkpoint"))
    }

    /// How the workspace differs from a checkpoint.
    ///
    /// # Errors
    /// [`WorkspaceError::NoCheckpoint`] with the names that there are; [`WorkspaceError::Io`].
    pub fn diff(&self, name: &str) -> Result<Vec<SavedFile>, WorkspaceError> {
        let tree = self.opened_checkpoint(name)?;
        let then = merge::files(&tree).map_err(self.failed("look at a checkpoint"))?;
        let folder = self.opened()?;
        let now = folder.as_ref().map(merge::files).transpose().map_err(self.failed("list"))?;
        let now = now.unwrap_or_default();
        let file = |path: &CString, bytes, change| SavedFile {
            path: merge::text(path),
            bytes,
            change: Some(change),
        };
        let mut changed = Vec::new();
        for (path, bytes) in &now {
            let change = match then.get(path) {
                None => FileChange::Created,
                Some(before) if before != bytes => FileChange::Changed,
                Some(_) => {
                    let Some(folder) = &folder else { continue };
                    let same = merge::same_at(folder, &tree, path).map_err(self.failed("read"))?;
                    if same {
                        continue;
                    }
                    FileChange::Changed
                }
            };
            changed.push(file(path, *bytes, change));
        }
        let gone = then.keys().filter(|path| !now.contains_key(*path));
        changed.extend(gone.map(|path| file(path, 0, FileChange::Deleted)));
        changed.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(changed)
    }

    fn replace(&self, tree: &OwnedFd) -> Result<Vec<SavedFile>, WorkspaceError> {
        let mut diff = Diff::default();
        let plan = merge::plan_of_all(tree, &mut diff).map_err(self.failed("look at a checkpoint"))?;
        let folder = self.open().map_err(self.failed("open"))?;
        merge::keep_only(&folder, tree, &mut diff).map_err(self.failed("restore"))?;
        for step in plan.steps {
            self.take(&folder, tree, step, &mut diff).map_err(self.failed("restore"))?;
        }
        diff.changed.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(diff.changed)
    }
}

/// Makes a folder that only its owner can look into.
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl Checkpoint {
    /// How long ago it was taken, in seconds.
    pub fn age(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        now.saturating_sub(self.taken)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace::Shelf;

    fn workspace() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::new(folder.path().join("w"), 100_000, 20);
        let workspace = workspace.with_checkpoints(folder.path().join("c"));
        (folder, workspace)
    }

    fn changes(files: &[SavedFile]) -> Vec<(&str, FileChange)> {
        files.iter().map(|file| (file.path.as_str(), file.change.expect("a change"))).collect()
    }

    #[test]
    fn a_restored_workspace_is_what_it_was() {
        let (_folder, workspace) = workspace();
        let at = |path: &str| workspace.folder().join(path);
        workspace.write(Shelf::Data, "a.json", b"[1]").unwrap();
        fs::create_dir_all(at("deep/er")).unwrap();
        fs::write(at("deep/er/same"), "same").unwrap();
        fs::write(at("deep/changed"), "before").unwrap();
        fs::write(at("deep/gone"), "gone").unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        fs::write(at(".git/config"), "mine").unwrap();
        let taken = workspace.checkpoint("first", None).unwrap();
        assert_eq!((taken.name.as_str(), taken.bytes), ("first", 3 + 4 + 6 + 4 + 2 * 4096));
        assert_eq!(workspace.diff("first").unwrap(), []);
        fs::write(at("deep/changed"), "beyond").unwrap();
        fs::remove_file(at("deep/gone")).unwrap();
        fs::create_dir_all(at("new")).unwrap();
        fs::write(at("new/file"), "new").unwrap();
        fs::write(at(".git/config"), "changed by hand").unwrap();
        let expected = [
            ("deep/changed", FileChange::Changed),
            ("deep/gone", FileChange::Deleted),
            ("new/file", FileChange::Created),
        ];
        assert_eq!(changes(&workspace.diff("first").unwrap()), expected);
        let restored = workspace.restore("first").unwrap();
        let expected = [
            ("deep/changed", FileChange::Changed),
            ("deep/gone", FileChange::Created),
            ("new/file", FileChange::Deleted),
        ];
        assert_eq!(changes(&restored), expected);
        assert_eq!(workspace.diff("first").unwrap(), []);
        assert!(!at("new").exists());
        assert_eq!(fs::read(at(".git/config")).unwrap(), b"changed by hand");
        // And back.
        workspace.restore(BEFORE_RESTORE).unwrap();
        assert_eq!(fs::read(at("deep/changed")).unwrap(), b"beyond");
        assert!(!at("deep/gone").exists() && at("new/file").exists());
    }

    #[test]
    fn what_a_running_program_has_written_belongs_to_a_checkpoint() {
        let (folder, workspace) = workspace();
        workspace.write(Shelf::Data, "a.json", b"1").unwrap();
        let upper = folder.path().join("upper");
        fs::create_dir(&upper).unwrap();
        fs::write(upper.join("b.txt"), "2").unwrap();
        let upper = fs::File::open(&upper).unwrap().into();
        workspace.checkpoint("both", Some(&upper)).unwrap();
        assert_eq!(changes(&workspace.diff("both").unwrap()), [("b.txt", FileChange::Deleted)]);
    }

    #[test]
    fn names_numbers_and_sizes_are_bounded() {
        let (_folder, workspace) = workspace();
        for name in ["..", "", ".x", "a/b", BEFORE_RESTORE] {
            assert!(matches!(workspace.checkpoint(name, None), Err(WorkspaceError::Name { .. })), "{name:?}");
        }
        for number in 0..MOST {
            workspace.checkpoint(&format!("c{number}"), None).unwrap();
        }
        let full = workspace.checkpoint("more", None).unwrap_err().to_string();
        assert!(full.contains("20 checkpoints"), "{full}");
        workspace.checkpoint("c3", None).unwrap();
        workspace.remove_checkpoint("c4").unwrap();
        workspace.checkpoint("more", None).unwrap();
        let missing = workspace.restore("c4").unwrap_err().to_string();
        assert!(missing.starts_with("there is no checkpoint `c4`; there are c0, c1, "), "{missing}");
        workspace.write(Shelf::Data, "a", b"1").unwrap();
        fs::write(workspace.folder().join("large"), vec![0; 200_000]).unwrap();
        let full = workspace.checkpoint("c3", None).unwrap_err();
        assert!(matches!(full, WorkspaceError::Full { folder, .. } if folder == workspace.folder()));
        let left = fs::read_dir(workspace.place().unwrap()).unwrap().count();
        assert_eq!(left, MOST, "nothing half-made is left");
        let nowhere = Workspace::new(workspace.folder().to_owned(), 1, 1);
        assert!(matches!(nowhere.checkpoints(), Err(WorkspaceError::NoCheckpoints)));
    }
}
