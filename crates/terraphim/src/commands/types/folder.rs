//! A folder that this program keeps: it writes what changed, removes what it wrote and is no longer
//! there, and touches nothing else. A manifest in the folder says what it wrote; where that is lost,
//! the first line of each file does.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use terraphim_mcp_codegen::TreeFile;
use terraphim_types::{Language, ServerName};

use super::generated;

/// The manifest's name in the folder.
const MANIFEST: &str = ".terraphim-types.json";
/// Longest manifest that is read, in bytes.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// Why types cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TypesError {
    /// A file or folder could not be used.
    #[error("failed to {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A file stands where one would be written.
    #[error("{} was not written by `terraphim tools types`: give an empty folder, or move the file away", path.display())]
    NotOurs { path: PathBuf },
    /// Something stands in the way that is no plain file or folder.
    #[error("{} is not a plain {expected}: give an empty folder, or move it away", path.display())]
    InTheWay { path: PathBuf, expected: &'static str },
    /// The manifest cannot be read.
    #[error("{} is no list of written files: remove it, and what this command wrote is known by its first lines", path.display())]
    Manifest { path: PathBuf },
    /// The folder holds types for another language.
    #[error("{} holds types for {found}, not {asked}: give another folder", path.display())]
    OtherLanguage { path: PathBuf, found: String, asked: Language },
    /// There are too many files to look for those that were written earlier.
    #[error("{} holds too many files to tell which were written by `terraphim tools types`: give an empty folder", path.display())]
    TooMuch { path: PathBuf },
    /// Servers that were asked for could not be; the others are written.
    #[error("{} not reached: what is there of {} stays as it was", told(servers), if servers.len() == 1 { "it" } else { "them" })]
    NotReached { servers: Vec<ServerName> },
    /// No server has this name.
    #[error("there is no server `{name}`{}", suggestion(near))]
    UnknownServer { name: String, near: Vec<String> },
}

fn told(servers: &[ServerName]) -> String {
    let names: Vec<String> = servers.iter().map(|name| format!("`{name}`")).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "was" } else { "were" })
}

fn suggestion(near: &[String]) -> String {
    if near.is_empty() {
        ": `terraphim tools list` names them".to_owned()
    } else {
        format!(": did you mean {}?", near.join(", "))
    }
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) written: usize,
    pub(super) unchanged: usize,
    pub(super) removed: usize,
    /// Files that are no longer asked for and were changed by somebody else.
    pub(super) kept: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    language: String,
    files: BTreeMap<String, Written>,
}

/// A file as it was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<String>,
}

/// Makes `root` hold these files. What is there of `silent` servers stays as it is, and is made where nothing is.
pub(super) fn write(
    root: &Path,
    language: Language,
    files: &[TreeFile],
    silent: &[ServerName],
) -> Result<Done, TypesError> {
    fs::create_dir_all(root).map_err(io_error("make", root))?;
    let mut before = read_manifest(root, language)?;
    let is_silent = |server: Option<&str>| {
        server.is_some_and(|server| silent.iter().any(|silent| silent.as_str() == server))
    };
    name_servers(&mut before, files);
    let mut after = Manifest { language: language.to_string(), files: BTreeMap::new() };
    let (mut changed, mut unchanged) = (Vec::new(), 0);
    for file in files {
        let server = file.server.as_ref().map(ToString::to_string);
        let text = generated::with_header(&file.path, language, &file.text);
        let state = look_at(root, &file.path, &text, language, &before)?;
        let known = before.files.get(&file.path).filter(|_| is_silent(server.as_deref()));
        match known {
            Some(known) if state != State::Missing => {
                after.files.insert(file.path.clone(), known.clone());
                unchanged += 1;
                continue;
            }
            _ => after.files.insert(file.path.clone(), Written { sha256: digest(text.as_bytes()), server }),
        };
        match state {
            State::Current => unchanged += 1,
            State::Missing | State::Other => changed.push((&file.path, text)),
        }
    }
    let gone: Vec<(&String, &Written)> =
        before.files.iter().filter(|(path, _)| !after.files.contains_key(*path)).collect();
    let (staying, gone): (Vec<_>, Vec<_>) =
        gone.into_iter().partition(|(_, written)| is_silent(written.server.as_deref()));
    after.files.extend(staying.into_iter().map(|(path, it)| (path.clone(), it.clone())));
    let mut done = Done { unchanged, ..Done::default() };
    if changed.is_empty() && gone.is_empty() && !before.is_lost {
        return Ok(done);
    }
    // Noted before anything is written, so that what an interruption leaves is known to be ours.
    let mut both = Manifest { language: after.language.clone(), files: after.files.clone() };
    both.files.extend(gone.iter().map(|(path, it)| ((*path).clone(), (*it).clone())));
    write_manifest(root, &both)?;
    for (path, text) in changed {
        replace(&root.join(path), text.as_bytes())?;
        done.written += 1;
    }
    for (path, written) in gone {
        remove(root, path, written, &mut done)?;
    }
    write_manifest(root, &after)?;
    Ok(done)
}

