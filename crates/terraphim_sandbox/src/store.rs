//! The folder in which the folders of runs are, as a jail needs it.

use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt, MetadataExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Uid};

use crate::spawn::{JAIL_IDS, jail_id};

/// Deepest folder that is given to a jail.
const MAX_DEPTH: usize = 128;

/// A folder that is there, and that the jail may read.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    owner: Option<u32>,
}

impl Store {
    /// Makes the folder if it is not there. A root host gives it, and all in it
    /// that is root's own, to the id that the jail will have: a folder that the
    /// host made for this, that is empty, or that was given before.
    pub(crate) fn prepare(folder: &Path, is_own: bool) -> io::Result<Self> {
        let is_new = !folder.exists();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let folder = folder.canonicalize()?;
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { folder, owner: None });
        }
        let owner = folder.symlink_metadata()?.uid();
        let was_given = JAIL_IDS.contains(&owner);
        let is_empty = || Ok::<_, io::Error>(fs::read_dir(&folder)?.next().is_none());
        if !was_given && (owner != 0 || !(is_own || is_new || is_empty()?)) {
            return Err(io::Error::other(format!(
                "{} is not for programs alone: as root, name an empty folder, or start this as another user",
                folder.display()
            )));
        }
        let id = if was_given { owner } else { jail_id() };
        let opened = rustix::fs::open(&folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        give(&opened, id, 0)?;
        rustix::fs::fchown(&opened, Some(Uid::from_raw(id)), Some(Gid::from_raw(id)))?;
        Ok(Self { folder, owner: Some(id) })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The id of the jail that the folder belongs to; none where it is the host's own.
    pub(crate) fn owner(&self) -> Option<u32> {
        self.owner
    }
}

/// Gives root's files and folders below this one to an id. Links are given
/// themselves; a file with several names may be somebody's elsewhere, and stays.
fn give(folder: &OwnedFd, id: u32, depth: usize) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let about = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_folder = FileType::from_raw_mode(about.st_mode).is_dir();
        if is_folder {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
            // Another file system is not part of the store.
            match rustix::fs::openat2(folder, name, flags, Mode::empty(), resolve) {
                Ok(inner) => give(&inner, id, depth + 1)?,
                Err(rustix::io::Errno::XDEV) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        let is_ours = about.st_uid == 0 || (JAIL_IDS.contains(&about.st_uid) && about.st_uid != id);
        if is_ours && (is_folder || about.st_nlink == 1) {
            let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
            rustix::fs::chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        }
    }
    Ok(())
}
