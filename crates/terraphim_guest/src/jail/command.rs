//! The jail of a shell and its commands, and of a compiler and what it makes. A supervisor, which never becomes
//! anything else, is the first process of the run's PID namespace: its end is
//! the end of all processes of the run, and no signal of theirs reaches it.
//! They have a user namespace below its own, in which they are counted.

use std::{
    ffi::CString,
    io::{self, Read},
    mem::MaybeUninit,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
};

use rustix::{
    fs::{Mode, OFlags},
    process::{DumpableBehavior, Pid, Resource, Signal},
};
use terraphim_sandbox_protocol::{GuestFrame, Prepare, Stage};

use super::{
    CHANNEL, Jail, JailError, drop_privileges,
    filter::{self, RunFilter, lock_down},
    folders, limit, process, refused,
    root::{Extras, Received},
    runtime, step,
};

/// Where the processes of a run find their way to the host.
pub(crate) const BROKER: RawFd = 9;

/// Where the guest's own program is to be seen.
const OWN_PROGRAM: &str = "/usr/bin/mcp";

/// Processes and threads of a run at once.
const PROCESSES: u64 = 64;

/// Address space that a process may have besides its data, in bytes: the kernel
/// keeps tables of all that was read, which nothing else limits.
const BESIDE_DATA: u64 = 1 << 30;

/// How much later than others a run has its turn on a busy processor, as `nice` counts.
const NICE: i32 = 10;

/// Timers and signals under way of all processes together.
pub(super) const SIGNALS: u64 = 1024;

/// Descriptors of one process.
const DESCRIPTORS: u64 = 256;

/// Data that a supervisor may have besides what its run may have, in bytes.
const OWN_DATA: u64 = 64 << 20;

/// The filters of a run's processes and of their supervisor.
pub(crate) struct Filters {
    pub(crate) run: RunFilter,
    pub(crate) supervisor: RunFilter,
}

/// What the runs of a zygote start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commands {
    /// A shell, which has `mcp`.
    Shell,
    /// A compiler, and what that has made.
    Compiled,
}

/// Enters the jail of a zygote whose runs start commands. Returns in the first
/// process of the PID namespace.
///
/// # Errors
///
/// The step without which there is no wall, and why it failed.
pub(crate) fn enter_command(setup: &[Received], commands: Commands) -> Result<(Jail, Filters), JailError> {
    let own = step("read the guest", std::fs::read("/proc/self/exe"))?;
    let (program, place) = match commands {
        Commands::Shell => (Some((OWN_PROGRAM, own.as_slice())), None),
        Commands::Compiled => (None, Some(folders::PROGRAM)),
    };
    let extras = Extras { program, processes: true, place };
    let jail = runtime::enter_with(setup, &extras)?;
    let (run, supervisor) = filter::command_filters()?;
    process::fault_plainly();
    filter::confine_command_zygote()?;
    Ok((jail, Filters { run, supervisor }))
}

/// What a supervisor keeps in order to make and to watch the processes of its run.
pub(crate) struct Supervised {
    /// The folder of the processes that the zygote sees, which can be written to.
    pub(super) outer: OwnedFd,
    /// The folder of the run's own processes.
    pub(crate) processes: OwnedFd,
}

/// In a new child, which is the first of its PID namespace: keeps its channel
/// and nothing else.
///
/// # Errors
///
/// The step that the kernel refused; the process must not go on.
pub(crate) fn enter_supervisor(channel: OwnedFd) -> Result<Supervised, JailError> {
    step("pdeathsig", rustix::process::set_parent_process_death_signal(Some(Signal::KILL)))?;
    process::become_channel(channel)?;
    process::close_descriptors_from(CHANNEL + 1)?;
    let null = step("open", rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()))?;
    for standard in 0..CHANNEL {
        // SAFETY: the standard streams are not used by this program.
        if unsafe { libc::dup2(null.as_raw_fd(), standard) } != standard {
            return step("dup2", Err(io::Error::last_os_error()));
        }
    }
    let outer = folders::own_processes()?;
    Ok(Supervised { outer, processes: folders::folder("/proc")? })
}

/// Makes the run's folders, hands over the one that is written to, and gives up
/// every privilege.
///
/// # Errors
///
/// The step that failed; the process must not go on.
pub(crate) fn make_folders(prepare: &Prepare, stage: Option<&Stage>) -> Result<(), JailError> {
    let upper = folders::mount(prepare, stage)?;
    process::send_with_descriptors(&GuestFrame::encode_prepared(), &[upper.as_fd()])?;
    drop_privileges(&mut Jail::default())
}

