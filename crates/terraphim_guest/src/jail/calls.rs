//! The system calls that the filters let through, each with its reason. The
//! filters are made from these tables and from nothing else.

/// What of a call a filter lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// Every use.
    Any,
    /// Protections without `PROT_EXEC`.
    NotExecutable,
    /// Descriptor 3 alone.
    OnChannel,
    /// Exactly the flags of a plain fork.
    PlainFork,
    /// New threads of the same process.
    NewThread,
    /// Processes and threads in the namespaces that there are.
    NoNamespaces,
    /// Memory that is a file's or the process's own.
    NotShared,
    /// Flags, locks and copies of descriptors, nothing that sends signals.
    OwnFiles,
    /// Asking a descriptor what it is, and whether it blocks.
    Harmless,
    /// A thread's name.
    Naming,
    /// Asking, not setting.
    Asking,
    /// No use: it is answered with `EOPNOTSUPP`, as a file system without it does.
    Unsupported,
    /// Without a table of descriptors of its own.
    SameTable,
    /// Pairs of Unix sockets.
    UnixPair,
    /// Processes and threads, and PID namespaces for them.
    OwnProcesses,
    /// Pipes with a name, the kind being the second argument.
    Fifo,
    /// Pipes with a name, the kind being the third argument.
    FifoAt,
    /// Flags and copies of descriptors: no limit counts the locks of many processes.
    OwnDescriptors,
    /// The limits of the calling process but that of core files, or asking.
    OwnLimits,
    /// Every limit but that of core files.
    NotCore,
    /// No use: it is answered as if it were done.
    Pretended,
    /// The program behind descriptor 1000, a number that no process of a run can open.
    FirstProgram,
    /// No use: it is answered with `ENOSYS` instead of being fatal.
    Unimplemented,
}

impl Only {
    /// The restriction in words; empty where there is none.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::NotExecutable => "without `PROT_EXEC`",
            Self::OnChannel => "on descriptor 3 only",
            Self::PlainFork => "with the flags of a plain fork only",
            Self::NewThread => "for threads of the same process only",
            Self::NoNamespaces => "without flags for new namespaces",
            Self::NotShared => "not for shared memory without a file, nor growing",
            Self::OwnFiles => "for flags, locks and copies only",
            Self::Harmless => "for what descriptors are and whether they block only",
            Self::Naming => "for a thread's name only",
            Self::Asking => "for asking only",
            Self::Unsupported => "answered with `EOPNOTSUPP`",
            Self::SameTable => "without a table of its own",
            Self::UnixPair => "for Unix sockets only",
            Self::OwnProcesses => "without flags for new namespaces but those of processes",
            Self::Fifo | Self::FifoAt => "for pipes with a name only",
            Self::OwnDescriptors => "for flags and copies only",
            Self::OwnLimits => "for its own limits but that of core files, or asking",
            Self::NotCore => "not for the limit of core files",
            Self::Pretended => "answered as if it were done",
            Self::FirstProgram => "for the program that descriptor 1000 was, once",
            Self::Unimplemented => "answered with `ENOSYS`",
        }
    }
}

/// A system call that does not end its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// Its number on this architecture.
    pub number: i64,
    /// What of it is let through.
    pub only: Only,
    /// What it is needed for.
    pub reason: &'static str,
}

const fn call(name: &'static str, number: i64, only: Only, reason: &'static str) -> Call {
    Call { name, number, only, reason }
}

const HEAP: &str = "the heaps of the interpreter and the compiler";
const CLOCK: &str = "`Date`, timers, the interpreter's own deadline";
const LOCKS: &str = "locks of the C library and of Rust's";
const END: &str = "its end";

/// The calls of a run.
pub const RUN_CALLS: &[Call] = &[
    call("mmap", libc::SYS_mmap, Only::NotExecutable, HEAP),
    call("mprotect", libc::SYS_mprotect, Only::NotExecutable, HEAP),
    call("munmap", libc::SYS_munmap, Only::Any, HEAP),
    call("mremap", libc::SYS_mremap, Only::Any, HEAP),
    call("madvise", libc::SYS_madvise, Only::Any, HEAP),
    call("brk", libc::SYS_brk, Only::Any, HEAP),
    call("read", libc::SYS_read, Only::OnChannel, "its channel"),
    call("write", libc::SYS_write, Only::OnChannel, "its channel"),
    call("ppoll", libc::SYS_ppoll, Only::Any, "waiting for a reply or a timer"),
    call("clock_gettime", libc::SYS_clock_gettime, Only::Any, CLOCK),
    call("gettimeofday", libc::SYS_gettimeofday, Only::Any, CLOCK),
    call("futex", libc::SYS_futex, Only::Any, LOCKS),
    call("exit", libc::SYS_exit, Only::Any, END),
    call("exit_group", libc::SYS_exit_group, Only::Any, END),
];

