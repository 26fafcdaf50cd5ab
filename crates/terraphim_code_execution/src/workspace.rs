//! The folder that outlives a run: data that programs keep, results that were
//! too long for the model, images and files that tools gave.
//!
//! Every path below the folder is opened by `openat2` with BENEATH and
//! NO_SYMLINKS, so nothing that was left in the folder leads out of it.

mod checkpoints;
mod merge;

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

pub use checkpoints::{BEFORE_RESTORE, Checkpoint};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};

/// Longest name of a file, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// Held from the look at the quota to the end of the write: two writers that
/// looked at the same moment would both fit.
static WRITING: Mutex<()> = Mutex::new(());

/// Files begun by this process.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// What went wrong with a workspace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// The name cannot be a file's.
    #[error(
        "`{name}` cannot be a name: use letters, digits, `.`, `_`, `-`, at most 120 bytes, no leading dot"
    )]
    Name {
        /// The name given.
        name: String,
    },
    /// Nothing is kept under that name.
    #[error("nothing is kept under `{name}`{}", there_are(.known))]
    Missing {
        /// The name asked for.
        name: String,
        /// Names that exist.
        known: Vec<String>,
    },
    /// There is no checkpoint of that name.
    #[error("there is no checkpoint `{name}`{}", there_are(.known))]
    NoCheckpoint {
        /// The name asked for.
        name: String,
        /// Names that exist.
        known: Vec<String>,
    },
    /// Nobody has said where checkpoints are to be.
    #[error("this workspace has no place for checkpoints: set HOME or XDG_DATA_HOME")]
    NoCheckpoints,
    /// The quota would be exceeded.
    #[error("the workspace would hold more than {limit}: remove something from {}", folder.display())]
    Full {
        /// The limit, with its unit.
        limit: String,
        /// The workspace.
        folder: PathBuf,
    },
    /// The file system refused.
    #[error("failed to {action} in the workspace {}", folder.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The workspace.
        folder: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

fn turn() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn there_are(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}

/// The two kinds of files that a run may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// Values that programs saved.
    Data,
    /// Long results and media.
    Results,
}

impl Shelf {
    fn folder(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Results => "results",
        }
    }
}

/// One workspace; made on the first write.
#[derive(Debug, Clone)]
pub struct Workspace {
    folder: PathBuf,
    max_bytes: u64,
    max_files: u64,
    /// Where its checkpoints are.
    checkpoints: Option<checkpoints::Place>,
}

impl Workspace {
    /// The workspace in `folder`, within a quota of bytes and files.
    pub fn new(folder: PathBuf, max_bytes: u64, max_files: u64) -> Self {
        Self { folder, max_bytes, max_files, checkpoints: None }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> WorkspaceError {
        let folder = self.folder.clone();
        move |source| WorkspaceError::Io { action, folder, source }
    }

    /// Writes a file whole or not at all; gives its path relative to the workspace.
    pub(crate) fn write(&self, shelf: Shelf, name: &str, bytes: &[u8]) -> Result<String, WorkspaceError> {
        let _turn = turn();
        check_name(name)?;
        self.check_quota(bytes.len() as u64, 1)?;
        let folder = self.make_folder(shelf)?;
        self.write_in(&folder, shelf, name, bytes)
    }

    /// Writes new files, all or none; gives their paths relative to the workspace.
    pub(crate) fn write_all(
        &self,
        shelf: Shelf,
        files: &[(String, Vec<u8>)],
    ) -> Result<Vec<String>, WorkspaceError> {
        let _turn = turn();
        files.iter().try_for_each(|(name, _)| check_name(name))?;
        self.check_quota(files.iter().map(|(_, bytes)| bytes.len() as u64).sum(), files.len() as u64)?;
        let folder = self.make_folder(shelf)?;
        let mut paths = Vec::new();
        for (name, bytes) in files {
            match self.write_in(&folder, shelf, name, bytes) {
                Ok(path) => paths.push(path),
                Err(error) => {
                    for (name, _) in files.iter().take(paths.len()) {
                        // The write's own error is what counts.
                        let _ = rustix::fs::unlinkat(&folder, name.as_str(), AtFlags::empty());
                    }
                    return Err(error);
                }
            }
        }
        Ok(paths)
    }

    fn make_folder(&self, shelf: Shelf) -> Result<OwnedFd, WorkspaceError> {
        std::fs::create_dir_all(&self.folder).map_err(self.failed("make a folder"))?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let above = rustix::fs::open(&self.folder, flags, Mode::empty());
        let above = above.map_err(io::Error::from).map_err(self.failed("open"))?;
        match rustix::fs::mkdirat(&above, shelf.folder(), Mode::from(0o755)) {
            Ok(()) => {
                let made = self.open_folder(shelf)?;
                merge::own(&above, &made).map_err(self.failed("make a folder"))?;
                Ok(made)
            }
            Err(rustix::io::Errno::EXIST) => self.open_folder(shelf),
            Err(error) => Err(self.failed("make a folder")(error.into())),
        }
    }

    fn write_in(
        &self,
        folder: &OwnedFd,
        shelf: Shelf,
        name: &str,
        bytes: &[u8],
    ) -> Result<String, WorkspaceError> {
        // No two writers share it, in this process or another.
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        let temporary = format!(".{}-{number}.new", std::process::id());
        let written = write_new(folder, &temporary, bytes)
            .and_then(|()| Ok(rustix::fs::renameat(folder, temporary.as_str(), folder, name)?));
        if let Err(error) = written {
            // The half-written file is of no use; the write's own error is what counts.
            let _ = rustix::fs::unlinkat(folder, temporary.as_str(), AtFlags::empty());
            return Err(self.failed("write")(error));
        }
        Ok(format!("{}/{name}", shelf.folder()))
    }

    /// Reads a saved file of at most `limit` bytes.
    pub(crate) fn read(&self, shelf: Shelf, name: &str, limit: u64) -> Result<Vec<u8>, WorkspaceError> {
        check_name(name)?;
        let missing = || {
            let plain = |name: &str| name.strip_suffix(".json").unwrap_or(name).to_owned();
            let known =
                self.names(shelf).unwrap_or_default().iter().take(10).map(|name| plain(name)).collect();
            WorkspaceError::Missing { name: plain(name), known }
        };
        if !self.folder.join(shelf.folder()).exists() {
            return Err(missing());
        }
        let folder = self.open_folder(shelf)?;
        let opened = open_beneath(&folder, name, OFlags::RDONLY | OFlags::NONBLOCK);
        let file = match opened {
            Err(rustix::io::Errno::NOENT) => return Err(missing()),
            other => other.map_err(io::Error::from).map_err(self.failed("open"))?,
        };
        let stat = rustix::fs::fstat(&file).map_err(io::Error::from).map_err(self.failed("read"))?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(self.failed("read")(io::Error::other("it is not a regular file")));
        }
        let mut bytes = Vec::new();
        File::from(file).take(limit + 1).read_to_end(&mut bytes).map_err(self.failed("read"))?;
        if bytes.len() as u64 > limit {
            return Err(self.failed("read")(io::Error::other(format!("it has more than {limit} bytes"))));
        }
        Ok(bytes)
    }

