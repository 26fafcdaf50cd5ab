//! Reading and replacing files: bounded reads, atomic writes that keep the mode,
//! the owner and a symbolic link, and several of them as one transaction.
//! Extended attributes and access control lists are not carried over.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::AdoptError;

/// Longest file of a client that is read, in bytes.
pub(super) const MAX_FILE_BYTES: u64 = 64 << 20;

/// The mode of everything that holds secrets of ours.
pub(super) const PRIVATE: u32 = 0o600;

/// A text file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// Its bytes, which are UTF-8.
    pub(super) text: String,
    /// Its permission bits.
    pub(super) mode: u32,
}

/// Reads a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Content>, AdoptError> {
    read_up_to(path, MAX_FILE_BYTES)
}

/// Reads a file of at most `limit` bytes; `None` where there is none.
pub(super) fn read_up_to(path: &Path, limit: u64) -> Result<Option<Content>, AdoptError> {
    let failed = |source| AdoptError::Read { path: path.to_owned(), source };
    // The kind is looked at before opening, since opening a pipe would wait for its writer.
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    if !metadata.is_file() {
        return Err(AdoptError::NotAFile { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(AdoptError::TooLarge { path: path.to_owned(), bytes: metadata.len().max(limit + 1) });
    }
    let text = String::from_utf8(bytes).map_err(|error| AdoptError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })?;
    Ok(Some(Content { text, mode: metadata.permissions().mode() & 0o7777 }))
}

/// One file to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The file.
    pub(super) path: PathBuf,
    /// What it must hold before, `None` for no file.
    pub(super) before: Option<String>,
    /// What it is to hold, `None` for no file.
    pub(super) after: Option<String>,
    /// The permission bits afterwards; the present ones where absent.
    pub(super) mode: Option<u32>,
}

/// Makes all changes, or none: each file is read again just before it is
/// replaced, and a failure puts the earlier ones back.
pub(super) fn run(steps: &[Step]) -> Result<(), AdoptError> {
    let mut done: Vec<(&Step, Option<u32>)> = Vec::new();
    for step in steps {
        match perform(step) {
            Ok(mode) => done.push((step, mode)),
            Err(source) => return Err(roll_back(&done, source)),
        }
    }
    Ok(())
}

/// Performs one step and gives the mode that the file had.
fn perform(step: &Step) -> Result<Option<u32>, AdoptError> {
    let present = read(&step.path)?;
    if present.as_ref().map(|content| &content.text) != step.before.as_ref() {
        return Err(AdoptError::ChangedSincePlan { path: step.path.clone() });
    }
    let mode = present.map(|content| content.mode);
    match &step.after {
        Some(text) => replace(&step.path, text, step.mode.or(mode).unwrap_or(PRIVATE))?,
        None => remove(&step.path)?,
    }
    Ok(mode)
}

fn roll_back(done: &[(&Step, Option<u32>)], source: AdoptError) -> AdoptError {
    for (step, mode) in done.iter().rev() {
        let reversed = Step {
            path: step.path.clone(),
            before: step.after.clone(),
            after: step.before.clone(),
            mode: *mode,
        };
        if let Err(rollback) = perform(&reversed) {
            let path = step.path.clone();
            return AdoptError::RollbackFailed {
                path,
                rollback: Box::new(rollback),
                source: Box::new(source),
            };
        }
    }
    source
}

/// Replaces a file, or the file that a symbolic link leads to, in one move.
pub(super) fn replace(path: &Path, text: &str, mode: u32) -> Result<(), AdoptError> {
    let failed = |source| AdoptError::Write { path: path.to_owned(), source };
    let target = if path.is_symlink() { fs::canonicalize(path).map_err(failed)? } else { path.to_owned() };
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(failed(io::ErrorKind::InvalidFilename.into()));
    };
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(".terraphim-new");
    let temporary = folder.join(temporary_name);
    let written = create_new(&temporary)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            adopt_owner(&target, &file)?;
            file.set_permissions(Permissions::from_mode(mode))?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, &target));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })?;
    sync_folder(folder);
    Ok(())
}

/// Makes a rename or a removal durable. It has happened already, and some file
/// systems cannot sync a folder, so a failure is none of the caller's.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Opens a file that did not exist; one that a killed process left is removed first.
fn create_new(path: &Path) -> io::Result<File> {
    let open = || OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            open()
        }
        opened => opened,
    }
}

/// Gives a new file the owner of the one that it will replace.
fn adopt_owner(target: &Path, file: &File) -> io::Result<()> {
    let (old, new) = match fs::metadata(target) {
        Ok(old) => (old, file.metadata()?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if (old.uid(), old.gid()) == (new.uid(), new.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()))
}

/// Removes a file durably.
pub(super) fn remove(path: &Path) -> Result<(), AdoptError> {
    fs::remove_file(path).map_err(|source| AdoptError::Write { path: path.to_owned(), source })?;
    if let Some(folder) = path.parent() {
        sync_folder(folder);
    }
    Ok(())
}

/// The folders above `path` that do not exist, the innermost first.
pub(super) fn missing_folders(path: &Path) -> Vec<PathBuf> {
    path.ancestors().skip(1).take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Makes the folder of `path`, and the folders above, for their owner alone.
pub(super) fn create_folder(path: &Path) -> Result<(), AdoptError> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| AdoptError::Write { path: folder.to_owned(), source })
}

/// Removes those of the folders that are empty, the innermost first.
pub(super) fn remove_empty_folders(folders: &[PathBuf]) {
    let mut folders: Vec<&PathBuf> = folders.iter().collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    for folder in folders {
        // One that is in use stays, which is what is wanted.
        let _ = fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(path: &Path, before: Option<&str>, after: Option<&str>) -> Step {
        Step {
            path: path.to_owned(),
            before: before.map(Into::into),
            after: after.map(Into::into),
            mode: None,
        }
    }

    #[test]
    fn a_file_that_cannot_be_put_back_is_named() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let second = folder.path().join("second");
        // The second write takes the first file for its own abandoned one.
        let first = folder.path().join(".second.terraphim-new");
        let steps = [
            step(&first, None, Some("1")),
            step(&second, None, Some("2")),
            step(&folder.path().join("third"), Some("is not there"), Some("3")),
        ];
        match run(&steps).expect_err("the third has changed") {
            AdoptError::RollbackFailed { path, source, .. } => {
                assert_eq!(path, first);
                assert!(matches!(*source, AdoptError::ChangedSincePlan { path } if path.ends_with("third")));
            }
            other => panic!("{other}"),
        }
        assert!(!second.exists(), "what could be put back was");
    }

    #[test]
    fn an_abandoned_temporary_file_is_no_obstacle() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("f");
        fs::write(folder.path().join(".f.terraphim-new"), "half").expect("a file");
        replace(&path, "whole", 0o640).expect("written");
        let content = read(&path).expect("readable").expect("there");
        assert_eq!(content, Content { text: "whole".into(), mode: 0o640 });
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn pipes_and_devices_are_not_read() {
        assert!(matches!(read(Path::new("/dev/zero")), Err(AdoptError::NotAFile { .. })));
        assert!(matches!(read(Path::new("/dev/null/x")), Ok(None)));
    }
}
