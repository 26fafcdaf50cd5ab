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
};

use sha2::{Digest, Sha256};
use tantivy::{
    TantivyError,
    directory::{MmapDirectory, RamDirectory},
};

use crate::{
    config::Role,
    index::{NoteIndex, Sources},
    knowledge::hex,
};

/// Changes with the layout of the index or with how notes are read, so that older indexes are not used.
const FORMAT_VERSION: &str = "1";

/// Up to this size an index's files are checked against their sums when it is opened, in bytes.
const MAX_CHECKED_BYTES: u64 = 32 << 20;

/// Where an index is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Opens a role's index and brings it up to date. `previous` is the index in
/// memory of the same role, where there is one.
pub(crate) fn open(
    role: &Role,
    index_dir: Option<&Path>,
    previous: Option<&NoteIndex>,
    sources: Sources<'_>,
    trust: Trust,
) -> Result<(NoteIndex, Storage), TantivyError> {
    if let Some(index_dir) = index_dir {
        match on_disk(role, index_dir, sources, trust) {
            Ok(index) => return Ok((index, Storage::Disk)),
            Err(error) => {
                let role = role.name.as_str();
                tracing::warn!(role, %error, "the index on disk is not used, the notes are indexed in memory");
            }
        }
    }
    let mut index = match previous {
        Some(previous) => previous.clone(),
        None => NoteIndex::create(Box::new(RamDirectory::create()))?,
    };
    index.update(sources)?;
    Ok((index, Storage::Memory))
}

fn on_disk(
    role: &Role,
    index_dir: &Path,
    sources: Sources<'_>,
    trust: Trust,
) -> Result<NoteIndex, DiskError> {
    let name = folder_name(role)?;
    let folder = index_dir.join(&name);
    if trust == Trust::Existing
        && let Ok(Some(index)) = existing(&folder)
        && index.is_current(sources)
    {
        return Ok(index);
    }
    create_private(index_dir)?;
    let _lock = lock(&index_dir.join(format!("{name}.lock")))?;
    // Another process may have brought it up to date since.
    let opened = match trust {
        Trust::Existing => existing(&folder),
        Trust::Nothing => Err(TantivyError::SystemError("it broke while it was used".to_owned())),
    };
    let updated = opened.and_then(|existing| {
        let mut index = match existing {
            Some(index) => index,
            None => create(&folder)?,
        };
        index.update(sources)?;
        Ok(index)
    });
    updated.or_else(|error| {
        tracing::warn!(role = role.name, folder = %folder.display(), %error, "the index on disk is broken and made anew");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut index = create(&folder)?;
        index.update(sources)?;
        Ok(index)
    })
}

/// The index in a folder, if there is one.
fn existing(folder: &Path) -> Result<Option<NoteIndex>, TantivyError> {
    if !folder.join("meta.json").exists() {
        return Ok(None);
    }
    let index = NoteIndex::open(Box::new(MmapDirectory::open(folder)?))?;
    if size(folder)? <= MAX_CHECKED_BYTES && !index.is_sound()? {
        return Err(TantivyError::SystemError("a file of it is not what was written".to_owned()));
    }
    Ok(Some(index))
}

fn create(folder: &Path) -> Result<NoteIndex, TantivyError> {
    create_private(folder)?;
    NoteIndex::create(Box::new(MmapDirectory::open(folder)?))
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

/// Takes the lock, which ends with the file.
fn lock(path: &Path) -> Result<File, DiskError> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DiskError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
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
