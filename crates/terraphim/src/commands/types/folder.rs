//! A folder that this program keeps: it writes what changed, removes what it wrote and is no longer
//! there, and touches nothing else. A manifest in the folder says what it wrote.

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
    #[error("{} is no list of written files: give an empty folder", path.display())]
    Manifest { path: PathBuf },
    /// The folder holds types for another language.
    #[error("{} holds types for {found}, not {asked}: give another folder", path.display())]
    OtherLanguage { path: PathBuf, found: String, asked: Language },
    /// No server has this name.
    #[error("there is no server `{name}`{}", suggestion(near))]
    UnknownServer { name: String, near: Vec<String> },
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

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Written {
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
}

/// Makes `root` hold these files. Files of the `silent` servers stay as they are.
pub(super) fn write(
    root: &Path,
    language: Language,
    files: &[TreeFile],
    silent: &[ServerName],
) -> Result<Done, TypesError> {
    fs::create_dir_all(root).map_err(io_error("make", root))?;
    let before = read_manifest(root, language)?;
    let changed: Vec<&TreeFile> = files
        .iter()
        .filter_map(|file| is_current(root, file, &before).map(|same| (!same).then_some(file)).transpose())
        .collect::<Result<_, _>>()?;
    let mut after = Manifest { language: language.to_string(), files: BTreeMap::new() };
    for file in files {
        let server = file.server.as_ref().map(ToString::to_string);
        let written = Written { sha256: digest(file.text.as_bytes()), server };
        after.files.insert(file.path.clone(), written);
    }
    let is_silent = |written: &Written| {
        written.server.as_deref().is_some_and(|name| silent.iter().any(|silent| silent.as_str() == name))
    };
    let gone: Vec<(&String, &Written)> =
        before.files.iter().filter(|(path, _)| !after.files.contains_key(*path)).collect();
    let (staying, gone): (Vec<_>, Vec<_>) = gone.into_iter().partition(|(_, written)| is_silent(written));
    let staying: Vec<_> = staying.into_iter().map(|(path, it)| (path.clone(), it.clone())).collect();
    // Noted before anything is written, so that what an interruption leaves is known to be ours.
    let gone: Vec<_> = gone.into_iter().map(|(path, it)| (path.clone(), it.clone())).collect();
    after.files.extend(staying);
    let mut both = Manifest { language: after.language.clone(), files: after.files.clone() };
    both.files.extend(gone.iter().cloned());
    if !changed.is_empty() || !gone.is_empty() {
        write_manifest(root, &both)?;
    }
    let mut done = Done { unchanged: files.len() - changed.len(), ..Done::default() };
    for file in changed {
        replace(&root.join(&file.path), file.text.as_bytes())?;
        done.written += 1;
    }
    for (path, written) in &gone {
        remove(root, path, written, &mut done)?;
    }
    if done.written > 0 || !gone.is_empty() {
        write_manifest(root, &after)?;
    }
    Ok(done)
}

fn io_error<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> TypesError + 'p {
    move |source| TypesError::Io { action, path: path.to_owned(), source }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_manifest(root: &Path, language: Language) -> Result<Manifest, TypesError> {
    let path = root.join(MANIFEST);
    let Some(about) = looked(&path)? else {
        return Ok(Manifest { language: language.to_string(), files: BTreeMap::new() });
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
    Ok(manifest)
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
fn looked(path: &Path) -> Result<Option<fs::Metadata>, TypesError> {
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

/// Whether the file is there as it should be. A file that is not ours is an error.
fn is_current(root: &Path, file: &TreeFile, before: &Manifest) -> Result<bool, TypesError> {
    let path = root.join(&file.path);
    if !stays_inside(&file.path) {
        return Err(TypesError::InTheWay { path, expected: "file" });
    }
    if !way_is_plain(root, &file.path)? {
        return Ok(false);
    }
    let Some(about) = looked(&path)? else { return Ok(false) };
    if !about.is_file() {
        return Err(TypesError::InTheWay { path, expected: "file" });
    }
    let same = about.len() == file.text.len() as u64
        && fs::read(&path).map_err(io_error("read", &path))? == file.text.as_bytes();
    if !same && !before.files.contains_key(&file.path) {
        return Err(TypesError::NotOurs { path });
    }
    Ok(same)
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