/// What is started in the jail of a run.
pub(crate) struct Command<'c> {
    /// Its path in the jail.
    pub(crate) program: &'c str,
    /// All arguments, the program's own name first.
    pub(crate) arguments: &'c [&'c str],
    /// `NAME=value`, all that it gets.
    pub(crate) environment: &'c [&'c str],
    pub(crate) stdout: BorrowedFd<'c>,
    pub(crate) stderr: BorrowedFd<'c>,
    /// The way to the host, if it is to have one.
    pub(crate) broker: Option<BorrowedFd<'c>>,
    /// Data of each process, in bytes.
    pub(crate) data_bytes: u64,
    /// CPU time of each process, in seconds.
    pub(crate) cpu_seconds: u64,
    /// Longest file, in bytes.
    pub(crate) file_bytes: u64,
}

/// Starts a command behind all walls of a run.
///
/// # Errors
///
/// The step that failed, also in the new process; nothing of it is left.
pub(crate) fn start(
    supervised: &Supervised,
    command: &Command<'_>,
    filter: &RunFilter,
) -> Result<Pid, JailError> {
    let program = c_string(&command.program)?;
    let (arguments, environment) = (c_strings(command.arguments)?, c_strings(command.environment)?);
    let (arguments_list, environment_list) = (pointers(&arguments), pointers(&environment));
    let (told, tell) = step("pipe", rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC))?;
    // No number below it is kept by the command.
    let tell = step("dup", rustix::io::fcntl_dupfd_cloexec(tell, BROKER + 1))?;
    // SAFETY: this process has a single thread, so the child may run any code.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let Err(error) = confine(supervised, command, &tell, filter).and_then(|()| {
            // SAFETY: the path is a C string, the lists end with null and point to C strings that live on.
            unsafe { libc::execve(program.as_ptr(), arguments_list.as_ptr(), environment_list.as_ptr()) };
            step::<std::convert::Infallible, _>("execve", Err(io::Error::last_os_error()))
        });
        let words = format!("{}: {}", error.step, error.source);
        // Who would be told otherwise is gone.
        let _ = rustix::io::write(&tell, words.as_bytes());
        process::exit_now(1);
    }
    drop(tell);
    begun(pid, told, "command")
}

fn c_string(text: &&str) -> Result<CString, JailError> {
    CString::new(*text).map_err(|_| refused("execve", "an argument has a NUL"))
}

/// Texts as `execve` takes them.
pub(super) fn c_strings(texts: &[&str]) -> Result<Vec<CString>, JailError> {
    texts.iter().map(c_string).collect()
}

/// A list of C strings that ends with null; it points to those that it is made of.
pub(super) fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
}

/// The new process, once it has become another program: until then it has the
/// other end of `told`, and says there why it has not.
pub(super) fn begun(pid: libc::pid_t, told: OwnedFd, what: &'static str) -> Result<Pid, JailError> {
    let Some(pid) = Pid::from_raw(pid) else {
        return Err(JailError { step: "fork", source: io::Error::last_os_error() });
    };
    let mut words = String::new();
    let read = std::fs::File::from(told).take(1 << 10).read_to_string(&mut words);
    match read {
        Ok(0) => Ok(pid),
        _ => Err(JailError { step: what, source: io::Error::other(words) }),
    }
}

/// In the new process: everything that holds a run's processes.
fn confine(
    supervised: &Supervised,
    command: &Command<'_>,
    tell: &OwnedFd,
    filter: &RunFilter,
) -> Result<(), JailError> {
    step("setsid", rustix::process::setsid())?;
    own_users(&supervised.outer)?;
    step("nice", rustix::process::nice(NICE))?;
    limit(Resource::Nproc, PROCESSES, PROCESSES)?;
    limit(Resource::Nofile, DESCRIPTORS, DESCRIPTORS)?;
    limit(Resource::Fsize, command.file_bytes, command.file_bytes)?;
    limit(Resource::Data, command.data_bytes, command.data_bytes)?;
    let space = command.data_bytes.saturating_add(BESIDE_DATA);
    limit(Resource::As, space, space)?;
    limit(Resource::Sigpending, SIGNALS, SIGNALS)?;
    limit(Resource::Cpu, command.cpu_seconds.max(1), command.cpu_seconds.max(1) + 1)?;
    folders::restrict()?;
    drop_privileges(&mut Jail::default())?;
    keep_descriptors(command, tell)?;
    // SAFETY: the default action is a valid handler; the empty set is made before it is used.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        let mut none = MaybeUninit::<libc::sigset_t>::zeroed();
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
    lock_down(filter)
}

