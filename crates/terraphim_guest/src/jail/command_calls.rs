//! The system calls of a shell and its commands, beyond those of a run in a
//! runtime: they make processes and signal them, in a PID namespace that is
//! theirs alone. And those of their supervisor.

use super::{
    calls::{Call, Only},
    runtime_calls::calls,
};

const PROCESSES: &str = "making commands and waiting for them";
const SIGNALS: &str = "signals between the run's own processes";
const FILES: &str = "files of the workspace and `/tmp`, and pipes with a name";
const TIMERS: &str = "`timeout` and `sleep`";
const LIMITS: &str = "`ulimit`, which can only lower";
const ASKING: &str = "what `mcp` asks the host";
const SESSIONS: &str =
    "commands that are to outlive their terminal, which there is not; a processor is shared between sessions";
const DESCRIPTORS: &str = "redirections";
const STARTED_BY: &str =
    "`bash`, which reads start-up files unless it is told that its input is no connection";

/// What the processes of a run have beyond the calls of a run in a runtime.
pub const COMMAND_RUN_CALLS: &[Call] = calls![
    SYS_execve Any PROCESSES,
    SYS_clone NoNamespaces PROCESSES,
    SYS_waitid Any PROCESSES,
    SYS_setpgid Any PROCESSES,
    SYS_setsid Pretended SESSIONS,
    SYS_kill Any SIGNALS,
    SYS_tgkill Any SIGNALS,
    SYS_rt_sigsuspend Any SIGNALS,
    SYS_mknodat FifoAt FILES,
    SYS_timer_create Any TIMERS,
    SYS_timer_settime Any TIMERS,
    SYS_timer_gettime Any TIMERS,
    SYS_timer_delete Any TIMERS,
    SYS_prlimit64 OwnLimits LIMITS,
    SYS_recvmsg Any ASKING,
    SYS_fcntl OwnDescriptors DESCRIPTORS,
    SYS_getpeername Any STARTED_BY,
];

/// The older names of some of these, which the C library of this architecture still uses.
#[cfg(target_arch = "x86_64")]
pub const COMMAND_OLD_CALLS: &[Call] = calls![
    SYS_vfork Any PROCESSES,
    SYS_mknod Fifo FILES,
    SYS_setrlimit NotCore LIMITS,
];
/// The older names of some of these; this architecture has none.
#[cfg(not(target_arch = "x86_64"))]
pub const COMMAND_OLD_CALLS: &[Call] = &[];

/// What of the calls of a run in a runtime no command has: with many processes,
/// sockets and what waits for them would hold more than any limit counts.
pub const COMMAND_REFUSED_CALLS: &[Call] = calls![
    SYS_socketpair Any ASKING,
    SYS_epoll_create1 Any ASKING,
    SYS_epoll_ctl Any ASKING,
    SYS_epoll_pwait Any ASKING,
    SYS_eventfd2 Any ASKING,
];

const RUN_OF_ITS_OWN: &str = "the process of a run, in a PID namespace";
const SUPERVISION: &str = "killing what is left of a run";
const JAIL: &str = "the last steps of a run's jail";

/// What the zygote has beyond both and beyond the zygote of a runtime.
pub const COMMAND_ZYGOTE_CALLS: &[Call] = calls![
    SYS_clone OwnProcesses RUN_OF_ITS_OWN,
    SYS_kill Any SUPERVISION,
    SYS_prlimit64 Any JAIL,
    SYS_setpriority Any JAIL,
    SYS_setsid Any JAIL,
];

const CHANNEL: &str = "the host, the run's output and its `mcp` commands";
const WATCHING: &str = "what the run's processes use";
const ENDING: &str = "the end of the run's processes";
const MEMORY: &str = "its own memory";

/// The calls of a supervisor from the moment at which its program begins; any
/// other one ends the run.
pub const SUPERVISOR_CALLS: &[Call] = calls![
    SYS_read Any CHANNEL,
    SYS_write Any CHANNEL,
    SYS_socketpair UnixPair CHANNEL,
    SYS_sendmsg Any CHANNEL,
    SYS_recvfrom Any CHANNEL,
    SYS_sendto Any CHANNEL,
    SYS_ppoll Any CHANNEL,
    SYS_close Any CHANNEL,
    SYS_openat Any WATCHING,
    SYS_getdents64 Any WATCHING,
    SYS_fstat Any WATCHING,
    SYS_newfstatat Any WATCHING,
    SYS_statx Any WATCHING,
    SYS_fcntl OwnFiles WATCHING,
    SYS_lseek Any WATCHING,
    SYS_kill Any ENDING,
    SYS_wait4 Any ENDING,
    SYS_exit Any ENDING,
    SYS_exit_group Any ENDING,
    SYS_rt_sigprocmask Any ENDING,
    SYS_rt_sigreturn Any ENDING,
    SYS_mmap NotExecutable MEMORY,
    SYS_mprotect NotExecutable MEMORY,
    SYS_munmap Any MEMORY,
    SYS_mremap Any MEMORY,
    SYS_madvise Any MEMORY,
    SYS_brk Any MEMORY,
    SYS_futex Any MEMORY,
    SYS_clock_gettime Any WATCHING,
    SYS_restart_syscall Any CHANNEL,
];
