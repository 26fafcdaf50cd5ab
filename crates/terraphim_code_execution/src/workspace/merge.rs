//! Takes what a run wrote into its workspace. What lies in the upper layer is
//! the program's work: nothing of it is followed, only regular files and
//! folders are taken, and their sizes are held against the quota first.

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString},
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::FileExt,
    },
};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid};

use super::{Shelf, WRITES, Workspace, WorkspaceError, turn};
use crate::outcome::{FileChange, SavedFile};

/// Deepest folder that is taken.
const MAX_DEPTH: usize = 64;

/// Longest path that is taken, in bytes.
const MAX_PATH_BYTES: usize = 1024;

/// What a folder counts as, beside being one file.
const FOLDER_BYTES: u64 = 4 << 10;

/// Most files that are named as left out.
const MAX_NAMED: usize = 20;

/// What a run changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Diff {
    /// By path.
    pub(crate) changed: Vec<SavedFile>,
    /// What was not taken, and why; the first of them.
    pub(crate) left_out: Vec<String>,
    left_out_more: usize,
}

impl Diff {
    fn leave_out(&mut self, path: &str, why: &str) {
        if self.left_out.len() < MAX_NAMED {
            self.left_out.push(format!("{}: {why}", path.escape_debug()));
        } else {
            self.left_out_more += 1;
        }
    }

    /// What was not taken, in words.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        let more = (self.left_out_more > 0).then(|| format!("and {} more", self.left_out_more));
        self.left_out.iter().cloned().chain(more)
    }
}

/// What the upper layer asks for, in the order in which it is done.
pub(super) enum Step {
    Delete(CString),
    /// A folder, and whether it hides the one that was there.
    Folder(CString, bool),
    File(CString, u64),
}

#[derive(Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    bytes: u64,
    files: u64,
}

impl Workspace {
    /// Takes what a run wrote, all or nothing of what can be taken. `upper` is
    /// the upper layer of an overlay over this workspace, to which nobody writes
    /// any more.
    ///
    /// # Errors
    /// [`WorkspaceError::Full`] before anything is changed; [`WorkspaceError::Io`].
    pub(crate) fn merge(&self, upper: &OwnedFd) -> Result<Diff, WorkspaceError> {
        let open = rustix::fs::fchmod(upper, Mode::RWXU);
        open.map_err(io::Error::from).map_err(self.failed("look at what was written"))?;
        let _turn = turn();
        self.merge_in_turn(upper)
    }

    /// The same for whoever has the turn to write.
    pub(super) fn merge_in_turn(&self, upper: &OwnedFd) -> Result<Diff, WorkspaceError> {
        let mut diff = Diff::default();
        let mut plan = Plan::default();
        look(upper, "", (0, false), &mut plan, &mut diff).map_err(self.failed("look at what was written"))?;
        if plan.steps.is_empty() {
            return Ok(diff);
        }
        let folder = self.open().map_err(self.failed("open"))?;
        let (bytes, files) = self.after(&folder, &plan).map_err(self.failed("count"))?;
        self.check(bytes, files)?;
        for step in plan.steps {
            self.take(&folder, upper, step, &mut diff).map_err(self.failed("write"))?;
        }
        diff.changed.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(diff)
    }

    /// Makes the folder where it is not there, for whom the folder above it belongs to.
    pub(crate) fn prepare(&self) -> Result<(), WorkspaceError> {
        let made = || -> io::Result<()> {
            if self.folder().is_dir() {
                return Ok(());
            }
            let made = self.open()?;
            let above = self.folder().parent().unwrap_or(self.folder());
            let above = rustix::fs::open(above, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
            own(&above, &made)
        };
        made().map_err(self.failed("make a folder"))
    }

    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        std::fs::create_dir_all(self.folder())?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(rustix::fs::open(self.folder(), flags, Mode::empty())?)
    }

    /// Bytes and files of the workspace once the plan is carried out. What is
    /// replaced is counted as gone; what deleted folders held is not looked at,
    /// so the sum is at most too large.
    fn after(&self, folder: &OwnedFd, plan: &Plan) -> io::Result<(u64, u64)> {
        let (mut bytes, mut files) = usage(folder, 0)?;
        bytes = bytes.saturating_add(plan.bytes);
        files = files.saturating_add(plan.files);
        for step in &plan.steps {
            let (Step::Delete(path) | Step::File(path, _) | Step::Folder(path, _)) = step;
            let Some(known) = about(folder, path)?.filter(|_| !is_own(path.to_bytes())) else { continue };
            let length = if is_folder(&known) { FOLDER_BYTES } else { known.st_size.try_into().unwrap_or(0) };
            bytes = bytes.saturating_sub(length);
            files = files.saturating_sub(1);
        }
        Ok((bytes, files))
    }

