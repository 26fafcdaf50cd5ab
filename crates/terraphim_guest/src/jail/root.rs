//! A root that shows a language's runtime and nothing else of the machine.

use std::{
    ffi::CString,
    fs,
    io::{self, Write},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::fs::symlink,
    },
    path::{Component, Path, PathBuf},
};

use rustix::{
    mount::{MountFlags, MountPropagationFlags, MoveMountFlags, UnmountFlags},
    process::Signal,
};
use terraphim_sandbox_protocol::control::{BindKind, Setup};

use super::{JailError, refused, step};

/// Where the new root is put together: a folder that every system has, and of
/// which nothing is to be shown.
const STAGES: [&str; 3] = ["/proc", "/run", "/dev"];

/// Places that a run mounts its own folders on.
const FOLDERS: [&str; 3] = ["workspace", "tmp", "store"];

/// Size of the folder that the zygote itself may write to.
const ZYGOTE_TMP: &std::ffi::CStr = c"size=16m,nr_inodes=1000,mode=0700";

/// A step of the setup with the mount that may have come beside it.
pub(crate) type Received = (Setup, Option<OwnedFd>);

/// What a root has besides what the setup says.
#[derive(Default)]
pub(super) struct Extras<'e> {
    /// A program of the guest's own, with the place where it is to be seen.
    pub(super) program: Option<(&'e str, &'e [u8])>,
    /// Whether the zygote's processes are to be seen at `/proc`, without which
    /// the kernel lets no run have a view of its own.
    pub(super) processes: bool,
    /// A place on which a run mounts a program of its own.
    pub(super) place: Option<&'e str>,
}

/// Puts the root together, makes it this process's own and read-only.
pub(super) fn enter(setup: &[Received], extras: &Extras<'_>) -> Result<(), JailError> {
    // Dies with its parent from here on; set again once the privileges are settled.
    step("pdeathsig", rustix::process::set_parent_process_death_signal(Some(Signal::KILL)))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    step("mount private", rustix::mount::mount_change("/", private))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let own = extras.program.map_or(0, |(_, content)| content.len());
    let options = CString::new(format!("size={},nr_inodes=4096,mode=0755", (1 << 20) + own));
    let options = options.map_err(|_| refused("mount tmpfs", "its options have a NUL"))?;
    let options = Some(options.as_c_str());
    let shown: Vec<&str> = setup.iter().filter_map(source_of).collect();
    let free = STAGES.into_iter().filter(|stage| !shown.iter().any(|source| within(source, stage)));
    let mut mounted = Err(refused("mount tmpfs", "there is no place for it"));
    for stage in free {
        mounted =
            step("mount tmpfs", rustix::mount::mount("none", stage, "tmpfs", flags, options)).map(|()| stage);
        if mounted.is_ok() {
            break;
        }
    }
    step("chdir", rustix::process::chdir(mounted?))?;
    for folder in FOLDERS {
        step("mkdir", fs::create_dir(folder))?;
    }
    setup.iter().try_for_each(|(step, tree)| show(step, tree.as_ref()))?;
    if let Some((place, content)) = extras.program {
        own_program(place, content)?;
    }
    if let Some(place) = extras.place {
        step("create", fs::File::create(inside(place)?))?;
    }
    if extras.processes {
        step("mkdir", fs::create_dir_all("proc"))?;
        let quiet = flags | MountFlags::NOEXEC;
        let processes = rustix::mount::mount("none", "proc", "proc", quiet, Some(c"subset=pid"));
        step("mount proc", processes)?;
    }
    let tmp = rustix::mount::mount("none", "tmp", "tmpfs", flags | MountFlags::NOEXEC, Some(ZYGOTE_TMP));
    step("mount tmp", tmp)?;
    step("pivot_root", rustix::process::pivot_root(".", "."))?;
    step("umount", rustix::mount::unmount(".", UnmountFlags::DETACH))?;
    step("chdir", rustix::process::chdir("/"))?;
    step("remount", rustix::mount::mount_remount("/", flags | MountFlags::RDONLY, ""))
}

/// Puts a program of the guest's own into the root.
fn own_program(place: &str, content: &[u8]) -> Result<(), JailError> {
    let place = inside(place)?;
    parent(&place)?;
    step("write", fs::write(&place, content))?;
    let mode = rustix::fs::Mode::from_raw_mode(0o555);
    step("chmod", rustix::fs::chmod(&place, mode))
}

