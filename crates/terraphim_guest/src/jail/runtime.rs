//! The jail of a language runtime of the machine: entered by this program,
//! which then becomes the runtime. The runtime is the zygote; it keeps the one
//! privilege that it needs to give each run a folder of its own, in a user
//! namespace where that is worth nothing outside, and takes it from each run.

use std::{ffi::CString, io, os::unix::ffi::OsStrExt, path::Path};

use rustix::{
    process::{DumpableBehavior, Resource, Signal},
    thread::{CapabilitySet, CapabilitySets},
};
use terraphim_sandbox_protocol::control::Layers;

use super::{
    CHANNEL, Jail, JailError, filter, limit, namespaces, process, refused,
    root::{self, Received},
    step,
};

/// Where the runtime finds what it is to execute.
const PROGRAM: i32 = CHANNEL + 1;

/// Longest core file, in bytes: none is so short. Where the machine hands them to a
/// program of its own, outside of every wall, this number alone keeps it from that; 0 does not.
const NO_CORE: u64 = 1;

/// What a runtime is started with.
pub(crate) struct Launch<'l> {
    /// Its path in the jail.
    pub(crate) program: &'l Path,
    /// All arguments, the program's own name first.
    pub(crate) arguments: &'l [&'l str],
    /// `NAME=value`, all that it gets.
    pub(crate) environment: &'l [&'l str],
}

/// Enters namespaces and the root of the setup. Returns in the first process
/// of the PID namespace.
///
/// # Errors
///
/// The step without which there is no wall, and why it failed.
pub(crate) fn enter(setup: &[Received]) -> Result<Jail, JailError> {
    enter_with(setup, &root::Extras::default())
}

/// The same with a root that has more in it.
pub(super) fn enter_with(setup: &[Received], extras: &root::Extras<'_>) -> Result<Jail, JailError> {
    if rustix::process::getuid().is_root() {
        return Err(refused("uid", "the guest must not be started as root"));
    }
    let mut jail = Jail::default();
    namespaces::enter_all(&mut jail)?;
    root::enter(setup, extras)?;
    jail.holds(Layers::EMPTY_ROOT);
    keep_mounting()?;
    jail.holds(Layers::NO_PRIVILEGES);
    for resource in [Resource::Msgqueue, Resource::Memlock] {
        limit(resource, 0, 0)?;
    }
    limit(Resource::Core, NO_CORE, NO_CORE)?;
    limit(Resource::Nofile, 4096, 4096)?;
    jail.holds(Layers::RLIMITS);
    jail.holds(Layers::SECCOMP);
    if super::landlock_is_there() {
        jail.holds(Layers::LANDLOCK);
    } else {
        jail.lacks(&"landlock: not offered by this kernel");
    }
    Ok(jail)
}

/// Gives up every capability but those to mount, which the next program inherits.
fn keep_mounting() -> Result<(), JailError> {
    step("no_new_privs", rustix::thread::set_no_new_privs(true))?;
    // The kernel makes an overlay's working folder with a mode that shuts out its own maker.
    let kept = CapabilitySet::SYS_ADMIN | CapabilitySet::DAC_OVERRIDE;
    for capability in CapabilitySet::all().difference(kept).iter() {
        // Refused where the kernel does not know it.
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: kept };
    step("capset", rustix::thread::set_capabilities(None, sets))?;
    for capability in kept.iter() {
        step("ambient", rustix::thread::configure_capability_in_ambient_set(capability, true))?;
    }
    step("dumpable", rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable))?;
    step("pdeathsig", rustix::process::set_parent_process_death_signal(Some(Signal::KILL)))
}

/// Becomes the runtime, which reads `program` from the descriptor after the channel.
///
/// # Errors
///
/// The step that failed; there is no other way back.
pub(crate) fn become_runtime(
    launch: &Launch<'_>,
    program: &[u8],
) -> Result<std::convert::Infallible, JailError> {
    let program = root::memory_file(program)?;
    root::place(&program, PROGRAM)?;
    let null = step("open", std::fs::File::open("/dev/null"))?;
    root::place(&null.into(), 0)?;
    process::keep_channel()?;
    filter::confine_runtime()?;
    let text = |text: &str| CString::new(text).map_err(|_| refused("execve", "a NUL in an argument"));
    let path = CString::new(launch.program.as_os_str().as_bytes())
        .map_err(|_| refused("execve", "a NUL in the path"))?;
    let arguments = launch.arguments.iter().map(|one| text(one)).collect::<Result<Vec<_>, _>>()?;
    let environment = launch.environment.iter().map(|one| text(one)).collect::<Result<Vec<_>, _>>()?;
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(&arguments), pointers(&environment));
    // SAFETY: the path is a C string, the lists end with null and point to C strings that live on.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    step("execve", Err(io::Error::last_os_error()))
}