    pub(super) fn take(
        &self,
        folder: &OwnedFd,
        upper: &OwnedFd,
        step: Step,
        diff: &mut Diff,
    ) -> io::Result<()> {
        match step {
            Step::Delete(path) => delete(folder, &path, diff),
            Step::Folder(path, hides) => {
                let known = about(folder, &path)?;
                if known.as_ref().is_some_and(is_folder) {
                    return if hides { hide(folder, upper, &path, diff) } else { Ok(()) };
                }
                if known.is_some() {
                    delete(folder, &path, diff)?;
                }
                let (parent, name) = split(folder, &path)?;
                rustix::fs::mkdirat(&parent, name, Mode::from(0o755))?;
                own(folder, &beneath(&parent, name, OFlags::DIRECTORY | OFlags::RDONLY)?)
            }
            Step::File(path, bytes) => {
                let source = beneath(upper, &path, OFlags::RDONLY | OFlags::NONBLOCK)?;
                let known = about(folder, &path)?;
                if known.as_ref().is_some_and(is_folder) {
                    delete(folder, &path, diff)?;
                }
                // The upper layer of a session holds what its earlier programs wrote, too.
                if known.as_ref().is_some_and(|known| is_plain(known, bytes)) && same(folder, &path, &source)?
                {
                    return Ok(());
                }
                write(folder, &path, source, bytes)?;
                let change = if known.is_some() { FileChange::Changed } else { FileChange::Created };
                diff.changed.push(SavedFile { path: text(&path), bytes, change: Some(change) });
                Ok(())
            }
        }
    }
}

/// Plans one folder of the upper layer: how deep it lies, and whether it hides what was there.
fn look(
    upper: &OwnedFd,
    path: &str,
    (depth, hides): (usize, bool),
    plan: &mut Plan,
    diff: &mut Diff,
) -> io::Result<()> {
    for name in names(upper)? {
        let Ok(plain) = name.to_str() else {
            diff.leave_out(&name.to_string_lossy(), "its name is not UTF-8");
            continue;
        };
        let path = if path.is_empty() { plain.to_owned() } else { format!("{path}/{plain}") };
        if plain.chars().any(char::is_control) {
            diff.leave_out(&path, "its name has control characters");
            continue;
        }
        let Some(full) = CString::new(path.as_str()).ok().filter(|_| path.len() <= MAX_PATH_BYTES) else {
            diff.leave_out(&path, "its path is too long");
            continue;
        };
        let about = rustix::fs::statat(upper, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)?;
        if let Some(why) = is_commanding(&path, is_folder(&about)) {
            diff.leave_out(&path, why);
            continue;
        }
        match FileType::from_raw_mode(about.st_mode) {
            FileType::CharacterDevice if about.st_rdev == 0 => plan.steps.push(Step::Delete(full)),
            FileType::Directory if depth < MAX_DEPTH => {
                // The program may have shut itself out; the host has to look.
                open_up(upper, &name, about.st_mode, 0o700)?;
                let inner = beneath(upper, &name, OFlags::DIRECTORY | OFlags::RDONLY)?;
                let hides = hides || is_opaque(&inner);
                if !is_own(path.as_bytes()) {
                    plan.bytes = plan.bytes.saturating_add(FOLDER_BYTES);
                    plan.files = plan.files.saturating_add(1);
                }
                plan.steps.push(Step::Folder(full, hides));
                look(&inner, &path, (depth + 1, hides), plan, diff)?;
            }
            FileType::Directory => diff.leave_out(&path, "it lies too deep"),
            FileType::RegularFile => {
                open_up(upper, &name, about.st_mode, 0o400)?;
                let bytes = u64::try_from(about.st_size).unwrap_or(u64::MAX);
                plan.bytes = plan.bytes.saturating_add(bytes);
                plan.files = plan.files.saturating_add(1);
                plan.steps.push(Step::File(full, bytes));
            }
            _ => diff.leave_out(&path, "it is neither a file nor a folder"),
        }
    }
    Ok(())
}

/// Why a file is not taken although it is one: others than programs follow what
/// stands in it. Case aside, for file systems to which that is all the same.
fn is_commanding(path: &str, is_folder: bool) -> Option<&'static str> {
    let path = path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    if ["terraphim.toml", ".mcp.json"].contains(&name) {
        return Some("a program does not change the settings of the sandbox");
    }
    if path.split('/').any(|part| part == ".git") {
        return Some("a program does not change what git executes");
    }
    let own = !is_folder && is_own(path.as_bytes());
    own.then_some("the name is that of a folder of the workspace")
}

/// Whether it is one of the folders that the host itself makes, which count for nothing.
fn is_own(path: &[u8]) -> bool {
    [Shelf::Data, Shelf::Results].iter().any(|shelf| shelf.folder().as_bytes() == path)
}

