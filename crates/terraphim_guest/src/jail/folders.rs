//! A run's own folders: the workspace as it was, under what the run writes, and
//! a view of the run's own processes.

use std::{ffi::CString, fs, os::fd::OwnedFd};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, Scope,
};
use rustix::{
    fs::{Mode, OFlags},
    mount::{MountFlags, UnmountFlags},
};
use terraphim_sandbox_protocol::{Prepare, Stage};

use super::{JailError, refused, step};

/// The newest Landlock that is asked for.
const LATEST: ABI = ABI::V6;

/// Top-level folders that a run writes to, or that hold no program.
const UNEXECUTABLE: [&str; 6] = ["workspace", "tmp", "store", "proc", "dev", "terraphim"];

/// Folders and the overlay's own that are not counted against the run.
const OWN_FILES: u64 = 8;

/// Longest path of what is there already, in bytes.
const LOWER_BYTES: usize = 4096;

/// Where what was compiled is, and where a run sees its own program.
const CACHE: &str = "/cache";
pub(crate) const PROGRAM: &str = "/program";

/// Opens the folder of the processes that the zygote sees, and hides it behind
/// that of the run's own, in a mount namespace of this process's own.
pub(super) fn own_processes() -> Result<OwnedFd, JailError> {
    // SAFETY: unshare takes flags only; this process has a single thread.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        return step("unshare", Err(std::io::Error::last_os_error()));
    }
    let outer = folder("/proc")?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    step("mount proc", rustix::mount::mount("none", "/proc", "proc", flags, Some(c"subset=pid")))?;
    Ok(outer)
}

pub(super) fn folder(path: &str) -> Result<OwnedFd, JailError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    step("open", rustix::fs::open(path, flags, Mode::empty()))
}

/// What a run sees of its workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Workspace {
    /// What is there, and what it writes over that.
    Whole,
    /// Only what it writes.
    Empty,
}

/// Mounts the folders of a run and goes there; gives the one that what the run
/// writes goes to. With a stage, what that shows of the cache: who sees a folder
/// of it, which a compiler does, has an empty workspace.
pub(super) fn mount(prepare: &Prepare, stage: Option<&Stage>) -> Result<OwnedFd, JailError> {
    let workspace = stage.map_or(Ok(Workspace::Whole), show)?;
    let lower = lower(&prepare.lower)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let size =
        format!("size={},nr_inodes={},mode=0700", prepare.bytes, prepare.files.saturating_add(OWN_FILES));
    let mount = |target: &str, kind: &str, options: String| {
        let options = CString::new(options).map_err(|_| refused("mount", "an option has a NUL"))?;
        step("mount folders", rustix::mount::mount("none", target, kind, flags, Some(options.as_c_str())))
    };
    mount("/tmp", "tmpfs", size)?;
    for name in ["upper", "work", "tmp"] {
        step("mkdir", fs::create_dir(format!("/tmp/{name}")))?;
    }
    let upper = folder("/tmp/upper")?;
    if workspace == Workspace::Empty {
        step("bind workspace", rustix::mount::mount_bind("/tmp/upper", "/workspace"))?;
    } else {
        let layers = format!("lowerdir={lower},upperdir=/tmp/upper,workdir=/tmp/work,userxattr");
        mount("/workspace", "overlay", layers)?;
    }
    step("umount store", rustix::mount::unmount("/store", UnmountFlags::DETACH))?;
    step("bind tmp", rustix::mount::mount_bind("/tmp/tmp", "/tmp"))?;
    step("chdir", rustix::process::chdir("/workspace"))?;
    Ok(upper)
}

/// Shows what a stage says of the cache, and hides the rest.
fn show(stage: &Stage) -> Result<Workspace, JailError> {
    let shown = below(CACHE, &stage.shown)?;
    if step("find in the cache", fs::metadata(&shown))?.is_dir() {
        step("bind cache", rustix::mount::mount_bind(&shown, CACHE))?;
        return Ok(Workspace::Empty);
    }
    step("bind program", rustix::mount::mount_bind(&shown, PROGRAM))?;
    step("umount cache", rustix::mount::unmount(CACHE, UnmountFlags::DETACH))?;
    Ok(Workspace::Whole)
}

