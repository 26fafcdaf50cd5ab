//! Where a role's index lives, and what happens when it cannot be used.
//!
//! On disk a role has a folder named by a hash of what it indexes, and beside
//! it a lock file. Reading needs no lock; whoever writes holds it. If another
//! process holds it, or the folder cannot be written, the index is made in
//! memory; a folder that is broken is made anew. Each of these is a warning.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::Serialize;
use sha2::{Digest, Sha256};
use tantivy::{
    TantivyError,
    directory::{MmapDirectory, RamDirectory},
};

use crate::{
    config::Role,
    index::{NoteIndex, Observer, Sources},
    knowledge::hex,
};

/// Changes with the layout of the index or with how notes are read, so that older indexes are not used.
const FORMAT_VERSION: &str = "2";

/// Up to this size an index's files are checked against their sums when it is opened, in bytes.
const MAX_CHECKED_BYTES: u64 = 32 << 20;

/// How long another process that writes the index is waited for, and how often it is asked for.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Where an index is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// In a folder that outlives the process.
    Disk,
    /// In this process.
    Memory,
}

/// Whether what is on disk may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It is used unless it shows to be broken.
    Existing,
    /// It broke while it was used, and is made anew.
    Nothing,
}

/// Why the folder on disk is not used.
#[derive(Debug, thiserror::Error)]
enum DiskError {
    #[error("another process is writing it")]
    Locked,
    #[error("its folder cannot be used: {0}")]
    Folder(#[from] io::Error),
    #[error("it failed: {0}")]
    Index(#[from] TantivyError),
}

/// The index that is on disk as it is; none if there is none that can be used.
pub(crate) fn on_disk(role: &Role, index_dir: Option<&Path>) -> Option<NoteIndex> {
    let folder = index_dir?.join(folder_name(role).ok()?);
    existing(&folder).ok().flatten()
}

/// Brings a role's index up to date. `open` is the index of the same role that
/// is open, where there is one.
pub(crate) fn update(
    role: &Role,
    index_dir: Option<&Path>,
    mut open: Option<NoteIndex>,
    sources: Sources<'_>,
    trust: Trust,
    observer: &mut dyn Observer,
) -> Result<NoteIndex, TantivyError> {
    if let Some(index_dir) = index_dir {
        let on_disk = open.take_if(|index| index.storage == Storage::Disk);
        match update_on_disk(role, index_dir, on_disk, sources, trust, observer) {
            Ok(index) => return Ok(index),
            Err(error) => {
                let role = role.name.as_str();
                tracing::warn!(role, %error, "the index on disk is not used, the notes are indexed in memory");
            }
        }
    }
    let mut index = match open {
        Some(index) => index,
        None => NoteIndex::create(Box::new(RamDirectory::create()), Storage::Memory)?,
    };
    index.update(sources, observer)?;
    Ok(index)
}

fn update_on_disk(
    role: &Role,
    index_dir: &Path,
    open: Option<NoteIndex>,
    sources: Sources<'_>,
    trust: Trust,
    observer: &mut dyn Observer,
) -> Result<NoteIndex, DiskError> {
    let name = folder_name(role)?;
    let folder = index_dir.join(&name);
    let ours = |index: &NoteIndex| index.is_ours().unwrap_or(false);
    let mut open = open.filter(|index| folder.exists() && ours(index));
    if trust == Trust::Existing {
        open = open.or_else(|| existing(&folder).ok().flatten());
        if let Some(current) = open.take_if(|index| index.is_current(sources)) {
            return Ok(current);
        }
    }
    create_private(index_dir)?;
    let _lock = lock(&index_dir.join(format!("{name}.lock")))?;
    // Another process may have brought it up to date since.
    let opened = match (trust, open.filter(ours)) {
        (Trust::Nothing, _) => Err(TantivyError::SystemError("it broke while it was used".to_owned())),
        (Trust::Existing, Some(open)) => Ok(Some(open)),
        (Trust::Existing, None) => existing(&folder),
    };
    let updated = opened.and_then(|existing| {
        let mut index = match existing {
            Some(index) => index,
            None => create(&folder)?,
        };
        index.update(sources, observer)?;
        Ok(index)
    });
    updated.or_else(|error| {
        tracing::warn!(role = role.name, folder = %folder.display(), %error, "the index on disk is broken and made anew");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut index = create(&folder)?;
        index.update(sources, observer)?;
        Ok(index)
    })
}

/// The index in a folder, if there is one.
fn existing(folder: &Path) -> Result<Option<NoteIndex>, TantivyError> {
    if !folder.join("meta.json").exists() {
        return Ok(None);
    }
    let index = NoteIndex::open(Box::new(MmapDirectory::open(folder)?), Storage::Disk)?;
    if size(folder)? <= MAX_CHECKED_BYTES && !index.is_sound()? {
        return Err(TantivyError::SystemError("a file of it is not what was written".to_owned()));
    }
    Ok(Some(index))
}

fn create(folder: &Path) -> Result<NoteIndex, TantivyError> {
    create_private(folder)?;
    NoteIndex::create(Box::new(MmapDirectory::open(folder)?), Storage::Disk)
}

fn size(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        // A file that is gone was one that the index no longer needs.
        sum += entry?.metadata().map_or(0, |metadata| metadata.len());
    }
    Ok(sum)
}

/// Makes a folder that only its owner can look into: an index holds the notes' texts.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Takes the lock, which ends with the file. Another process is given the time of a small change.
#[expect(clippy::disallowed_methods, reason = "nothing tells when another process lets go of a lock")]
fn lock(path: &Path) -> Result<File, DiskError> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(DiskError::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

/// A hash of everything that decides what the index holds, the notes' texts aside.
fn folder_name(role: &Role) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    part(FORMAT_VERSION.as_bytes());
    part(role.short_name.as_bytes());
    if let Some(path) = &role.knowledge_graph {
        part(canonical(path)?.as_os_str().as_encoded_bytes());
    }
    for haystack in &role.haystacks {
        part(b"haystack");
        part(canonical(&haystack.path)?.as_os_str().as_encoded_bytes());
        for globs in [&haystack.include, &haystack.exclude] {
            part(b"globs");
            globs.iter().for_each(|glob| part(glob.as_bytes()));
        }
    }
    Ok(format!("{}-{}", role.short_name, hex(&hash.finalize(), 8)))
}

fn canonical(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}