    /// The names on a shelf, sorted, at most as many as the quota allows.
    pub(crate) fn names(&self, shelf: Shelf) -> Result<Vec<String>, WorkspaceError> {
        let limit = usize::try_from(self.max_files).unwrap_or(usize::MAX);
        let mut names: Vec<_> = self
            .entries(shelf)?
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with('.'))
            .take(limit)
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// What lies on a shelf: names and lengths in bytes; nothing where the shelf was never used.
    fn entries(&self, shelf: Shelf) -> Result<impl Iterator<Item = (String, u64)>, WorkspaceError> {
        let folder = match self.folder.join(shelf.folder()).symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            _ => Some(self.open_folder(shelf)?),
        };
        let list = folder.map(|folder| {
            let list = rustix::fs::Dir::read_from(&folder);
            list.map(|list| (folder, list)).map_err(io::Error::from).map_err(self.failed("list"))
        });
        let entries = list.transpose()?.into_iter().flat_map(|(folder, list)| {
            list.filter_map(move |entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().to_str().ok().filter(|name| !matches!(*name, "." | ".."))?;
                let stat = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                Some((name.to_owned(), u64::try_from(stat.st_size).unwrap_or(0)))
            })
        });
        Ok(entries)
    }

    fn open_folder(&self, shelf: Shelf) -> Result<OwnedFd, WorkspaceError> {
        let flags = OFlags::DIRECTORY | OFlags::PATH | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&self.folder, flags, Mode::empty())
            .and_then(|folder| open_beneath(&folder, shelf.folder(), OFlags::DIRECTORY | OFlags::RDONLY));
        folder.map_err(io::Error::from).map_err(self.failed("open"))
    }

    /// Whether so many more bytes and files fit.
    fn check_quota(&self, bytes: u64, files: u64) -> Result<(), WorkspaceError> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let used = match rustix::fs::open(&self.folder, flags, Mode::empty()) {
            Ok(folder) => merge::usage(&folder, 0).map_err(self.failed("count"))?,
            Err(rustix::io::Errno::NOENT) => (0, 0),
            Err(error) => return Err(self.failed("open")(error.into())),
        };
        self.check(used.0.saturating_add(bytes), used.1.saturating_add(files))
    }

    /// Whether so many bytes and files are within the quota.
    fn check(&self, bytes: u64, files: u64) -> Result<(), WorkspaceError> {
        let full = |limit: String| Err(WorkspaceError::Full { limit, folder: self.folder.clone() });
        if files > self.max_files {
            return full(format!("{} files", self.max_files));
        }
        if bytes > self.max_bytes {
            return full(format!("{} MiB", self.max_bytes >> 20));
        }
        Ok(())
    }
}

