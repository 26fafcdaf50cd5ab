//! Processes and descriptors: fork, reap, and what a child keeps.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd},
};

use rustix::{
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
        SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    },
    process::{Pid, PidfdFlags, Resource, Signal},
};

use super::{JailError, limit, step};

/// The one descriptor: the control channel in the zygote, the run channel in a run.
pub const CHANNEL: RawFd = 3;

/// Address space that a run needs for the guest itself, in bytes.
const OWN_ADDRESS_SPACE: u64 = 48 << 20;

/// Moves the control channel from standard input, where the host gives it, to its place.
///
/// # Errors
///
/// If standard input is closed.
pub fn adopt_channel() -> Result<(), JailError> {
    // SAFETY: nothing in this program owns descriptor 3 yet.
    let moved = unsafe { libc::dup3(0, CHANNEL, libc::O_CLOEXEC) };
    if moved == CHANNEL { Ok(()) } else { step("dup3", Err(io::Error::last_os_error())) }
}

/// Lets the next program have the channel.
pub(super) fn keep_channel() -> Result<(), JailError> {
    step("fcntl", rustix::io::fcntl_setfd(channel(), rustix::io::FdFlags::empty()))
}

/// Lets a fault end the process as a fault. The language's runtime would try
/// to say that the stack overflowed, with calls that no filter lets through.
pub(super) fn fault_plainly() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: the default action is a valid handler for any signal.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Makes forks inherit the mapping of this program's code. The kernel leaves
/// those of files to page faults in the child, unless one of their pages was
/// ever written; a run would take a fault for every few pages.
///
/// Where the machine does not let code be written to, nothing changes.
pub(super) fn let_children_inherit_code() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    for (address, length) in maps.lines().filter_map(code_mapping) {
        let protection = libc::PROT_READ | libc::PROT_EXEC;
        let start = address as *mut u8;
        // SAFETY: the range is a whole mapping of this program, which stays
        // readable and executable throughout; a byte is written over by itself
        // while nothing else runs.
        unsafe {
            if libc::mprotect(start.cast(), length, protection | libc::PROT_WRITE) == 0 {
                start.write_volatile(start.read_volatile());
                libc::mprotect(start.cast(), length, protection);
            }
        }
    }
}

/// Reads `start-end permissions offset device inode path` of a file's code: address and length.
fn code_mapping(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    if fields.nth(2)? == "0" || !permissions.starts_with("r-x") {
        return None;
    }
    let start = usize::from_str_radix(start, 16).ok()?;
    let end = usize::from_str_radix(end, 16).ok()?;
    Some((start, end.checked_sub(start)?))
}

/// Makes the C library look for its time zone now, since it opens files to do so.
pub(super) fn settle_time_zone() {
    let epoch = 0;
    let mut broken_down = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are valid for their types; the result is not used.
    unsafe { libc::localtime_r(&raw const epoch, broken_down.as_mut_ptr()) };
}

/// A process of a run, seen from the zygote.
#[derive(Debug)]
pub struct Exit {
    /// As `wait4` gives it.
    pub status: i32,
    /// User and system time, in microseconds.
    pub cpu_micros: u64,
    /// Largest resident size, in KiB.
    pub peak_kib: u64,
}

/// Which side of a fork this is.
#[derive(Debug)]
pub enum Fork {
    /// The zygote.
    Zygote {
        /// The new process.
        pid: Pid,
        /// The new process, as the host is to know it.
        pidfd: OwnedFd,
        /// The host's end of the run channel.
        channel: OwnedFd,
    },
    /// The new process.
    Child {
        /// Its end of the run channel.
        channel: OwnedFd,
    },
}

/// Makes a process and a channel to it.
///
/// # Errors
///
/// If the machine has no room for another process or descriptor.
pub fn fork() -> Result<Fork, JailError> {
    // SAFETY: the zygote has a single thread, so the child may run any code.
    fork_by(|| unsafe { libc::fork() })
}

/// Makes a process that is the first of a PID namespace of its own, and a
/// channel to it: its end is the end of all that it starts.
///
/// # Errors
///
/// If the machine has no room for another process or descriptor.
pub(crate) fn fork_first() -> Result<Fork, JailError> {
    let flags = libc::CLONE_NEWPID | libc::SIGCHLD;
    // SAFETY: the zygote has a single thread, and without a stack of its own
    // the child goes on with a copy of this one.
    let clone = || unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    fork_by(|| libc::pid_t::try_from(clone()).unwrap_or(-1))
}

