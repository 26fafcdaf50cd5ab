//! Walks haystacks and reads notes. Whatever lies there may be hostile: links
//! are not followed, only regular files are opened, and sizes are bounded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use ignore::{
    WalkBuilder,
    gitignore::{Gitignore, GitignoreBuilder},
};
use serde::{Deserialize, Serialize};

use crate::config::Haystack;

/// Largest file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: u64 = 10 << 20;

/// Most files of one role.
const MAX_FILES: usize = 200_000;

/// Deepest folder below a haystack.
const MAX_DEPTH: usize = 64;

const DEFAULT_INCLUDE: [&str; 3] = ["*.md", "*.markdown", "*.txt"];

/// A file that was left out of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its path, relative to its haystack where it has one.
    pub path: String,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// Why a file was left out of the index.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The system does not let it be read.
    #[error("it cannot be read")]
    Unreadable,
    /// Its text is not UTF-8.
    #[error("its text is not UTF-8")]
    InvalidText,
    /// Its name is not UTF-8.
    #[error("its name is not UTF-8")]
    InvalidName,
    /// It is larger than 10 MiB, or 64 MiB for a thesaurus.
    #[error("it is too large: a note may have 10 MiB, a thesaurus 64 MiB")]
    TooLarge,
    /// It is a symbolic link.
    #[error("it is a symbolic link: make its target a haystack of its own")]
    SymbolicLink,
    /// The role has more than 200,000 files.
    #[error("the role has more than {MAX_FILES} files: divide it")]
    TooMany,
}

/// How a file looked when it was listed; a file that looks the same is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Time of the last change, in nanoseconds since 1970.
    modified_ns: i64,
    /// Length in bytes.
    size: u64,
}

impl Stamp {
    /// The length of the file.
    pub(crate) fn bytes(self) -> u64 {
        self.size
    }

    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        let modified_ns = match modified.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
        };
        Self { modified_ns, size: metadata.len() }
    }
}

/// One file that may be a note.
#[derive(Debug, Clone)]
pub(crate) struct NoteFile {
    pub(crate) absolute: PathBuf,
    pub(crate) stamp: Stamp,
}

/// What is in a role's haystacks now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// By the path that users see: relative to the haystack, `/` between parts,
    /// and with the haystack's own name in front where a role has several.
    pub(crate) files: BTreeMap<String, NoteFile>,
    pub(crate) skipped: Vec<Skipped>,
    /// The folders that were looked into.
    pub(crate) folders: BTreeSet<PathBuf>,
}

/// A haystack that cannot be read at all.
#[derive(Debug)]
pub(crate) struct UnreadableHaystack {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

/// Lists the files of all haystacks.
pub(crate) fn list(haystacks: &[Haystack]) -> Result<Listing, UnreadableHaystack> {
    let mut listing = Listing::default();
    let prefixes = prefixes(haystacks);
    for (haystack, prefix) in haystacks.iter().zip(&prefixes) {
        list_one(haystack, prefix, &mut listing)
            .map_err(|source| UnreadableHaystack { path: haystack.path.clone(), source })?;
    }
    Ok(listing)
}

/// The names that tell several haystacks apart; nothing for a single one.
fn prefixes(haystacks: &[Haystack]) -> Vec<String> {
    if haystacks.len() == 1 {
        return vec![String::new()];
    }
    let mut taken: Vec<String> = Vec::new();
    for haystack in haystacks {
        let name = haystack.path.file_name().map_or("notes".into(), |name| name.to_string_lossy());
        let names = (1..).map(|n| if n == 1 { format!("{name}/") } else { format!("{name}-{n}/") });
        let free = names.into_iter().find(|name| !taken.contains(name));
        taken.push(free.unwrap_or_default());
    }
    taken
}

fn list_one(haystack: &Haystack, prefix: &str, listing: &mut Listing) -> io::Result<()> {
    let root = fs::canonicalize(&haystack.path)?;
    let folder = if root.is_dir() { Some(root.as_path()) } else { root.parent() };
    listing.folders.extend(folder.map(Path::to_owned));
    // The walk reports a folder that it may not list as one error among others.
    if root.is_dir() {
        fs::read_dir(&root)?;
    }
    let include = if haystack.include.is_empty() {
        globs(&root, DEFAULT_INCLUDE)
    } else {
        globs(&root, haystack.include.iter().map(String::as_str))
    };
    let exclude = globs(&root, haystack.exclude.iter().map(String::as_str));
    let walk = WalkBuilder::new(&root)
        .max_depth(Some(MAX_DEPTH))
        .follow_links(false)
        // Naming a folder says that its notes are wanted, whatever stands above it.
        .parents(false)
        .require_git(false)
        .git_global(false)
        .filter_entry(move |entry| {
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0 || !exclude.matched(entry.path(), folder).is_ignore()
        })
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error_path(&error).map_or(String::new(), |path| shown(prefix, &root, path));
                listing.skipped.push(Skipped { path, reason: SkipReason::Unreadable });
                continue;
            }
        };
        let wanted =
            entry.depth() == 0 || include.matched_path_or_any_parents(entry.path(), false).is_ignore();
        let Some(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            listing.folders.insert(entry.into_path());
            continue;
        }
        if wanted && (kind.is_file() || kind.is_symlink()) {
            let path = shown(prefix, &root, entry.path());
            if let Err(reason) = add(&path, &entry, listing) {
                listing.skipped.push(Skipped { path, reason });
            }
        } else if kind.is_symlink() && entry.path().is_dir() {
            let path = shown(prefix, &root, entry.path());
            listing.skipped.push(Skipped { path, reason: SkipReason::SymbolicLink });
        }
    }
    Ok(())
}