/// Gives the owner the right to look at an entry that is no link.
fn open_up(folder: &OwnedFd, name: &CStr, mode: u32, right: u32) -> io::Result<()> {
    if mode & right == right {
        return Ok(());
    }
    Ok(rustix::fs::chmodat(folder, name, Mode::from_raw_mode(mode | right), AtFlags::empty())?)
}

/// What makes a workspace the same as `tree`, beside [`keep_only`].
pub(super) fn plan_of_all(tree: &OwnedFd, diff: &mut Diff) -> io::Result<Plan> {
    let mut plan = Plan::default();
    look(tree, "", (0, true), &mut plan, diff)?;
    Ok(plan)
}

/// Deletes from a workspace what `tree` does not have at its top.
pub(super) fn keep_only(folder: &OwnedFd, tree: &OwnedFd, diff: &mut Diff) -> io::Result<()> {
    let kept = names(tree)?;
    for name in names(folder)?.iter().filter(|name| !kept.contains(name)) {
        delete_harmless(folder, name, diff)?;
    }
    Ok(())
}

/// The regular files below a folder that a program may write, with their lengths in bytes.
pub(super) fn files(folder: &OwnedFd) -> io::Result<BTreeMap<CString, u64>> {
    let mut plan = Plan::default();
    look(folder, "", (0, false), &mut plan, &mut Diff::default())?;
    let files = plan.steps.into_iter().filter_map(|step| match step {
        Step::File(path, bytes) => Some((path, bytes)),
        _ => None,
    });
    Ok(files.collect())
}

/// Whether two folders have the same file at a path; its length is the same.
pub(super) fn same_at(folder: &OwnedFd, other: &OwnedFd, path: &CStr) -> io::Result<bool> {
    same(folder, path, &beneath(other, path, OFlags::RDONLY | OFlags::NONBLOCK)?)
}

/// Whether a folder of the upper layer hides the one below it.
fn is_opaque(folder: &OwnedFd) -> bool {
    let mut value = [0; 8];
    let read = rustix::fs::fgetxattr(folder, "user.overlay.opaque", &mut value[..]);
    read.is_ok_and(|length| value.get(..length) == Some(b"y"))
}

/// Bytes and number of the files below a folder.
pub(super) fn usage(folder: &OwnedFd, depth: usize) -> io::Result<(u64, u64)> {
    let (mut bytes, mut files) = (0_u64, 0_u64);
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let about = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            // Another process of ours has just put another one in its place.
            Err(rustix::io::Errno::NOENT) => continue,
            about => about?,
        };
        if is_folder(&about) {
            if depth > 0 || !is_own(name.to_bytes()) {
                bytes = bytes.saturating_add(FOLDER_BYTES);
                files += 1;
            }
            if depth < MAX_DEPTH {
                let inner = match beneath(folder, name, OFlags::DIRECTORY | OFlags::RDONLY) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    inner => inner?,
                };
                let (more_bytes, more_files) = usage(&inner, depth + 1)?;
                bytes = bytes.saturating_add(more_bytes);
                files = files.saturating_add(more_files);
            }
        } else {
            bytes = bytes.saturating_add(u64::try_from(about.st_size).unwrap_or(0));
            files += 1;
        }
    }
    Ok((bytes, files))
}

/// Deletes from a folder what the one of the upper layer does not have.
fn hide(folder: &OwnedFd, upper: &OwnedFd, path: &CStr, diff: &mut Diff) -> io::Result<()> {
    let of = |root: &OwnedFd| names(&beneath(root, path, OFlags::DIRECTORY | OFlags::RDONLY)?);
    let kept = of(upper)?;
    for name in of(folder)? {
        if !kept.contains(&name) {
            delete_harmless(folder, &joined(path, &name), diff)?;
        }
    }
    Ok(())
}

/// Deletes what is there, unless others than programs follow it.
fn delete_harmless(folder: &OwnedFd, path: &CStr, diff: &mut Diff) -> io::Result<()> {
    let Some(known) = about(folder, path)? else { return Ok(()) };
    if is_commanding(&path.to_string_lossy(), is_folder(&known)).is_some() {
        return Ok(());
    }
    delete(folder, path, diff)
}