/// Calls that some kernels let past every filter, because their own probes need
/// them: name, number and what comes of them in a program.
#[cfg(target_arch = "x86_64")]
pub const UNFILTERED_CALLS: &[(&str, i64, &str)] = &[
    ("uretprobe", 335, "ends the process with SIGILL"),
    ("uprobe", 336, "fails with `ENXIO` or ends the process with SIGILL"),
];
/// Calls that some kernels let past every filter.
#[cfg(not(target_arch = "x86_64"))]
pub const UNFILTERED_CALLS: &[(&str, i64, &str)] = &[];

const FORKING: &str = "making the process of a run";
const HANDING: &str = "a run's channel and process, handed to the host";
const CONTROL: &str = "the control channel";
const LAST_STEPS: &str = "the last steps of a run's jail";
const AROUND_FORK: &str = "what the C library does around a fork";

/// The calls of the zygote.
pub const ZYGOTE_CALLS: &[Call] = &[
    call("mmap", libc::SYS_mmap, Only::NotExecutable, HEAP),
    call("mprotect", libc::SYS_mprotect, Only::NotExecutable, HEAP),
    call("munmap", libc::SYS_munmap, Only::Any, HEAP),
    call("mremap", libc::SYS_mremap, Only::Any, HEAP),
    call("madvise", libc::SYS_madvise, Only::Any, HEAP),
    call("brk", libc::SYS_brk, Only::Any, HEAP),
    call("clone", libc::SYS_clone, Only::PlainFork, FORKING),
    call("clone3", libc::SYS_clone3, Only::Unimplemented, "the C library then takes `clone`"),
    call("wait4", libc::SYS_wait4, Only::Any, "the end of a run and what it used"),
    call("socketpair", libc::SYS_socketpair, Only::Any, HANDING),
    call("pidfd_open", libc::SYS_pidfd_open, Only::Any, HANDING),
    call("sendmsg", libc::SYS_sendmsg, Only::Any, HANDING),
    call("recvfrom", libc::SYS_recvfrom, Only::Any, CONTROL),
    call("ppoll", libc::SYS_ppoll, Only::Any, CONTROL),
    call("read", libc::SYS_read, Only::Any, "a run inherits it"),
    call("write", libc::SYS_write, Only::Any, "a run inherits it"),
    call("close", libc::SYS_close, Only::Any, LAST_STEPS),
    call("close_range", libc::SYS_close_range, Only::Any, LAST_STEPS),
    call("dup3", libc::SYS_dup3, Only::Any, LAST_STEPS),
    call("prctl", libc::SYS_prctl, Only::Any, LAST_STEPS),
    call("prlimit64", libc::SYS_prlimit64, Only::Any, LAST_STEPS),
    call("seccomp", libc::SYS_seccomp, Only::Any, LAST_STEPS),
    call("getrandom", libc::SYS_getrandom, Only::Any, "the seed of a run"),
    call("rt_sigprocmask", libc::SYS_rt_sigprocmask, Only::Any, AROUND_FORK),
    call("set_robust_list", libc::SYS_set_robust_list, Only::Any, AROUND_FORK),
    call("gettid", libc::SYS_gettid, Only::Any, AROUND_FORK),
    call("getpid", libc::SYS_getpid, Only::Any, AROUND_FORK),
    call("clock_gettime", libc::SYS_clock_gettime, Only::Any, CLOCK),
    call("gettimeofday", libc::SYS_gettimeofday, Only::Any, CLOCK),
    call("futex", libc::SYS_futex, Only::Any, LOCKS),
    call("exit", libc::SYS_exit, Only::Any, END),
    call("exit_group", libc::SYS_exit_group, Only::Any, END),
];

/// The calls of the process that waits for the zygote.
pub const WAITER_CALLS: &[Call] = &[
    call("wait4", libc::SYS_wait4, Only::Any, "the end of the zygote"),
    call("munmap", libc::SYS_munmap, Only::Any, "what the filter was made in is given back"),
    call("exit_group", libc::SYS_exit_group, Only::Any, END),
];
