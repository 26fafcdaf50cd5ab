//! verdict: result
//! only: x86_64
//! result: []
extern "C" { fn syscall(number: i64, ...) -> i64; }
const NAMES: &[u8] = b"/\0tmpfs\0\0";
fn main() {
    let at = NAMES.as_ptr() as i64;
    let page = Box::leak(Box::new([0_u64; 512])).as_ptr() as i64;
    let calls = [("mount", 165, [at, at, at + 2, 0, 0]), ("umount", 166, [at, 2, 0, 0, 0]), ("pivot_root", 155, [at, at, 0, 0, 0]),
        ("chroot", 161, [at, 0, 0, 0, 0]), ("ptrace attach", 101, [16, 1, 0, 0, 0]), ("ptrace seize", 101, [0x4206, 1, 0, 0, 0]),
        ("unshare users", 272, [0x1000_0000, 0, 0, 0, 0]), ("unshare all", 272, [0x7e02_0000, 0, 0, 0, 0]), ("setns", 308, [3, 0, 0, 0, 0]),
        ("bpf", 321, [5, page, 64, 0, 0]), ("userfaultfd", 323, [0, 0, 0, 0, 0]), ("userfaultfd user", 323, [1, 0, 0, 0, 0]),
        ("io_uring_setup", 425, [8, page, 0, 0, 0]), ("io_uring_enter", 426, [3, 1, 1, 0, 0]), ("io_uring_register", 427, [3, 0, page, 1, 0]),
        ("perf_event_open", 298, [page, 0, -1, -1, 0]), ("keyctl", 250, [0, -3, 1, 0, 0]), ("add_key", 248, [at, at, page, 8, -3]),
        ("request_key", 249, [at, at, 0, 0, 0]), ("memfd_create", 319, [at, 0, 0, 0, 0]), ("memfd_secret", 447, [0, 0, 0, 0, 0]),
        ("process_vm_readv", 310, [1, page, 1, page, 1]), ("process_vm_writev", 311, [1, page, 1, page, 1]), ("pidfd_open", 434, [1, 0, 0, 0, 0]),
        ("pidfd_getfd", 438, [3, 0, 0, 0, 0]), ("kcmp", 312, [1, 1, 0, 0, 0]), ("open_by_handle_at", 304, [3, page, 0, 0, 0]),
        ("fanotify_init", 300, [0, 0, 0, 0, 0]), ("name_to_handle_at", 303, [-100, at, page, page, 0]), ("personality", 135, [0x40000, 0, 0, 0, 0]),
        ("setuid", 105, [0, 0, 0, 0, 0]), ("setresuid", 117, [0, 0, 0, 0, 0]), ("setgroups", 116, [0, page, 0, 0, 0]), ("capset", 126, [page, page, 0, 0, 0]),
        ("iopl", 172, [3, 0, 0, 0, 0]), ("modify_ldt", 154, [1, page, 16, 0, 0]), ("init_module", 175, [page, 64, at, 0, 0]), ("kexec_load", 246, [0, 0, 0, 0, 0]),
        ("reboot", 169, [0xfee1dead, 672274793, 0x1234567, 0, 0]), ("swapon", 167, [at, 0, 0, 0, 0]), ("sethostname", 170, [at, 1, 0, 0, 0]),
        ("settimeofday", 164, [page, 0, 0, 0, 0]), ("syslog", 103, [3, page, 64, 0, 0]), ("quotactl", 179, [0, at, 0, page, 0]), ("acct", 163, [at, 0, 0, 0, 0]),
        ("fsopen", 430, [at + 2, 0, 0, 0, 0]), ("open_tree", 428, [-100, at, 1, 0, 0]), ("move_mount", 429, [-100, at, -100, at, 0]), ("mount_setattr", 442, [-100, at, 0, page, 32]),
        ("landlock off", 446, [3, 0, 0, 0, 0]), ("seccomp", 317, [1, 0, page, 0, 0]), ("clone users", 56, [0x1000_0011, 0, 0, 0, 0]), ("clone pids", 56, [0x2000_0011, 0, 0, 0, 0]),
        ("shmget", 29, [0, 4096, 0o1600, 0, 0]), ("msgget", 68, [0, 0o1600, 0, 0, 0]), ("mq_open", 240, [at, 0o102, 0o600, 0, 0]), ("tiocsti", 16, [0, 0x5412, page, 0, 0]),
        ("mknod", 133, [at, 0o20600, 0x103, 0, 0]), ("shared memory", 9, [0, 4096, 3, 0x21, -1])];
    let got: Vec<String> = calls.iter().filter_map(|(name, number, [a, b, c, d, e])| {
        let answer = unsafe { syscall(*number, *a, *b, *c, *d, *e, 0_i64) };
        let error = std::io::Error::last_os_error().raw_os_error();
        // What has never been looked at by the kernel.
        (answer >= 0 || error != Some(1)).then(|| format!("{name}: {answer} {error:?}"))
    }).collect();
    println!("{}", mcp_runtime::json!(got));
}