/// The names in a folder, sorted.
fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if name.as_c_str() != c"." && name.as_c_str() != c".." {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn joined(path: &CStr, name: &CStr) -> CString {
    // Neither part has a NUL.
    CString::new([path.to_bytes(), b"/", name.to_bytes()].concat()).unwrap_or_default()
}

/// Whether a file has the same content as the one at a path; both have the same length.
fn same(folder: &OwnedFd, path: &CStr, source: &OwnedFd) -> io::Result<bool> {
    let target = File::from(beneath(folder, path, OFlags::RDONLY | OFlags::NONBLOCK)?);
    let source = File::from(source.try_clone()?);
    let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut offset = 0;
    loop {
        let count = source.read_at(&mut left, offset)?;
        let Some(wanted) = right.get_mut(..count) else { return Ok(false) };
        if count == 0 {
            return Ok(true);
        }
        if target.read_exact_at(wanted, offset).is_err() || left.get(..count) != Some(&*wanted) {
            return Ok(false);
        }
        offset += count as u64;
    }
}

fn delete(folder: &OwnedFd, path: &CStr, diff: &mut Diff) -> io::Result<()> {
    let Some(known) = about(folder, path)? else { return Ok(()) };
    let (parent, name) = split(folder, path)?;
    if !is_folder(&known) {
        rustix::fs::unlinkat(&parent, name, AtFlags::empty())?;
        let change = Some(FileChange::Deleted);
        diff.changed.push(SavedFile { path: text(path), bytes: 0, change });
        return Ok(());
    }
    let inner = beneath(&parent, name, OFlags::DIRECTORY | OFlags::RDONLY)?;
    for name in names(&inner)? {
        delete(folder, &joined(path, &name), diff)?;
    }
    Ok(rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR)?)
}

/// Copies a file beside its place and then puts it there.
fn write(folder: &OwnedFd, path: &CStr, source: OwnedFd, bytes: u64) -> io::Result<()> {
    let (parent, name) = split(folder, path)?;
    let number = WRITES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let temporary = format!(".{}-{number}.new", std::process::id());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let executable = Mode::from_raw_mode(rustix::fs::fstat(&source)?.st_mode) & Mode::XUSR;
    let mode = Mode::RUSR | Mode::WUSR | executable;
    let target = rustix::fs::openat(&parent, temporary.as_str(), flags, mode)?;
    let copied = copy(source, &target, bytes)
        .and_then(|()| own(folder, &target))
        .and_then(|()| Ok(rustix::fs::renameat(&parent, temporary.as_str(), &parent, name)?));
    if copied.is_err() {
        // The half-written file is of no use; the write's own error is what counts.
        let _ = rustix::fs::unlinkat(&parent, temporary.as_str(), AtFlags::empty());
    }
    copied
}

fn copy(source: OwnedFd, target: &OwnedFd, bytes: u64) -> io::Result<()> {
    let mut source = io::Read::take(File::from(source), bytes);
    let mut target = File::from(target.try_clone()?);
    io::copy(&mut source, &mut target).map(drop)
}

/// Gives what the host made to whom the workspace belongs.
pub(super) fn own(folder: &impl AsFd, made: &OwnedFd) -> io::Result<()> {
    let owner = rustix::fs::fstat(folder)?;
    if rustix::process::geteuid().is_root() && owner.st_uid != 0 {
        let (uid, gid) = (Uid::from_raw(owner.st_uid), Gid::from_raw(owner.st_gid));
        rustix::fs::fchown(made, Some(uid), Some(gid))?;
    }
    Ok(())
}

fn beneath(folder: &OwnedFd, path: &CStr, flags: OFlags) -> io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat2(folder, path, flags, Mode::empty(), resolve)?)
}

/// The folder that a path's last name stands in, and that name.
fn split<'p>(folder: &OwnedFd, path: &'p CStr) -> io::Result<(OwnedFd, &'p CStr)> {
    let bytes = path.to_bytes_with_nul();
    let (parent, name) = match bytes.iter().rposition(|byte| *byte == b'/') {
        None => (c".".to_owned(), path),
        Some(at) => {
            let name = bytes.get(at + 1..).and_then(|name| CStr::from_bytes_with_nul(name).ok());
            let parent = CString::new(bytes.get(..at).unwrap_or_default()).unwrap_or_default();
            (parent, name.unwrap_or_default())
        }
    };
    Ok((beneath(folder, &parent, OFlags::DIRECTORY | OFlags::RDONLY)?, name))
}

/// What is at a path, itself and not what it points to; none if nothing is.
fn about(folder: &OwnedFd, path: &CStr) -> io::Result<Option<Stat>> {
    let found = split(folder, path)
        .and_then(|(parent, name)| Ok(rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?));
    match found {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        found => found.map(Some),
    }
}

fn is_folder(about: &Stat) -> bool {
    FileType::from_raw_mode(about.st_mode).is_dir()
}

/// Whether it is a regular file of this length.
fn is_plain(about: &Stat, bytes: u64) -> bool {
    FileType::from_raw_mode(about.st_mode).is_file() && u64::try_from(about.st_size) == Ok(bytes)
}

pub(super) fn text(path: &CStr) -> String {
    path.to_string_lossy().into_owned()
}
