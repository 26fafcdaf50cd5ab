//! What was observed of a server's tools, on disk: one file for each server,
//! written as a whole. Two processes take turns by a lock and add to what the
//! other has written.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags},
    io::Errno,
};
use serde::{Deserialize, Serialize};

use super::{failures, shape::Shape};

/// Changes when the files change their shape.
const FORMAT: u32 = 1;

/// Longest file, in bytes, and most files; the oldest go.
const FILE_BYTES: u64 = 4 << 20;
const FILES: usize = 256;

/// How long another process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of one tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownTool {
    /// Digest of the definition that it was observed under.
    pub(super) definition: String,
    #[serde(default)]
    pub(super) shape: Shape,
    #[serde(default)]
    pub(super) observations: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) failures: Vec<String>,
    /// When it was last added to, in seconds of Unix time.
    #[serde(default)]
    pub(super) at: u64,
}

/// Tools by name.
pub(super) type Known = BTreeMap<String, KnownTool>;

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    tools: Known,
}

/// The file of one server.
#[derive(Debug, Clone)]
pub(super) struct KeptFile {
    path: PathBuf,
}

/// Held while files of a folder are written.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl KeptFile {
    /// `identity` is a digest of what the server is.
    pub(super) fn new(folder: &Path, identity: &str) -> Self {
        Self { path: folder.join(format!("{identity}.json")) }
    }

    /// What the file holds; nothing where there is none. One that cannot be
    /// read is set aside with a warning.
    pub(super) fn load(&self) -> Known {
        match self.read() {
            Ok(known) => known,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Known::new(),
            Err(error) => {
                let aside = self.path.with_extension("broken");
                let moved = fs::rename(&self.path, &aside);
                let file = self.path.display();
                let kept = moved.map_or_else(|error| error.to_string(), |()| aside.display().to_string());
                tracing::warn!(%file, %error, set_aside = kept, "observed results cannot be read and are begun anew");
                Known::new()
            }
        }
    }

    fn read(&self) -> io::Result<Known> {
        // A pipe would be waited for without an end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(&self.path, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut text = Vec::new();
        file.take(FILE_BYTES + 1).read_to_end(&mut text)?;
        if text.len() as u64 > FILE_BYTES {
            return Err(io::Error::other("the file is too long"));
        }
        let stored: Stored = serde_json::from_slice(&text)?;
        if stored.format != FORMAT {
            return Err(io::Error::other(format!("format {} instead of {FORMAT}", stored.format)));
        }
        // What stands there need not be what was written.
        let bounded = |(name, tool): (String, KnownTool)| {
            let mut messages = Vec::new();
            for message in tool.failures.iter().take(failures::MOST).rev() {
                failures::add(&mut messages, failures::message(message));
            }
            // A clock that was ahead would keep it from ever being replaced.
            let at = tool.at.min(now());
            (name, KnownTool { shape: tool.shape.bounded(), failures: messages, at, ..tool })
        };
        Ok(stored.tools.into_iter().map(bounded).collect())
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Takes the lock of the folder, which is made if it is not there.
    ///
    /// # Errors
    /// Where another process does not give it back in time.
    pub(super) fn lock(&self) -> io::Result<Lock> {
        fs::create_dir_all(self.folder())?;
        Ok(Lock { _file: lock(&self.folder().join("lock"))? })
    }

    /// Adds to the file, and gives what it then holds. `added` counts only what
    /// was observed since the last time. The lock is that of its folder.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(super) fn add(&self, added: Known, _lock: &Lock) -> io::Result<Known> {
        let folder = self.folder();
        let mut known = self.load();
        for (name, tool) in added {
            merge(&mut known, name, tool);
        }
        let mut text = self.text(&known)?;
        while text.len() as u64 > FILE_BYTES {
            forget_oldest(&mut known);
            text = self.text(&known)?;
        }
        // Temporary files are made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&text)?;
        file.persist(&self.path).map_err(|error| error.error)?;
        forget_old_files(folder);
        Ok(known)
    }

    fn text(&self, known: &Known) -> io::Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Stored<'k> {
            format: u32,
            tools: &'k Known,
        }
        Ok(serde_json::to_vec(&Stored { format: FORMAT, tools: known })?)
    }
}

/// Adds what was observed of one tool. Of two definitions that which was
/// observed last counts.
fn merge(known: &mut Known, name: String, added: KnownTool) {
    let entry = known.entry(name).or_default();
    if entry.definition != added.definition {
        if entry.definition.is_empty() || added.at >= entry.at {
            *entry = added;
        }
        return;
    }
    entry.shape.join(&added.shape);
    entry.shape = std::mem::take(&mut entry.shape).bounded();
    entry.observations = entry.observations.saturating_add(added.observations);
    for message in added.failures.into_iter().rev() {
        failures::add(&mut entry.failures, message);
    }
    entry.at = entry.at.max(added.at);
}

/// Drops the quarter that was not added to for the longest time.
fn forget_oldest(known: &mut Known) {
    let mut times: Vec<u64> = known.values().map(|tool| tool.at).collect();
    times.sort_unstable();
    let least = times.get(times.len() / 4).copied().unwrap_or_default();
    let before = known.len();
    known.retain(|_, tool| tool.at > least);
    if known.len() == before {
        known.clear();
    }
}

#[expect(clippy::disallowed_methods, reason = "a lock that another process holds has no deadline of its own")]
fn lock(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    let until = Instant::now() + PATIENCE;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < until => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds its lock"));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes the files that were not written for the longest time, where there are too many.
fn forget_old_files(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    files.sort_unstable();
    let surplus = files.len().saturating_sub(FILES);
    for (_, path) in files.into_iter().take(surplus) {
        // One that another process has removed is gone as well.
        let _ = fs::remove_file(&path);
    }
}

/// Seconds of Unix time.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