fn open_beneath(folder: &OwnedFd, name: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    rustix::fs::openat2(folder, name, flags | OFlags::CLOEXEC, Mode::empty(), resolve)
}

fn write_new(folder: &OwnedFd, name: &str, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?;
    merge::own(folder, &file)?;
    File::from(file).write_all(bytes)
}

fn check_name(name: &str) -> Result<(), WorkspaceError> {
    let usable = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let fine = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !name.starts_with('.')
        && name.chars().all(usable);
    let shown = name.strip_suffix(".json").unwrap_or(name).chars().take(200).collect();
    if fine { Ok(()) } else { Err(WorkspaceError::Name { name: shown }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(max_bytes: u64, max_files: u64) -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::new(folder.path().join("w"), max_bytes, max_files);
        (folder, workspace)
    }

    #[test]
    fn what_is_written_is_read() {
        let (_folder, workspace) = workspace(1000, 10);
        assert_eq!(workspace.write(Shelf::Data, "a.json", b"[1]").unwrap(), "data/a.json");
        assert_eq!(workspace.write(Shelf::Data, "a.json", b"[2]").unwrap(), "data/a.json");
        assert_eq!(workspace.read(Shelf::Data, "a.json", 100).unwrap(), b"[2]");
        assert_eq!(workspace.names(Shelf::Data).unwrap(), ["a.json"]);
        let missing = workspace.read(Shelf::Data, "b.json", 100).unwrap_err().to_string();
        assert_eq!(missing, "nothing is kept under `b`; there are a");
    }

    #[test]
    fn no_name_and_no_link_leads_out() {
        let (folder, workspace) = workspace(1000, 10);
        for name in ["..", "../x", "a/b", "", ".hidden", "a\nb", "/etc/passwd", &"x".repeat(129)] {
            assert!(
                matches!(workspace.write(Shelf::Data, name, b"x"), Err(WorkspaceError::Name { .. })),
                "{name:?}"
            );
            assert!(
                matches!(workspace.read(Shelf::Data, name, 9), Err(WorkspaceError::Name { .. })),
                "{name:?}"
            );
        }
        workspace.write(Shelf::Data, "a.json", b"x").unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "s").unwrap();
        std::os::unix::fs::symlink(&secret, workspace.folder().join("data/link.json")).unwrap();
        assert!(workspace.read(Shelf::Data, "link.json", 9).is_err());
        workspace.write(Shelf::Data, "link.json", b"mine").unwrap();
        assert_eq!(std::fs::read(&secret).unwrap(), b"s", "the link is replaced, not followed");
    }

    #[test]
    fn the_quota_holds_for_writers_at_once_and_for_many_files() {
        let (_folder, workspace) = workspace(1000, 10);
        std::thread::scope(|scope| {
            for writer in 0..64 {
                let workspace = &workspace;
                scope.spawn(move || workspace.write(Shelf::Data, &format!("{writer}"), b"x"));
            }
        });
        assert_eq!(workspace.names(Shelf::Data).unwrap().len(), 10);
        let more = |count: usize| (0..count).map(|n| (format!("m{n}"), vec![0; 100])).collect::<Vec<_>>();
        assert!(matches!(workspace.write_all(Shelf::Results, &more(1)), Err(WorkspaceError::Full { .. })));
        for writer in 0..64 {
            // Not all of them came in time.
            let _ = std::fs::remove_file(workspace.folder().join(format!("data/{writer}")));
        }
        assert!(matches!(workspace.write_all(Shelf::Results, &more(11)), Err(WorkspaceError::Full { .. })));
        assert_eq!(workspace.names(Shelf::Results).unwrap(), [""; 0]);
        assert_eq!(workspace.write_all(Shelf::Results, &more(2)).unwrap(), ["results/m0", "results/m1"]);
    }

    #[test]
    fn of_several_files_all_are_written_or_none() {
        let (_folder, workspace) = workspace(1 << 20, 10);
        workspace.write(Shelf::Results, "a", b"1").unwrap();
        std::fs::create_dir(workspace.folder().join("results/c")).unwrap();
        let in_the_way = [("b".to_owned(), vec![1]), ("c".to_owned(), vec![1])];
        assert!(matches!(
            workspace.write_all(Shelf::Results, &in_the_way),
            Err(WorkspaceError::Io { action: "write", .. })
        ));
        assert_eq!(workspace.names(Shelf::Results).unwrap(), ["a", "c"]);
    }

    #[test]
    fn the_quota_holds() {
        let (_folder, workspace) = workspace(10, 2);
        workspace.write(Shelf::Data, "a", b"12345").unwrap();
        assert!(matches!(workspace.write(Shelf::Data, "b", b"123456"), Err(WorkspaceError::Full { .. })));
        workspace.write(Shelf::Results, "b", b"1").unwrap();
        assert!(matches!(workspace.write(Shelf::Data, "c", b"1"), Err(WorkspaceError::Full { .. })));
    }
}