fn fork_by(make: impl FnOnce() -> libc::pid_t) -> Result<Fork, JailError> {
    let pair = rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    let (host_end, guest_end) = step("socketpair", pair)?;
    let pid = make();
    if pid == 0 {
        return Ok(Fork::Child { channel: guest_end });
    }
    let Some(pid) = Pid::from_raw(pid) else {
        return Err(JailError { step: "fork", source: io::Error::last_os_error() });
    };
    // The child cannot be reaped by anyone else, so the number is still its own.
    let pidfd = step("pidfd_open", rustix::process::pidfd_open(pid, PidfdFlags::empty()))?;
    Ok(Fork::Zygote { pid, pidfd, channel: host_end })
}

/// Waits for a process that is known to have ended.
pub fn reap(pid: Pid) -> Option<Exit> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for writes of their types.
    let reaped = unsafe { libc::wait4(pid.as_raw_pid(), &raw mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    if reaped != pid.as_raw_pid() {
        return None;
    }
    // SAFETY: zeroed is a valid rusage, and wait4 has filled it.
    let usage = unsafe { usage.assume_init() };
    Some(Exit {
        status,
        cpu_micros: micros(usage.ru_utime) + micros(usage.ru_stime),
        peak_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
    })
}

/// A time in microseconds.
pub(super) fn micros(time: libc::timeval) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(time.tv_usec).unwrap_or(0)
}

/// Waits until a child is gone.
pub(super) fn wait_until_gone(pid: libc::pid_t) {
    loop {
        // SAFETY: null pointers ask for no status and no usage.
        let gone = unsafe { libc::wait4(pid, std::ptr::null_mut(), 0, std::ptr::null_mut()) };
        if gone == pid || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Ends this process without running anything else.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit takes a number and does not return.
    unsafe { libc::_exit(code) }
}

/// Closes `first` and every later descriptor.
pub(crate) fn close_descriptors_from(first: RawFd) -> Result<(), JailError> {
    // SAFETY: no value of this process owns a descriptor in that range any more.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
    if closed == 0 { Ok(()) } else { step("close_range", Err(io::Error::last_os_error())) }
}

/// In a new child: keeps its channel and nothing else, and limits itself.
///
/// # Errors
///
/// The step that the kernel refused; the process must not go on.
pub fn enter_child(channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> Result<(), JailError> {
    step("pdeathsig", rustix::process::set_parent_process_death_signal(Some(Signal::KILL)))?;
    become_channel(channel)?;
    close_descriptors_from(CHANNEL + 1)?;
    for standard in 0..CHANNEL {
        // SAFETY: the standard streams are not used by this program.
        unsafe { libc::close(standard) };
    }
    limit(Resource::Nofile, 4, 4)?;
    limit(Resource::Nproc, 0, 0)?;
    limit(Resource::Cpu, cpu_seconds.max(1), cpu_seconds.max(1) + 1)?;
    let address_space = memory_bytes.saturating_add(OWN_ADDRESS_SPACE);
    limit(Resource::As, address_space, address_space)
}

/// Makes a run's channel the channel of this process.
pub(super) fn become_channel(channel: OwnedFd) -> Result<(), JailError> {
    // SAFETY: descriptor 3 is replaced on purpose; no value owns it.
    let moved = unsafe { libc::dup3(channel.as_raw_fd(), CHANNEL, libc::O_CLOEXEC) };
    if moved != CHANNEL {
        return step("dup3", Err(io::Error::last_os_error()));
    }
    std::mem::forget(channel);
    Ok(())
}

/// The channel of this process.
pub fn channel() -> BorrowedFd<'static> {
    // SAFETY: descriptor 3 is open from the start and never closed by this program.
    unsafe { BorrowedFd::borrow_raw(CHANNEL) }
}

/// Takes a datagram with the descriptor that may have come beside it; none once the host is gone.
///
/// # Errors
///
/// If the channel is none, or more came than belongs to one message.
pub(crate) fn receive_with_descriptor(most: usize) -> Result<(Vec<u8>, Option<OwnedFd>), JailError> {
    let mut datagram = vec![0; most];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let message = rustix::io::retry_on_intr(|| {
        rustix::net::recvmsg(channel(), &mut [IoSliceMut::new(&mut datagram)], &mut ancillary, flags)
    });
    let message = step("recvmsg", message)?;
    if message.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return step("recvmsg", Err(io::Error::other("a datagram is too long")));
    }
    let descriptor = ancillary.drain().find_map(|beside| match beside {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    datagram.truncate(message.bytes);
    Ok((datagram, descriptor))
}

/// Sends a datagram with descriptors beside it.
///
/// # Errors
///
/// If the host is gone, or there are more than two descriptors.
pub fn send_with_descriptors(datagram: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), JailError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return step("sendmsg", Err(io::Error::other("too many descriptors")));
    }
    let sent = rustix::io::retry_on_intr(|| {
        rustix::net::sendmsg(channel(), &[IoSlice::new(datagram)], &mut ancillary, SendFlags::NOSIGNAL)
    });
    step("sendmsg", sent).map(drop)
}