/// A user namespace of the run's own: there its processes are counted. Where the
/// whole machine has no memory left, they are the first to go.
pub(super) fn own_users(outer: &OwnedFd) -> Result<(), JailError> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    // SAFETY: unshare takes flags only; this process has a single thread.
    if unsafe { libc::unshare(libc::CLONE_NEWUSER) } != 0 {
        return step("own users", Err(io::Error::last_os_error()));
    }
    // Only what can be read may be written to; taken back with the privileges.
    step("dumpable", rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable))?;
    let write = |name: &str, text: String| {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(outer, format!("self/{name}"), flags, Mode::empty());
        step("own users", file.and_then(|file| rustix::io::write(&file, text.as_bytes()))).map(drop)
    };
    write("oom_score_adj", "1000".to_owned())?;
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{uid} {uid} 1"))?;
    write("gid_map", format!("{gid} {gid} 1"))
}

/// Puts the descriptors to their numbers and closes all others.
fn keep_descriptors(command: &Command<'_>, tell: &OwnedFd) -> Result<(), JailError> {
    let place = |descriptor: BorrowedFd<'_>, number: RawFd| {
        // SAFETY: this process only becomes another program; no value is used any more.
        let placed = unsafe { libc::dup2(descriptor.as_raw_fd(), number) };
        if placed == number { Ok(()) } else { step("dup2", Err(io::Error::last_os_error())) }
    };
    let close = |first: RawFd, last: RawFd| {
        // SAFETY: as above.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        if closed == 0 { Ok(()) } else { step("close_range", Err(io::Error::last_os_error())) }
    };
    // None of them may stand where another is to go.
    let beyond =
        |descriptor: BorrowedFd<'_>| step("dup", rustix::io::fcntl_dupfd_cloexec(descriptor, BROKER + 1));
    let (out, err) = (beyond(command.stdout)?, beyond(command.stderr)?);
    let broker = command.broker.map(beyond).transpose()?;
    // The number that an error is told on is kept by whoever tells it.
    let tell = tell.as_raw_fd();
    if tell <= BROKER {
        return Err(refused("dup2", "a descriptor is in the way"));
    }
    place(out.as_fd(), 1)?;
    place(err.as_fd(), 2)?;
    close(CHANNEL, BROKER)?;
    if let Some(broker) = broker {
        place(broker.as_fd(), BROKER)?;
        std::mem::forget(broker);
    }
    std::mem::forget((out, err));
    if tell > BROKER + 1 {
        close(BROKER + 1, tell - 1)?;
    }
    close(tell + 1, RawFd::MAX)
}

/// Leaves this process the calls of a supervisor whose commands have begun.
///
/// # Errors
///
/// If the kernel refuses a limit or the filter.
pub(crate) fn confine_supervisor(filter: &RunFilter, data_bytes: u64) -> Result<(), JailError> {
    let data = data_bytes.saturating_add(OWN_DATA);
    limit(Resource::Data, data, data)?;
    limit(Resource::Nproc, 0, 0)?;
    limit(Resource::Fsize, 0, 0)?;
    limit(Resource::Core, 0, 0)?;
    lock_down(filter)
}

/// A process of a run that is no more.
pub(crate) struct Reaped {
    pub(crate) pid: Pid,
    /// As `wait4` gives it.
    pub(crate) status: i32,
    /// User and system time, its own and that of those it waited for, in microseconds.
    pub(crate) cpu_micros: u64,
}

/// Waits for the end of any process of the run; `None` if there is none but this.
pub(crate) fn reap_any() -> Option<Reaped> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for writes of their types.
    let pid = unsafe { libc::wait4(-1, &raw mut status, 0, usage.as_mut_ptr()) };
    let pid = Pid::from_raw(pid.max(0))?;
    // SAFETY: zeroed is a valid rusage, and wait4 has filled it.
    let usage = unsafe { usage.assume_init() };
    Some(Reaped {
        pid,
        status,
        cpu_micros: process::micros(usage.ru_utime) + process::micros(usage.ru_stime),
    })
}

/// Ends every process of the run but this one, and waits until they are gone;
/// how much CPU time they had used, in microseconds.
pub(crate) fn end_all() -> u64 {
    let mut used = 0;
    loop {
        // SAFETY: takes numbers only; this process is the first of its PID namespace, which is never meant.
        unsafe { libc::kill(-1, libc::SIGKILL) };
        match reap_any() {
            Some(reaped) => used += reaped.cpu_micros,
            None => return used,
        }
    }
}

/// In a command of a run: the way to the host that it inherited, if it has one.
pub(crate) fn inherited_broker() -> BorrowedFd<'static> {
    // SAFETY: it is only sent over, which fails where it is no socket or not open; nothing here closes it.
    unsafe { BorrowedFd::borrow_raw(BROKER) }
}

/// Lets a write to a pipe that nobody reads end this process, as any command's does.
pub(crate) fn end_by_broken_pipes() {
    // SAFETY: the default action is a valid handler for any signal.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
