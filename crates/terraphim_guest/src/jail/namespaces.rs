//! Namespaces and the empty root.

use std::{fs, io};

use rustix::{
    mount::{MountFlags, MountPropagationFlags, UnmountFlags},
    process::Signal,
};
use terraphim_sandbox_protocol::control::Layers;

use super::{Jail, JailError, filter, process, step};

/// The uid and gid inside; never 0.
const INSIDE_ID: u32 = 1000;

const ALL: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS;

/// Enters new namespaces and becomes the first process of the PID namespace.
/// Without user namespaces it returns in the calling process and says so.
pub(super) fn enter(jail: &mut Jail) -> Result<(), JailError> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    // SAFETY: unshare takes flags only; this process has a single thread.
    if unsafe { libc::unshare(ALL) } != 0 {
        jail.lacks(&format_args!("user namespaces: {}", io::Error::last_os_error()));
        return Ok(());
    }
    // A machine may give the namespaces and none of the privileges in them, as
    // AppArmor does it; then the ids stay unmapped, which is no less of a wall.
    let mapped = map_ids(uid, gid);
    become_first_process()?;
    jail.holds(Layers::USER);
    jail.holds(Layers::PID);
    jail.holds(Layers::NETWORK);
    jail.holds(Layers::IPC_UTS);
    // The network is empty and the name is nobody's: a failure to change it is no hole.
    let _ = rustix::system::sethostname(b"jail");
    match empty_root() {
        Ok(()) => jail.holds(Layers::EMPTY_ROOT),
        Err(error) => {
            if let Err(unmapped) = mapped {
                jail.lacks(&unmapped);
            }
            jail.lacks(&error);
        }
    }
    Ok(())
}

/// The same where nothing may be missing; the root stays as it is.
pub(super) fn enter_all(jail: &mut Jail) -> Result<(), JailError> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    // SAFETY: unshare takes flags only; this process has a single thread.
    if unsafe { libc::unshare(ALL) } != 0 {
        return step("user namespaces", Err(io::Error::last_os_error()));
    }
    map_ids(uid, gid)?;
    become_first_process()?;
    for layer in [Layers::USER, Layers::PID, Layers::NETWORK, Layers::IPC_UTS] {
        jail.holds(layer);
    }
    step("sethostname", rustix::system::sethostname(b"jail"))
}

fn map_ids(uid: u32, gid: u32) -> Result<(), JailError> {
    step("setgroups", fs::write("/proc/self/setgroups", "deny"))?;
    step("uid_map", fs::write("/proc/self/uid_map", format!("{INSIDE_ID} {uid} 1")))?;
    step("gid_map", fs::write("/proc/self/gid_map", format!("{INSIDE_ID} {gid} 1")))
}

/// Forks; the child goes on inside the PID namespace, the parent only waits for
/// it, so that the host has one process to watch and to kill.
fn become_first_process() -> Result<(), JailError> {
    // SAFETY: single-threaded, so the child may run any code.
    match unsafe { libc::fork() } {
        -1 => Err(JailError { step: "fork", source: io::Error::last_os_error() }),
        0 => Ok(()),
        child => wait_for(child),
    }
}

fn wait_for(child: libc::pid_t) -> Result<(), JailError> {
    let confined = process::close_descriptors_from(0)
        .and_then(|()| super::drop_privileges(&mut Jail::default()))
        .and_then(|()| filter::confine_waiter());
    if confined.is_ok() {
        process::wait_until_gone(child);
    }
    // The death signal of the child ends it if it is still there.
    process::exit_now(i32::from(confined.is_err()))
}

/// Makes an empty, read-only file system the root and lets go of the old one.
fn empty_root() -> Result<(), JailError> {
    // Dies with its parent from here on; set again once the privileges are gone.
    step("pdeathsig", rustix::process::set_parent_process_death_signal(Some(Signal::KILL)))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    step("mount private", rustix::mount::mount_change("/", private))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let mount = |place: &'static str| {
        let options = Some(c"size=4k,nr_inodes=2,mode=0555");
        rustix::mount::mount("none", place, "tmpfs", flags, options).map(|()| place)
    };
    let mounted = ["/run", "/proc", "/dev", "/"]
        .into_iter()
        .fold(mount("/tmp"), |so_far, place| so_far.or_else(|_| mount(place)));
    let place = step("mount tmpfs", mounted)?;
    step("chdir", rustix::process::chdir(place))?;
    step("pivot_root", rustix::process::pivot_root(".", "."))?;
    step("umount", rustix::mount::unmount(".", UnmountFlags::DETACH))?;
    step("chdir", rustix::process::chdir("/"))?;
    step("remount", rustix::mount::mount_remount("/", flags | MountFlags::RDONLY, ""))
}
