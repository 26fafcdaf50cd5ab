//! The system calls of a language runtime of the machine. A call that is not
//! listed answers `EPERM`: libraries try many that they can do without.

use super::calls::{Call, Only};

const FILES: &str = "files of the runtime, the workspace and `/tmp`";
const SHARED: &str = "locks that others would meet who open the same file of the machine";
const ATTRIBUTES: &str = "copying a file with all that it has";
const MEMORY: &str = "memory of the runtime and its libraries";
const WAITING: &str = "waiting, timers and pipes";
const SIGNALS: &str = "handlers of the process's own signals";
const THREADS: &str = "threads and their locks";
const ABOUT: &str = "what a process asks about itself";
const END: &str = "its end";

macro_rules! calls {
    ($($name:ident $only:ident $reason:ident,)*) => {
        &[$(Call {
            name: calls!(@name $name),
            number: libc::$name,
            only: Only::$only,
            reason: $reason,
        }),*]
    };
    (@name $name:ident) => {
        // The constants are called `SYS_` and the call's name.
        match stringify!($name).as_bytes().split_at(4) {
            (_, name) => match std::str::from_utf8(name) {
                Ok(name) => name,
                Err(_) => "",
            },
        }
    };
}
pub(super) use calls;

/// The calls of a run in a runtime.
pub const RUNTIME_RUN_CALLS: &[Call] = calls![
    SYS_read Any FILES,
    SYS_write Any FILES,
    SYS_readv Any FILES,
    SYS_writev Any FILES,
    SYS_pread64 Any FILES,
    SYS_pwrite64 Any FILES,
    SYS_preadv Any FILES,
    SYS_pwritev Any FILES,
    SYS_openat Any FILES,
    SYS_close Any FILES,
    SYS_close_range SameTable FILES,
    SYS_fstat Any FILES,
    SYS_newfstatat Any FILES,
    SYS_statx Any FILES,
    SYS_statfs Any FILES,
    SYS_fstatfs Any FILES,
    SYS_lseek Any FILES,
    SYS_faccessat Any FILES,
    SYS_faccessat2 Any FILES,
    SYS_getdents64 Any FILES,
    SYS_getcwd Any FILES,
    SYS_chdir Any FILES,
    SYS_fchdir Any FILES,
    SYS_renameat2 Any FILES,
    SYS_mkdirat Any FILES,
    SYS_unlinkat Any FILES,
    SYS_symlinkat Any FILES,
    SYS_linkat Any FILES,
    SYS_readlinkat Any FILES,
    SYS_fchmod Any FILES,
    SYS_fchmodat Any FILES,
    SYS_umask Any FILES,
    SYS_utimensat Any FILES,
    SYS_truncate Any FILES,
    SYS_ftruncate Any FILES,
    SYS_fallocate Any FILES,
    SYS_fadvise64 Any FILES,
    SYS_fsync Any FILES,
    SYS_fdatasync Any FILES,
    SYS_flock Unsupported SHARED,
    SYS_copy_file_range Any FILES,
    SYS_sendfile Any FILES,
    SYS_dup Any FILES,
    SYS_dup3 Any FILES,
    SYS_fcntl OwnFiles FILES,
    SYS_ioctl Harmless FILES,
    SYS_getxattr Unsupported ATTRIBUTES,
    SYS_lgetxattr Unsupported ATTRIBUTES,
    SYS_fgetxattr Unsupported ATTRIBUTES,
    SYS_setxattr Unsupported ATTRIBUTES,
    SYS_lsetxattr Unsupported ATTRIBUTES,
    SYS_fsetxattr Unsupported ATTRIBUTES,
    SYS_listxattr Unsupported ATTRIBUTES,
    SYS_llistxattr Unsupported ATTRIBUTES,
    SYS_flistxattr Unsupported ATTRIBUTES,
    SYS_removexattr Unsupported ATTRIBUTES,
    SYS_lremovexattr Unsupported ATTRIBUTES,
    SYS_fremovexattr Unsupported ATTRIBUTES,
    SYS_mmap NotShared MEMORY,
    SYS_mprotect Any MEMORY,
    SYS_munmap Any MEMORY,
    SYS_mremap Any MEMORY,
    SYS_madvise Any MEMORY,
    SYS_msync Any MEMORY,
    SYS_mincore Any MEMORY,
    SYS_brk Any MEMORY,
    SYS_pipe2 Any WAITING,
    SYS_ppoll Any WAITING,
    SYS_pselect6 Any WAITING,
    SYS_epoll_create1 Any WAITING,
    SYS_epoll_ctl Any WAITING,
    SYS_epoll_pwait Any WAITING,
    SYS_eventfd2 Any WAITING,
    SYS_socketpair UnixPair WAITING,
    SYS_sendto Any WAITING,
    SYS_recvfrom Any WAITING,
    SYS_shutdown Any WAITING,
    SYS_getsockopt Any WAITING,
    SYS_getsockname Any WAITING,
    SYS_nanosleep Any WAITING,
    SYS_clock_nanosleep Any WAITING,
    SYS_setitimer Any WAITING,
    SYS_getitimer Any WAITING,
    SYS_rt_sigaction Any SIGNALS,
    SYS_rt_sigprocmask Any SIGNALS,
    SYS_rt_sigreturn Any SIGNALS,
    SYS_rt_sigtimedwait Any SIGNALS,
    SYS_rt_sigpending Any SIGNALS,
    SYS_sigaltstack Any SIGNALS,
    SYS_restart_syscall Any SIGNALS,
    SYS_clone NewThread THREADS,
    SYS_clone3 Unimplemented THREADS,
    SYS_futex Any THREADS,
    SYS_set_robust_list Any THREADS,
    SYS_set_tid_address Any THREADS,
    SYS_rseq Any THREADS,
    SYS_sched_yield Any THREADS,
    SYS_sched_getaffinity Any THREADS,
    SYS_gettid Any THREADS,
    SYS_membarrier Any THREADS,
    SYS_prctl Naming THREADS,
    SYS_getpid Any ABOUT,
    SYS_getppid Any ABOUT,
    SYS_getuid Any ABOUT,
    SYS_geteuid Any ABOUT,
    SYS_getgid Any ABOUT,
    SYS_getegid Any ABOUT,
    SYS_getgroups Any ABOUT,
    SYS_getresuid Any ABOUT,
    SYS_getresgid Any ABOUT,
    SYS_getpgid Any ABOUT,
    SYS_getsid Any ABOUT,
    SYS_getpriority Any ABOUT,
    SYS_getcpu Any ABOUT,
    SYS_getrusage Any ABOUT,
    SYS_times Any ABOUT,
    SYS_uname Any ABOUT,
    SYS_sysinfo Any ABOUT,
    SYS_getrandom Any ABOUT,
    SYS_capget Any ABOUT,
    SYS_prlimit64 Asking ABOUT,
    SYS_clock_gettime Any ABOUT,
    SYS_clock_getres Any ABOUT,
    SYS_gettimeofday Any ABOUT,
    SYS_wait4 Any ABOUT,
    SYS_exit Any END,
    SYS_exit_group Any END,
];