fn add(path: &str, entry: &ignore::DirEntry, listing: &mut Listing) -> Result<(), SkipReason> {
    if entry.path_is_symlink() {
        return Err(SkipReason::SymbolicLink);
    }
    if entry.path().to_str().is_none() {
        return Err(SkipReason::InvalidName);
    }
    let metadata = entry.metadata().map_err(|_| SkipReason::Unreadable)?;
    if metadata.len() > MAX_FILE_BYTES {
        return Err(SkipReason::TooLarge);
    }
    if listing.files.len() >= MAX_FILES {
        return Err(SkipReason::TooMany);
    }
    let file = NoteFile { absolute: entry.path().to_owned(), stamp: Stamp::of(&metadata) };
    listing.files.insert(path.to_owned(), file);
    Ok(())
}

/// Globs in the manner of `.gitignore`. They were checked when the configuration was.
fn globs<'a>(root: &Path, lines: impl IntoIterator<Item = &'a str>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(root);
    for line in lines {
        if let Err(error) = builder.add_line(None, line) {
            tracing::warn!(glob = line, %error, "a glob of a haystack is not used");
        }
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Whether a change at this path can change what a listing holds that did not
/// have it: folders, files that decide what is ignored, and files that may be notes.
pub(crate) fn concerns(haystacks: &[Haystack], path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    if name == ".gitignore" || name == ".ignore" || path.is_dir() {
        return true;
    }
    haystacks.iter().any(|haystack| {
        let Ok(root) = fs::canonicalize(&haystack.path) else { return true };
        if !path.starts_with(&root) {
            return false;
        }
        let include = if haystack.include.is_empty() {
            globs(&root, DEFAULT_INCLUDE)
        } else {
            globs(&root, haystack.include.iter().map(String::as_str))
        };
        path == root || include.matched_path_or_any_parents(path, false).is_ignore()
    })
}

fn shown(prefix: &str, root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    if parts.is_empty() {
        // The haystack is a single file.
        return format!("{prefix}{}", root.file_name().unwrap_or_default().to_string_lossy());
    }
    format!("{prefix}{}", parts.join("/"))
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// Reads one file as text.
pub(crate) fn read(path: &Path) -> Result<String, SkipReason> {
    read_up_to(path, MAX_FILE_BYTES)
}

/// Reads one file of at most so many bytes as text.
pub(crate) fn read_up_to(path: &Path, most: u64) -> Result<String, SkipReason> {
    let unreadable = |_| SkipReason::Unreadable;
    // A pipe would block the open; what is no file now was one when it was listed.
    if !fs::symlink_metadata(path).map_err(unreadable)?.is_file() {
        return Err(SkipReason::Unreadable);
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(SkipReason::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| SkipReason::InvalidText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(haystacks: &[Haystack]) -> (Vec<String>, Vec<(String, SkipReason)>) {
        let listing = list(haystacks).expect("a readable haystack");
        let mut skipped: Vec<_> = listing.skipped.into_iter().map(|s| (s.path, s.reason)).collect();
        skipped.sort();
        (listing.files.into_keys().collect(), skipped)
    }

    fn haystack(path: &Path) -> Haystack {
        Haystack { path: path.to_owned(), include: vec![], exclude: vec![] }
    }

    #[test]
    fn what_git_ignores_and_what_is_excluded_is_left_out() {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in [
            ("a.md", "a"),
            ("b.txt", "b"),
            ("c.rs", "c"),
            ("sub/d.markdown", "d"),
            ("sub/ignored.md", "no"),
            ("drafts/e.md", "no"),
            (".hidden/f.md", "no"),
            (".gitignore", "ignored.md\n"),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            fs::write(path, text).expect("written");
        }
        let mut notes = haystack(root.path());
        notes.exclude.push("drafts/".into());
        assert_eq!(paths(&[notes.clone()]).0, ["a.md", "b.txt", "sub/d.markdown"]);
        notes.include = vec!["/sub/".into(), "*.rs".into()];
        assert_eq!(paths(&[notes]).0, ["c.rs", "sub/d.markdown"]);
        let single = haystack(&root.path().join("c.rs"));
        assert_eq!(paths(&[single]).0, ["c.rs"]);
    }

    #[test]
    fn several_haystacks_are_told_apart() {
        let root = tempfile::tempdir().expect("a folder");
        for folder in ["x/notes", "y/notes"] {
            fs::create_dir_all(root.path().join(folder)).expect("created");
            fs::write(root.path().join(folder).join("a.md"), folder).expect("written");
        }
        let haystacks = ["x/notes", "y/notes"].map(|folder| haystack(&root.path().join(folder)));
        assert_eq!(paths(&haystacks).0, ["notes-2/a.md", "notes/a.md"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_loops_pipes_and_huge_files_are_survived() {
        use std::os::unix::{ffi::OsStrExt, fs::symlink};
        let root = tempfile::tempdir().expect("a folder");
        let outside = tempfile::NamedTempFile::new().expect("a file");
        fs::create_dir(root.path().join("sub")).expect("created");
        symlink("..", root.path().join("sub/loop")).expect("linked");
        symlink(outside.path(), root.path().join("secret.md")).expect("linked");
        symlink("nowhere", root.path().join("dangling.md")).expect("linked");
        let made = std::process::Command::new("mkfifo").arg(root.path().join("pipe.md")).status();
        assert!(made.expect("mkfifo runs").success());
        File::create(root.path().join("huge.md"))
            .and_then(|f| f.set_len(MAX_FILE_BYTES + 1))
            .expect("sparse");
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"\xff.md")), "x").expect("written");
        fs::write(root.path().join("good.md"), "x").expect("written");
        let (files, skipped) = paths(&[haystack(root.path())]);
        assert_eq!(files, ["good.md"]);
        let expected = [
            ("dangling.md", SkipReason::SymbolicLink),
            ("huge.md", SkipReason::TooLarge),
            ("secret.md", SkipReason::SymbolicLink),
            ("sub/loop", SkipReason::SymbolicLink),
            ("\u{fffd}.md", SkipReason::InvalidName),
        ];
        assert_eq!(skipped, expected.map(|(path, reason)| (path.to_owned(), reason)));
        assert_eq!(read(&root.path().join("pipe.md")), Err(SkipReason::Unreadable));
        assert_eq!(read(&root.path().join("huge.md")), Err(SkipReason::TooLarge));
    }

    #[test]
    fn a_missing_haystack_is_an_error() {
        let root = tempfile::tempdir().expect("a folder");
        let error = list(&[haystack(&root.path().join("none"))]).expect_err("nothing there");
        assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
    }
}