/// What was written earlier.
struct Before {
    files: BTreeMap<String, Written>,
    /// Whether there was no manifest.
    is_lost: bool,
}

/// Gives files that were known by their first lines to the server in whose folder they stand.
fn name_servers(before: &mut Before, files: &[TreeFile]) {
    if !before.is_lost {
        return;
    }
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let owners: BTreeMap<String, String> = files
        .iter()
        .filter_map(|file| Some((folder(&file.path)?, file.server.as_ref()?.to_string())))
        .collect();
    for (path, written) in &mut before.files {
        written.server = folder(path).and_then(|folder| owners.get(&folder).cloned());
    }
}

pub(super) fn io_error<'p>(
    action: &'static str,
    path: &'p Path,
) -> impl FnOnce(io::Error) -> TypesError + 'p {
    move |source| TypesError::Io { action, path: path.to_owned(), source }
}

pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_manifest(root: &Path, language: Language) -> Result<Before, TypesError> {
    let path = root.join(MANIFEST);
    let Some(about) = looked(&path)? else {
        return Ok(Before { files: generated::found(root, language)?, is_lost: true });
    };
    let wrong = || TypesError::Manifest { path: path.clone() };
    if !about.is_file() || about.len() > MAX_MANIFEST_BYTES {
        return Err(wrong());
    }
    let text = fs::read(&path).map_err(io_error("read", &path))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| wrong())?;
    if manifest.language != language.to_string() {
        let (path, found) = (root.to_owned(), manifest.language);
        return Err(TypesError::OtherLanguage { path, found, asked: language });
    }
    // A path that leads elsewhere was not written by us.
    if manifest.files.keys().any(|path| !stays_inside(path)) {
        return Err(wrong());
    }
    Ok(Before { files: manifest.files, is_lost: false })
}

fn stays_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn write_manifest(root: &Path, manifest: &Manifest) -> Result<(), TypesError> {
    // Texts alone always have a text.
    let mut text = serde_json::to_string_pretty(manifest).unwrap_or_default();
    text.push('\n');
    replace(&root.join(MANIFEST), text.as_bytes())
}

/// What is there, without following a link; `None` where there is nothing.
pub(super) fn looked(path: &Path) -> Result<Option<fs::Metadata>, TypesError> {
    match fs::symlink_metadata(path) {
        Ok(about) => Ok(Some(about)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("look at", path)(error)),
    }
}

/// Checks that the folders on the way are folders of their own; whether all are there.
fn way_is_plain(root: &Path, path: &str) -> Result<bool, TypesError> {
    let mut folder = root.to_owned();
    for part in Path::new(path).parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match looked(&folder)? {
            None => return Ok(false),
            Some(about) if about.is_dir() => {}
            Some(_) => return Err(TypesError::InTheWay { path: folder, expected: "folder" }),
        }
    }
    Ok(true)
}

/// How a file is that is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Missing,
    /// It is as it should be.
    Current,
    /// It is ours, and otherwise.
    Other,
}

/// Looks at a file that is to be written. One that is not ours is an error.
fn look_at(
    root: &Path,
    relative: &str,
    text: &str,
    language: Language,
    before: &Before,
) -> Result<State, TypesError> {
    let path = root.join(relative);
    if !stays_inside(relative) {
        return Err(TypesError::InTheWay { path, expected: "file" });
    }
    if !way_is_plain(root, relative)? {
        return Ok(State::Missing);
    }
    let Some(about) = looked(&path)? else { return Ok(State::Missing) };
    if !about.is_file() {
        return Err(TypesError::InTheWay { path, expected: "file" });
    }
    let is_known = before.files.contains_key(relative);
    if is_known && about.len() != text.len() as u64 {
        return Ok(State::Other);
    }
    let there = fs::read(&path).map_err(io_error("read", &path))?;
    if there == text.as_bytes() {
        return Ok(State::Current);
    }
    if is_known || generated::language_of(&there) == Some(language.to_string().as_str()) {
        return Ok(State::Other);
    }
    Err(TypesError::NotOurs { path })
}

/// Puts a whole file in the place of what is there.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), TypesError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(io_error("make", folder))?;
    let written =
        tempfile::Builder::new().permissions(permissions()).tempfile_in(folder).and_then(|mut file| {
            file.write_all(bytes)?;
            file.persist(path).map(drop).map_err(|error| error.error)
        });
    written.map_err(io_error("write", path))
}

/// Those of a file that anybody makes; the process's mask applies.
fn permissions() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// Removes a file that was written earlier, and the folders that it leaves empty.
fn remove(root: &Path, path: &str, written: &Written, done: &mut Done) -> Result<(), TypesError> {
    let file = root.join(path);
    if !way_is_plain(root, path)? || looked(&file)?.is_none() {
        return Ok(());
    }
    let is_ours = looked(&file)?.is_some_and(|about| about.is_file())
        && digest(&fs::read(&file).map_err(io_error("read", &file))?) == written.sha256;
    if !is_ours {
        done.kept.push(file.display().to_string());
        return Ok(());
    }
    fs::remove_file(&file).map_err(io_error("remove", &file))?;
    done.removed += 1;
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != root) {
        // One that holds something else stays.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