/// The older names of some of these, which the C library of this architecture still uses.
#[cfg(target_arch = "x86_64")]
pub const RUNTIME_OLD_CALLS: &[Call] = calls![
    SYS_open Any FILES,
    SYS_stat Any FILES,
    SYS_lstat Any FILES,
    SYS_access Any FILES,
    SYS_rename Any FILES,
    SYS_mkdir Any FILES,
    SYS_rmdir Any FILES,
    SYS_unlink Any FILES,
    SYS_symlink Any FILES,
    SYS_link Any FILES,
    SYS_readlink Any FILES,
    SYS_chmod Any FILES,
    SYS_dup2 Any FILES,
    SYS_pipe Any WAITING,
    SYS_poll Any WAITING,
    SYS_select Any WAITING,
    SYS_epoll_wait Any WAITING,
    SYS_alarm Any WAITING,
    SYS_pause Any WAITING,
    SYS_getpgrp Any ABOUT,
    SYS_getrlimit Any ABOUT,
    SYS_time Any ABOUT,
    SYS_arch_prctl Any THREADS,
];
/// The older names of some of these; this architecture has none.
#[cfg(not(target_arch = "x86_64"))]
pub const RUNTIME_OLD_CALLS: &[Call] = &[];

const START: &str = "becoming the runtime";
const FORKING: &str = "making the process of a run";
const HANDING: &str = "a run's channel and process, handed to the host";
const FOLDER: &str = "a run's own folders";
const LAST_STEPS: &str = "the last steps of a run's jail";

/// What a runtime's zygote has beyond the calls of a run.
pub const RUNTIME_ZYGOTE_CALLS: &[Call] = calls![
    SYS_execve Any START,
    SYS_clone NoNamespaces FORKING,
    SYS_pidfd_open Any HANDING,
    SYS_sendmsg Any HANDING,
    SYS_recvmsg Any HANDING,
    SYS_unshare Any FOLDER,
    SYS_mount Any FOLDER,
    SYS_umount2 Any FOLDER,
    SYS_mount_setattr Any FOLDER,
    SYS_prctl Any LAST_STEPS,
    SYS_capset Any LAST_STEPS,
    SYS_prlimit64 Any LAST_STEPS,
    SYS_seccomp Any LAST_STEPS,
    SYS_landlock_create_ruleset Any LAST_STEPS,
    SYS_landlock_add_rule Any LAST_STEPS,
    SYS_landlock_restrict_self Any LAST_STEPS,
];