fn source_of((setup, tree): &Received) -> Option<&str> {
    match setup {
        Setup::Bind { source, .. } if tree.is_none() => Some(source),
        _ => None,
    }
}

fn within(path: &str, folder: &str) -> bool {
    // The one-file devices are mounted before anything covers them only if nothing does.
    Path::new(path).starts_with(folder)
}

fn show(setup: &Setup, tree: Option<&OwnedFd>) -> Result<(), JailError> {
    match setup {
        Setup::Link { target, to } => {
            let target = inside(target)?;
            parent(&target)?;
            step("link", symlink(to, target))
        }
        Setup::Bind { kind, source, target } => {
            let target = inside(target)?;
            bind(*kind, source, &target, tree).map_err(|error| JailError {
                step: error.step,
                source: io::Error::new(
                    error.source.kind(),
                    format!("{}: {}", target.display(), error.source),
                ),
            })
        }
        Setup::Runtime { .. } => Ok(()),
    }
}

fn bind(kind: BindKind, source: &str, target: &Path, tree: Option<&OwnedFd>) -> Result<(), JailError> {
    let is_folder = match tree {
        Some(tree) => {
            let about = step("fstat", rustix::fs::fstat(tree))?;
            rustix::fs::FileType::from_raw_mode(about.st_mode).is_dir()
        }
        None => step("find", fs::metadata(source))?.is_dir(),
    };
    parent(target)?;
    if is_folder {
        // The places for a run's own folders are there already.
        step("mkdir", fs::create_dir_all(target))?;
    } else {
        step("create", fs::File::create(target))?;
    }
    let attached = match tree {
        Some(tree) => rustix::mount::move_mount(
            tree.as_fd(),
            "",
            rustix::fs::CWD,
            target,
            MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
        ),
        None => rustix::mount::mount_bind_recursive(source, target),
    };
    step("bind", attached)?;
    restrict(target, kind)
}

/// The kernel's `struct mount_attr`.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Takes from a mount, and from those below it, what nobody needs of it.
fn restrict(target: &Path, kind: BindKind) -> Result<(), JailError> {
    const READ_ONLY: u64 = 1;
    const NO_SETUID: u64 = 2;
    const NO_DEVICES: u64 = 4;
    let set = match kind {
        BindKind::Runtime | BindKind::Store => READ_ONLY | NO_SETUID | NO_DEVICES,
        // A device is written to all the same; its times and its mode are not.
        BindKind::Device => READ_ONLY | NO_SETUID,
    };
    let attributes = MountAttributes { set, clear: 0, propagation: 0, user_namespace: 0 };
    let path = CString::new(target.as_os_str().as_encoded_bytes())
        .map_err(|_| refused("mount_setattr", "a path has a NUL"))?;
    // SAFETY: the path is a C string and the structure has the size that is given; both outlive the call.
    let changed = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<MountAttributes>(),
        )
    };
    if changed == 0 { Ok(()) } else { step("mount_setattr", Err(io::Error::last_os_error())) }
}

/// The path below the new root, which is the working directory by now.
fn inside(target: &str) -> Result<PathBuf, JailError> {
    let mut parts = Path::new(target).components();
    let plain = parts.next() == Some(Component::RootDir)
        && parts.clone().all(|part| matches!(part, Component::Normal(_)));
    if plain {
        Ok(parts.as_path().to_owned())
    } else {
        Err(refused("setup", "a target is no plain absolute path"))
    }
}

fn parent(target: &Path) -> Result<(), JailError> {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.map_or(Ok(()), |parent| step("mkdir", fs::create_dir_all(parent)))
}

/// A file in memory with this content, to be read from its start.
pub(super) fn memory_file(content: &[u8]) -> Result<OwnedFd, JailError> {
    let made = rustix::fs::memfd_create("terraphim", rustix::fs::MemfdFlags::CLOEXEC);
    let mut file = fs::File::from(step("memfd", made)?);
    step("memfd", file.write_all(content).and_then(|()| io::Seek::rewind(&mut file)))?;
    Ok(file.into())
}

/// Puts a descriptor to a number, to be kept by the next program.
pub(super) fn place(descriptor: &OwnedFd, number: i32) -> Result<(), JailError> {
    if descriptor.as_raw_fd() == number {
        return step("fcntl", rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty()));
    }
    // SAFETY: no value of this process owns that number.
    let placed = unsafe { libc::dup2(descriptor.as_raw_fd(), number) };
    if placed == number { Ok(()) } else { step("dup2", Err(io::Error::last_os_error())) }
}
