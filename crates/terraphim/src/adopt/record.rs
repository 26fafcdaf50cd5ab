//! The backup record of a client: every adoption that was applied, with the old
//! text of each file, until it is undone; and the lock that lets one process work.
//!
//! Each adoption is a layer on those before it, so that one in another project, or
//! of servers added since, keeps what the earlier ones recorded.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    AdoptError, Client,
    files::{self, PRIVATE},
};

const VERSION: u32 = 1;

/// Longest record, in bytes.
const MAX_RECORD_BYTES: u64 = 256 << 20;

/// Everything that was adopted from one client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    version: u32,
    pub(super) client: Client,
    /// The earliest first.
    pub(super) layers: Vec<Layer>,
}

/// One adoption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Layer {
    /// In the order of writing.
    pub(super) files: Vec<RecordedFile>,
    /// Folders that did not exist before.
    pub(super) created_folders: Vec<PathBuf>,
}

/// One file of an adoption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedFile {
    pub(super) path: PathBuf,
    /// Its text before, byte for byte; absent where there was no file.
    pub(super) original: Option<String>,
    /// Its permission bits before.
    pub(super) mode: Option<u32>,
    /// What we wrote.
    pub(super) written_sha256: String,
    pub(super) changes: Vec<Change>,
    /// Whether the file is terraphim's rather than the client's.
    pub(super) ours: bool,
}

/// What changed in one object of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Change {
    /// The keys that lead to the object.
    pub(super) at: Vec<String>,
    pub(super) removed: Map<String, Value>,
    pub(super) added: Map<String, Value>,
}

impl Record {
    /// Where the record of a client is.
    pub(super) fn path(records: &Path, client: Client) -> PathBuf {
        records.join(format!("{}.json", client.name()))
    }

    /// Reads the record of a client, where there is one.
    pub(super) fn load(records: &Path, client: Client) -> Result<Option<Self>, AdoptError> {
        /// Read first, since a later format may differ in everything else.
        #[derive(Deserialize)]
        struct Format {
            version: u32,
        }
        let path = Self::path(records, client);
        let Some(content) = files::read_up_to(&path, MAX_RECORD_BYTES)? else { return Ok(None) };
        let broken = |source| AdoptError::Record { path: path.clone(), source };
        let Format { version } = serde_json::from_str(&content.text).map_err(broken)?;
        if version != VERSION {
            return Err(AdoptError::RecordVersion { path, version });
        }
        serde_json::from_str(&content.text).map(Some).map_err(broken)
    }

    /// A record without adoptions.
    pub(super) fn new(client: Client) -> Self {
        Self { version: VERSION, client, layers: Vec::new() }
    }

    /// Writes the record, or removes it where nothing is left in it.
    pub(super) fn save(&self, records: &Path) -> Result<(), AdoptError> {
        let path = Self::path(records, self.client);
        if self.layers.is_empty() {
            return if path.exists() { files::remove(&path) } else { Ok(()) };
        }
        let text = serde_json::to_string(self)
            .map_err(|source| AdoptError::Record { path: path.clone(), source })?;
        if text.len() as u64 > MAX_RECORD_BYTES {
            return Err(AdoptError::RecordTooLarge { path, limit: MAX_RECORD_BYTES });
        }
        files::replace(&path, &text, PRIVATE)
    }
}

/// The SHA-256 of a text in hexadecimal digits.
pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// The right to change files; given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
}

impl Lock {
    /// Takes the lock in an existing folder, without waiting.
    pub(super) fn take(records: &Path) -> Result<Self, AdoptError> {
        let path = records.join("lock");
        let opened = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&path);
        match opened {
            Ok(mut file) => {
                let lock = Self { path: path.clone() };
                write!(file, "{}", std::process::id())
                    .map_err(|source| AdoptError::Write { path, source })?;
                Ok(lock)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(held(path)),
            Err(source) => Err(AdoptError::Write { path, source }),
        }
    }
}

/// The error for a lock that somebody holds.
fn held(path: PathBuf) -> AdoptError {
    let mut holder = String::new();
    let read = fs::File::open(&path).and_then(|file| file.take(32).read_to_string(&mut holder));
    let id = read.ok().and_then(|_| holder.trim().parse::<u32>().ok());
    let processes = Path::new("/proc/self");
    let alive = id.filter(|_| processes.exists()).map(|id| Path::new("/proc").join(id.to_string()).exists());
    let holder = id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    AdoptError::Locked { path, holder, alive }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock that cannot be removed is reported to whoever comes next.
        let _ = fs::remove_file(&self.path);
    }
}