/// The folder below `/store`; nothing in its name means anything to an overlay.
fn lower(relative: &str) -> Result<String, JailError> {
    below("/store", relative)
}

fn below(folder: &str, relative: &str) -> Result<String, JailError> {
    let odd = relative.contains([':', ',', '\\', '\n', '\0']) || relative.len() > LOWER_BYTES;
    let parts: Vec<&str> = relative.split('/').filter(|part| !part.is_empty()).collect();
    if odd || parts.contains(&"..") {
        return Err(refused("folder", "its name is not one"));
    }
    Ok(std::iter::once(folder).chain(parts).collect::<Vec<_>>().join("/"))
}

/// Leaves this process and all that it starts what can be seen, to be read and
/// executed, and the run's folders. Without Landlock in the kernel nothing
/// changes: what cannot be seen cannot be reached either.
pub(super) fn restrict() -> Result<(), JailError> {
    let abi = ABI::V6;
    let all = AccessFs::from_all(abi);
    let own = all & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock);
    let device: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
    let failed = |error: landlock::RulesetError| JailError {
        step: "landlock",
        source: std::io::Error::other(error.to_string()),
    };
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    let places = [("/", AccessFs::from_read(abi)), ("/workspace", own), ("/tmp", own), ("/dev/null", device)];
    for (place, allowed) in places {
        let place = PathFd::new(place);
        let place = place.map_err(|_| refused("landlock", "one of its places is not there"))?;
        rules = rules.add_rule(PathBeneath::new(place, allowed)).map_err(failed)?;
    }
    rules.restrict_self().map(drop).map_err(failed)
}

/// The same for a process that begins before the run's folders are mounted. A
/// rule knows what it stands for by what is mounted at that time, so writing
/// cannot be allowed by place here: what is not the run's own is held by mounts
/// that are read-only, which nobody in the jail can change. Executing is allowed
/// where the run cannot write.
pub(super) fn restrict_early() -> Result<(), JailError> {
    let all = AccessFs::from_all(LATEST);
    let refused = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock | AccessFs::IoctlDev;
    let mut rules = vec![("/".to_owned(), all & !(refused | AccessFs::Execute))];
    let entries = step("read the root", fs::read_dir("/"))?;
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    let names = names.filter(|name| !UNEXECUTABLE.contains(&name.as_str()));
    rules.extend(names.map(|name| (format!("/{name}"), AccessFs::Execute.into())));
    restrict_to(&rules, Scope::from_all(LATEST))
}

/// Leaves this process the reading of `/proc` alone, of all files. It is let
/// send signals: to processes of its own PID namespace.
pub(super) fn restrict_to_watching() -> Result<(), JailError> {
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    restrict_to(&[("/proc".to_owned(), reading)], Scope::AbstractUnixSocket.into())
}

/// Leaves this process the reading and executing of what its root shows, and
/// neither files of its own, ports nor signals to others.
pub(super) fn restrict_to_reading() -> Result<(), JailError> {
    restrict_to(&[("/".to_owned(), AccessFs::from_read(LATEST))], Scope::from_all(LATEST))
}

fn restrict_to(places: &[(String, BitFlags<AccessFs>)], scopes: BitFlags<Scope>) -> Result<(), JailError> {
    let failed = |error: landlock::RulesetError| JailError {
        step: "landlock",
        source: std::io::Error::other(error.to_string()),
    };
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LATEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LATEST)))
        .and_then(|rules| rules.scope(scopes))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    for (place, allowed) in places {
        let place = PathFd::new(place);
        let place = place.map_err(|_| refused("landlock", "one of its places is not there"))?;
        rules = rules.add_rule(PathBeneath::new(place, *allowed)).map_err(failed)?;
    }
    rules.restrict_self().map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_folder_is_taken_from_the_store() {
        assert_eq!(lower("").unwrap(), "/store");
        assert_eq!(lower("a/b").unwrap(), "/store/a/b");
        for odd in ["..", "a/../b", "a:b", "a,upperdir=/", "a\\b", "a\nb"] {
            assert!(lower(odd).is_err(), "{odd:?}");
        }
    }
}
