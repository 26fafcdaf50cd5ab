//! The jail of a type checker: a process that reads its own package and what
//! the host tells it, and nothing else. It has neither folder nor network of its
//! own, and becomes the checker by the one call that its filter has for that.

use std::{
    convert::Infallible,
    io,
    os::fd::{IntoRawFd, OwnedFd, RawFd},
};

use rustix::{
    fs::{Mode, OFlags},
    process::{Resource, Signal},
};

use super::{
    CHANNEL, Jail, JailError,
    command::{SIGNALS, c_strings, pointers},
    drop_privileges,
    filter::{self, RunFilter, lock_down},
    folders, limit,
    node::PROGRAM,
    process,
    root::{Extras, Received},
    runtime, step,
};

/// Threads of a checker at once.
const TASKS: u64 = 64;

/// Address space beside its data, in bytes: it reserves much and uses little of it.
const BESIDE_DATA: u64 = 8 << 30;

/// Descriptors of a checker, its program's own number among them.
const DESCRIPTORS: u64 = 256;

/// Enters the jail of the zygote of checkers, in which `project` is shown: its
/// path and content. Returns in the first process of the PID namespace.
///
/// # Errors
///
/// The step without which there is no wall, and why it failed.
pub(crate) fn enter_checker(
    setup: &[Received],
    project: (&str, &[u8]),
) -> Result<(Jail, RunFilter), JailError> {
    let extras = Extras { program: Some(project), processes: true, place: None };
    let jail = runtime::enter_with(setup, &extras)?;
    let (run, _) = filter::node_filters()?;
    process::fault_plainly();
    filter::confine_node_zygote()?;
    Ok((jail, run))
}

/// What a checker is started with.
pub(crate) struct Checker<'c> {
    /// Its path in the jail.
    pub(crate) program: &'c str,
    /// All arguments, the program's own name first.
    pub(crate) arguments: &'c [&'c str],
    /// `NAME=value`, all that it gets.
    pub(crate) environment: &'c [&'c str],
    /// Data that it may have, in bytes.
    pub(crate) memory_bytes: u64,
    /// CPU time that it may take in its whole life, in seconds.
    pub(crate) cpu_seconds: u64,
}

/// In a new child, which is the first of its PID namespace: becomes the checker,
/// with the channel as standard input and output.
///
/// # Errors
///
/// The step that failed; there is no other way back.
pub(crate) fn become_checker(
    channel: OwnedFd,
    checker: &Checker<'_>,
    filter: &RunFilter,
) -> Result<Infallible, JailError> {
    step("pdeathsig", rustix::process::set_parent_process_death_signal(Some(Signal::KILL)))?;
    let (arguments, environment) = (c_strings(checker.arguments)?, c_strings(checker.environment)?);
    let (arguments, environment) = (pointers(&arguments), pointers(&environment));
    // A checker finds itself by `/proc`, and is to find nobody else there.
    drop(folders::own_processes()?);
    step("setsid", rustix::process::setsid())?;
    keep_descriptors(channel, checker.program)?;
    step("chdir", rustix::process::chdir("/check"))?;
    limit(Resource::Nproc, TASKS, TASKS)?;
    limit(Resource::Nofile, DESCRIPTORS, DESCRIPTORS)?;
    limit(Resource::Fsize, 0, 0)?;
    limit(Resource::Data, checker.memory_bytes, checker.memory_bytes)?;
    let space = checker.memory_bytes.saturating_add(BESIDE_DATA);
    limit(Resource::As, space, space)?;
    limit(Resource::Sigpending, SIGNALS, SIGNALS)?;
    limit(Resource::Cpu, checker.cpu_seconds.max(1), checker.cpu_seconds.max(1) + 1)?;
    folders::restrict_to_reading()?;
    drop_privileges(&mut Jail::default())?;
    lock_down(filter)?;
    let (by, itself) = (libc::SYS_execveat, libc::AT_EMPTY_PATH);
    // SAFETY: the path is a C string, the lists end with null and point to C strings that live on.
    unsafe { libc::syscall(by, PROGRAM, c"".as_ptr(), arguments.as_ptr(), environment.as_ptr(), itself) };
    step("execveat", Err(io::Error::last_os_error()))
}

/// Puts the descriptors to their numbers and closes all others.
fn keep_descriptors(channel: OwnedFd, program: &str) -> Result<(), JailError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let program = step("open the checker", rustix::fs::open(program, flags, Mode::empty()))?.into_raw_fd();
    let null = step("open", rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()))?;
    // Neither stands where one of the standard streams is to go.
    let beyond = |descriptor: OwnedFd| {
        step("dup", rustix::io::fcntl_dupfd_cloexec(&descriptor, CHANNEL + 1)).map(IntoRawFd::into_raw_fd)
    };
    let (channel, null) = (beyond(channel)?, beyond(null)?);
    let place = |from: RawFd, number: RawFd, flags: libc::c_int| {
        // SAFETY: this process only becomes another program; no value is used any more.
        let placed = unsafe { libc::dup3(from, number, flags) };
        if placed == number { Ok(()) } else { step("dup3", Err(io::Error::last_os_error())) }
    };
    place(program, PROGRAM, libc::O_CLOEXEC)?;
    for (from, number) in [(channel, 0), (channel, 1), (null, 2)] {
        place(from, number, 0)?;
    }
    for (first, last) in [(CHANNEL, PROGRAM - 1), (PROGRAM + 1, RawFd::MAX)] {
        // SAFETY: as above.
        if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } != 0 {
            return step("close_range", Err(io::Error::last_os_error()));
        }
    }
    Ok(())
}

/// Says why this process has not become a checker, where that would have spoken.
pub(crate) fn say_on_channel(error: &JailError) {
    let words = format!("{}: {}\n", error.step, error.source);
    // SAFETY: it is only written to, which fails where it is not open; nothing here closes it.
    let channel = unsafe { std::os::fd::BorrowedFd::borrow_raw(1) };
    // A host that is gone needs no word.
    let _ = rustix::io::write(channel, words.as_bytes());
}
