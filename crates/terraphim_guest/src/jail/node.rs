//! The jail of node. A supervisor, as of a shell's commands, starts it before
//! there is a program: it waits, with all that it needs to begin, until the
//! run's folders are mounted where it sees them. It is a single process, which
//! becomes node by the one call that its filter has for that. Native code could make it
//! again by the path of another file of the same root; it would be behind the same walls.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, IntoRawFd, RawFd},
};

use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Resource, Rlimit},
};

use super::{
    CHANNEL, Jail, JailError,
    command::{
        BROKER, Filters, SIGNALS, Supervised, begun, c_strings, confine_supervisor, own_users, pointers,
    },
    drop_privileges,
    filter::{self, RunFilter, lock_down},
    folders, limit, process,
    root::{Extras, Received},
    runtime, step,
};

/// Where a process of a run has its program until it has become that: a number
/// beyond all that it may open afterwards.
pub(super) const PROGRAM: RawFd = 1000;

/// Threads of node at once.
const TASKS: u64 = 64;

/// Address space, in bytes: node reserves much of it and uses little. What page
/// tables of it all would take, nothing else counts.
const SPACE: u64 = 32 << 30;

/// Descriptors of node.
const DESCRIPTORS: u64 = 256;

/// Enters the jail of the zygote of nodes, in which `boot` is shown: its path and
/// content. Returns in the first process of the PID namespace.
///
/// # Errors
///
/// The step without which there is no wall, and why it failed.
pub(crate) fn enter_node(setup: &[Received], boot: (&str, &[u8])) -> Result<(Jail, Filters), JailError> {
    let jail = runtime::enter_with(setup, &Extras { program: Some(boot), processes: true, place: None })?;
    let (run, supervisor) = filter::node_filters()?;
    process::fault_plainly();
    filter::confine_node_zygote()?;
    Ok((jail, Filters { run, supervisor }))
}

/// What node is started with.
pub(crate) struct Node<'n> {
    /// Its path in the jail.
    pub(crate) program: &'n str,
    /// All arguments, the program's own name first.
    pub(crate) arguments: &'n [&'n str],
    /// `NAME=value`, all that it gets.
    pub(crate) environment: &'n [&'n str],
    pub(crate) stdout: BorrowedFd<'n>,
    pub(crate) stderr: BorrowedFd<'n>,
    /// Its end of the connection with its supervisor, which becomes [`BROKER`].
    pub(crate) connection: BorrowedFd<'n>,
}

/// Starts node behind all walls of a run.
///
/// # Errors
///
/// The step that failed, also in the new process; nothing of it is left.
pub(crate) fn start_node(
    supervised: &Supervised,
    node: &Node<'_>,
    filter: &RunFilter,
) -> Result<Pid, JailError> {
    let (arguments, environment) = (c_strings(node.arguments)?, c_strings(node.environment)?);
    let (arguments_list, environment_list) = (pointers(&arguments), pointers(&environment));
    let (told, tell) = step("pipe", rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC))?;
    // SAFETY: this process has a single thread, so the child may run any code.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let tell = tell.into_raw_fd();
        let Err(error) = confine(supervised, node, tell, filter).and_then(|()| {
            let (by, itself) = (libc::SYS_execveat, libc::AT_EMPTY_PATH);
            // SAFETY: the path is a C string, the lists end with null and point to C strings that live on.
            unsafe {
                let (arguments, environment) = (arguments_list.as_ptr(), environment_list.as_ptr());
                libc::syscall(by, PROGRAM, c"".as_ptr(), arguments, environment, itself)
            };
            step::<std::convert::Infallible, _>("execveat", Err(io::Error::last_os_error()))
        });
        let words = format!("{}: {}", error.step, error.source);
        // Where `confine` has moved it, or where it was.
        let _ = [TELL, tell].iter().any(|number| {
            // SAFETY: it is only written to, which fails where it is not open; nothing here closes it.
            let open = unsafe { BorrowedFd::borrow_raw(*number) };
            rustix::io::write(open, words.as_bytes()).is_ok()
        });
        process::exit_now(1);
    }
    drop(tell);
    begun(pid, told, "node")
}

/// Where a failure before node begins is told.
const TELL: RawFd = PROGRAM + 1;

/// In the new process: everything that holds node.
fn confine(
    supervised: &Supervised,
    node: &Node<'_>,
    tell: RawFd,
    filter: &RunFilter,
) -> Result<(), JailError> {
    step("setsid", rustix::process::setsid())?;
    own_users(&supervised.outer)?;
    limit(Resource::Nproc, TASKS, TASKS)?;
    keep_descriptors(node, tell)?;
    limit(Resource::Nofile, DESCRIPTORS, DESCRIPTORS)?;
    limit(Resource::As, SPACE, SPACE)?;
    limit(Resource::Sigpending, SIGNALS, SIGNALS)?;
    folders::restrict_early()?;
    drop_privileges(&mut Jail::default())?;
    lock_down(filter)
}

/// Puts the descriptors to their numbers and closes all others.
fn keep_descriptors(node: &Node<'_>, tell: RawFd) -> Result<(), JailError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    // None of them may stand where another is to go.
    let beyond = |descriptor: BorrowedFd<'_>| {
        step("dup", rustix::io::fcntl_dupfd_cloexec(descriptor, TELL + 1)).map(IntoRawFd::into_raw_fd)
    };
    let (out, err) = (beyond(node.stdout)?, beyond(node.stderr)?);
    let connection = beyond(node.connection)?;
    let program = step("open node", rustix::fs::open(node.program, flags, Mode::empty()))
        .and_then(|opened| beyond(opened.as_fd()))?;
    let place = |from: RawFd, number: RawFd, flags: libc::c_int| {
        // SAFETY: this process only becomes another program; no value is used any more.
        let placed = unsafe { libc::dup3(from, number, flags) };
        if placed == number { Ok(()) } else { step("dup3", Err(io::Error::last_os_error())) }
    };
    place(tell, TELL, libc::O_CLOEXEC)?;
    for (from, number, flags) in
        [(out, 1, 0), (err, 2, 0), (connection, BROKER, 0), (program, PROGRAM, libc::O_CLOEXEC)]
    {
        place(from, number, flags)?;
    }
    for (first, last) in [(CHANNEL, BROKER - 1), (BROKER + 1, PROGRAM - 1), (TELL + 1, RawFd::MAX)] {
        // SAFETY: as above.
        if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } != 0 {
            return step("close_range", Err(io::Error::last_os_error()));
        }
    }
    Ok(())
}

/// Limits a node that waits for its program: data and the longest file in bytes,
/// CPU time in seconds.
///
/// # Errors
///
/// If the kernel refuses.
pub(crate) fn limit_node(node: Pid, data: u64, file: u64, cpu: u64) -> Result<(), JailError> {
    for (resource, most) in [(Resource::Data, data), (Resource::Fsize, file), (Resource::Cpu, cpu.max(1))] {
        let hard = if matches!(resource, Resource::Cpu) { most + 1 } else { most };
        let limit = Rlimit { current: Some(most), maximum: Some(hard) };
        step("prlimit", rustix::process::prlimit(Some(node), resource, limit))?;
    }
    Ok(())
}

/// Leaves this process, which is to read the program's text, the calls of a
/// supervisor, and of files nothing but the kernel's account of its processes.
///
/// # Errors
///
/// If the kernel refuses a limit, the rules or the filter.
pub(crate) fn confine_node_supervisor(filter: &RunFilter, data_bytes: u64) -> Result<(), JailError> {
    folders::restrict_to_watching()?;
    confine_supervisor(filter, data_bytes)
}
