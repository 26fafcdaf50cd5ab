//! Why servers could not be moved, or moved back.

use std::{fmt, io, path::PathBuf};

use super::{Client, files::MAX_FILE_BYTES};

/// A failure of planning, applying or undoing; nothing has been changed, except
/// where [`AdoptError::RollbackFailed`] says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AdoptError {
    /// A folder was given that depends on where the process runs.
    #[error("the {what} folder {path:?} is relative; give an absolute path")]
    RelativePlace {
        /// Which folder.
        what: &'static str,
        /// What was given.
        path: PathBuf,
    },
    /// A name that is no client.
    #[error("`{0}` is not a client that is known: use `claude`, `cursor` or `vscode`")]
    UnknownClient(String),
    /// A name that is no scope.
    #[error("`{0}` is not a scope: use `local`, `project` or `user`")]
    UnknownScope(String),
    /// A file could not be read.
    #[error("{path:?} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error("{path:?} cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A folder or a device stands where a file should be.
    #[error("{path:?} is not a regular file; move it out of the way")]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Our folder in a project leads elsewhere, perhaps to where secrets must not go.
    #[error("{path:?} is a symbolic link; replace it by a real file or folder")]
    Link {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file is longer than is read.
    #[error("{path:?} has {bytes} bytes, more than the {MAX_FILE_BYTES} that are read")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// A file is not text.
    #[error("{path:?} is not UTF-8 from byte {offset} on; correct it or move it out of the way")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Where the first wrong byte stands.
        offset: usize,
    },
    /// A file is not JSON, or not of the shape that its owner gives it.
    #[error("{path:?}, line {line}, column {column}: {complaint}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong and what is expected.
        complaint: String,
    },
    /// The edited text did not read back as intended; a defect of ours, caught before writing.
    #[error("the edit of {path:?} did not read back as intended; nothing was written")]
    Unverified {
        /// The file.
        path: PathBuf,
    },
    /// Somebody wrote the file since it was planned.
    #[error("{path:?} changed since the plan was made; run the command again")]
    ChangedSincePlan {
        /// The file.
        path: PathBuf,
    },
    /// Another process is at work, or one died at it.
    #[error("{path:?} is held by process {holder}{}; {}", running(*.alive), advice(*.alive))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// What it says about its holder.
        holder: String,
        /// Whether that process exists, where this can be told.
        alive: Option<bool>,
    },
    /// The backup record is damaged.
    #[error("the backup record {path:?} cannot be understood; restore it or remove it")]
    Record {
        /// The record.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// The backup record was written by a later version.
    #[error(
        "the backup record {path:?} has format {version}, which this version does not read; use the newer terraphim"
    )]
    RecordVersion {
        /// The record.
        path: PathBuf,
        /// Its format.
        version: u32,
    },
    /// The backup record would grow beyond what is read again.
    #[error(
        "the backup record {path:?} would exceed {limit} bytes; undo earlier adoptions of this client first"
    )]
    RecordTooLarge {
        /// The record.
        path: PathBuf,
        /// The most that it may have.
        limit: u64,
    },
    /// There is no record of an adoption.
    #[error("there is nothing to undo for `{client}`: {path:?} does not exist")]
    NothingToUndo {
        /// The client.
        client: Client,
        /// Where its record would be.
        path: PathBuf,
    },
    /// Files no longer are as they were written, so that restoring them would lose something.
    #[error(
        "{} changed since terraphim wrote {}; nothing was restored. Put only the server entries back with \
         `--keep-changes`, or the old files with `--force`{}",
        listed(.files), if .files.len() == 1 { "it" } else { "them" }, details(.files)
    )]
    ChangedSinceApply {
        /// The files, with what restoring them would change.
        files: Vec<ChangedFile>,
    },
    /// A write failed, and then so did taking the earlier ones back.
    #[error(
        "{path:?} could not be put back ({rollback}) after another write failed; free the file and run \
         `adopt --undo`, the backup record is kept"
    )]
    RollbackFailed {
        /// The file that is left as we wrote it.
        path: PathBuf,
        /// Why it could not be put back.
        rollback: Box<AdoptError>,
        /// The failure that made it necessary.
        #[source]
        source: Box<AdoptError>,
    },
}

/// A file that is no longer as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangedFile {
    /// The file.
    pub(crate) path: PathBuf,
    /// Why it cannot simply be restored.
    pub(crate) reason: String,
    /// What restoring it would change, with secrets masked.
    pub(crate) diff: String,
}

fn running(alive: Option<bool>) -> &'static str {
    if alive == Some(false) { ", which no longer runs" } else { "" }
}

fn advice(alive: Option<bool>) -> &'static str {
    if alive == Some(false) {
        "remove that file"
    } else {
        "wait for it, or remove that file if it is not terraphim"
    }
}

fn listed(files: &[ChangedFile]) -> String {
    files.iter().map(|file| format!("{:?}", file.path)).collect::<Vec<_>>().join(", ")
}

fn details(files: &[ChangedFile]) -> String {
    files.iter().fold(String::new(), |text, file| {
        text + &format!("\n\n{:?}: {}\n{}", file.path, file.reason, file.diff)
    })
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
