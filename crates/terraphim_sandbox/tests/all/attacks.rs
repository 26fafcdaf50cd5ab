//! Attacks of a run's process after it has entered the jail, each with its
//! exact verdict, and the host's account after each.

use std::time::{Duration, Instant};

use terraphim_types::Limits;

use crate::host::{
    SOON, attack, block_on, first_account, is_alone, mebibytes, patient, pool, settle, verdict,
};

/// How long a run may take whose verdict is the deadline.
const WALL: Duration = Duration::from_millis(200);

const FORBIDDEN: &str = "forbidden";
const DEADLINE: &str = "deadline";
const BEFORE: &str = "died of 0 before its start";

/// What an attack writes, and what it does to the channel.
const FRAMES: &[(&str, &str)] = &[
    // Lengths.
    ("hex 0000000011", "protocol: frame of kind 0 does not have the length of its fields"),
    ("header 0xffffffff 17", "protocol: frame of kind 17 has 4294967294 bytes, the limit is 8392704"),
    ("header 8392706 17", "protocol: frame of kind 17 has 8392705 bytes, the limit is 8392704"),
    ("header 131074 18", "protocol: frame of kind 18 has 131073 bytes, the limit is 131072"),
    ("header 67108866 19", "protocol: frame of kind 19 has 67108865 bytes, the limit is 67108864"),
    ("header 262146 20", "protocol: frame of kind 20 has 262145 bytes, the limit is 262144"),
    ("header 2 16", "protocol: frame of kind 16 has 1 bytes, the limit is 0"),
    ("header 131073 18; zeros 131072", "protocol: frame of kind 18 does not have the length of its fields"),
    ("header 67108865 19; zeros 67108864; exit 0", "result of 67108864 bytes"),
    // Kinds, the host's own among them.
    ("header 1 0", "protocol: unknown frame kind 0"),
    ("header 54 1; zeros 53", "protocol: unknown frame kind 1"),
    ("header 6 2; zeros 5", "protocol: unknown frame kind 2"),
    ("header 0xffffffff 2", "protocol: unknown frame kind 2"),
    ("header 1 15", "protocol: unknown frame kind 15"),
    ("header 1 21", "protocol: frame of kind 21 is not due"),
    ("header 1 22", "protocol: unknown frame kind 22"),
    ("hex ffffffffff", "protocol: unknown frame kind 255"),
    ("hex 485454502f312e3120323030204f4b0d0a0d0a", "protocol: unknown frame kind 47"),
    // Fields.
    ("header 6 18; hex 0900000000", "protocol: frame of kind 18 has the meaningless value 9"),
    ("header 22 20; hex 09; zeros 20", "protocol: frame of kind 20 has the meaningless value 9"),
    ("header 7 18; hex 0001000000ff", "protocol: frame of kind 18 has a text that is not UTF-8"),
    ("header 9 18; hex 0003000000eda080", "protocol: frame of kind 18 has a text that is not UTF-8"),
    ("header 10 17; hex 0000000001000000ff", "protocol: frame of kind 17 has a text that is not UTF-8"),
    (
        "header 9 17; hex 00000000ffffffff",
        "protocol: frame of kind 17 does not have the length of its fields",
    ),
    ("header 1 17", "protocol: frame of kind 17 does not have the length of its fields"),
    ("header 1 18", "protocol: frame of kind 18 does not have the length of its fields"),
    ("header 1 20", "protocol: frame of kind 20 does not have the length of its fields"),
    // Ends in the middle.
    ("exit 0", BEFORE),
    ("hex 05; exit 0", BEFORE),
    ("header 10 18; exit 0", BEFORE),
    ("header 67108865 19; zeros 1000000; exit 0", BEFORE),
    ("started; header 10 19; exit 0", "died of 0 after its start"),
    ("started; log 100; call 1 echo 10; exit 0", "died of 0 after its start"),
    ("call 1 big 0; exit 0", BEFORE),
    ("call 1 never 0; exit 0", BEFORE),
    // Order. What follows a last word is not read.
    ("done 1; done 2", "result 1"),
    ("done 1; hex ffffffffffffff", "result 1"),
    ("done 1; call 1 echo 10", "result 1"),
    ("done 1; exit 97", "result 1"),
    ("done 1; repeat forever done 2", "result 1"),
    ("done 1; spin", "result 1"),
    ("failed first; done 2", "failed first at line 4294967295"),
    ("started; started; done 1", "protocol: frame of kind 16 is not due"),
    ("repeat forever started", "protocol: frame of kind 16 is not due"),
    ("header 1 19", "result "),
    ("header 3 19; hex fffe", "result \u{fffd}\u{fffd}"),
    // Ids: replies go by the number alone, so they harm only the one who gave it.
    ("call 1 echo 3; call 1 echo 3; drain 26; done 1", "result 1"),
    ("call 4294967295 echo 3; call 0 echo 3; drain 26; done 1", "result 1"),
    ("call 1 never 0; call 1 echo 3; drain 13; done 1", "result 1"),
    // Floods.
    ("repeat forever call 1 echo 0", "more than 11000 calls"),
    ("repeat forever call 1 never 0", "more than 11000 calls"),
    ("repeat forever call 1 never 8388608", "more than 67108864 bytes"),
    ("repeat forever log 0", DEADLINE),
    ("repeat forever log 131067", DEADLINE),
    ("repeat 20000 log 100; done 1", "result 1"),
    // Silence.
    ("", DEADLINE),
    ("hex 0500", DEADLINE),
    ("header 100 18; zeros 10", DEADLINE),
    ("header 100 18; zeros 10; spin", DEADLINE),
    ("call 1 big 0", DEADLINE),
    ("call 1 big 0; spin", DEADLINE),
    ("call 1 big 0; sleep", DEADLINE),
    ("call 1 big 0; call 2 big 0; call 3 big 0; drain 1000; sleep", DEADLINE),
];

/// What an attack does to its own process.
const PROCESS: &[(&str, &str)] = &[
    ("spin", DEADLINE),
    ("sleep", DEADLINE),
    ("started; spin", DEADLINE),
    ("stack", "died of 11 before its start"),
    ("started; stack", "died of 11 after its start"),
    ("heap", "memory"),
    ("fault segment", "died of 11 before its start"),
    ("fault code", "died of 11 before its start"),
    ("fault illegal", "died of 4 before its start"),
    ("fault trap", "died of 5 before its start"),
    // Exit codes that the guest itself uses stand for what the guest would mean by them.
    ("exit 1", BEFORE),
    ("exit 96", BEFORE),
    ("exit 97", "memory"),
    ("exit 98", "protocol"),
    ("exit 99", "lost"),
    ("exit 255", BEFORE),
    ("started; exit 97", "memory"),
];

#[cfg(target_arch = "x86_64")]
const OF_MACHINE: &[(&str, &str)] = &[
    ("fault divide", "died of 8 before its start"),
    ("fault privileged", "died of 11 before its start"),
    ("syscall native 57", FORBIDDEN),
    ("syscall native 58", FORBIDDEN),
    ("syscall native 2 path 0", FORBIDDEN),
    ("syscall x32 1 3 buffer 1", FORBIDDEN),
    ("syscall x32 59 path 0 0", FORBIDDEN),
];
#[cfg(not(target_arch = "x86_64"))]
const OF_MACHINE: &[(&str, &str)] = &[];

/// System calls that lead out, by the number of this machine.
fn calls() -> Vec<(String, String)> {
    let calls = [
        (libc::SYS_clone, "17"),
        (libc::SYS_clone, "0x10000"),
        (libc::SYS_clone, "0x7e020000"),
        (libc::SYS_clone3, "buffer 88"),
        (libc::SYS_execve, "path 0 0"),
        (libc::SYS_execveat, "-100 path 0 0 0"),
        (libc::SYS_openat, "-100 path 0 0"),
        (libc::SYS_openat2, "-100 path buffer 24"),
        (libc::SYS_readlinkat, "-100 path buffer 100"),
        (libc::SYS_newfstatat, "-100 path buffer 0"),
        (libc::SYS_getdents64, "3 buffer 100"),
        (libc::SYS_memfd_create, "path 0"),
        (libc::SYS_userfaultfd, "0"),
        (libc::SYS_io_uring_setup, "8 buffer"),
        (libc::SYS_bpf, "0 buffer 64"),
        (libc::SYS_perf_event_open, "buffer 0 -1 -1 0"),
        (libc::SYS_ptrace, "0 1 0 0"),
        (libc::SYS_process_vm_readv, "1 buffer 1 buffer 1 0"),
        (libc::SYS_process_vm_writev, "1 buffer 1 buffer 1 0"),
        (libc::SYS_pidfd_open, "1 0"),
        (libc::SYS_pidfd_getfd, "3 0 0"),
        (libc::SYS_pidfd_send_signal, "3 9 0 0"),
        (libc::SYS_kill, "1 9"),
        (libc::SYS_kill, "0 19"),
        (libc::SYS_kill, "-1 9"),
        (libc::SYS_tgkill, "1 1 9"),
        (libc::SYS_tkill, "1 9"),
        (libc::SYS_rt_sigqueueinfo, "1 9 buffer"),
        (libc::SYS_rt_sigaction, "15 buffer 0 8"),
        (libc::SYS_rt_sigprocmask, "0 buffer 0 8"),
        (libc::SYS_rt_sigreturn, ""),
        (libc::SYS_sigaltstack, "buffer 0"),
        (libc::SYS_socket, "1 1 0"),
        (libc::SYS_connect, "3 buffer 16"),
        (libc::SYS_sendmsg, "3 buffer 0"),
        (libc::SYS_recvmsg, "3 buffer 0"),
        (libc::SYS_sendto, "3 buffer 1 0 0 0"),
        (libc::SYS_shutdown, "3 1"),
        (libc::SYS_shutdown, "3 0"),
        (libc::SYS_close, "3"),
        (libc::SYS_dup, "3"),
        (libc::SYS_dup3, "3 4 0"),
        (libc::SYS_fcntl, "3 0 0"),
        (libc::SYS_ioctl, "3 0x5421 buffer"),
        (libc::SYS_setsockopt, "3 1 1 buffer 4"),
        (libc::SYS_writev, "3 buffer 1"),
        (libc::SYS_pkey_mprotect, "buffer 4096 4 0"),
        (libc::SYS_pkey_alloc, "0 0"),
        (libc::SYS_shmget, "0 4096 0x1b6"),
        (libc::SYS_prctl, "15 path 0 0 0"),
        (libc::SYS_prctl, "4 1 0 0 0"),
        (libc::SYS_seccomp, "1 0 buffer"),
        (libc::SYS_prlimit64, "0 7 0 buffer"),
        (libc::SYS_setuid, "0"),
        (libc::SYS_setns, "3 0"),
        (libc::SYS_unshare, "0x10000000"),
        (libc::SYS_mount, "path path path 0 0"),
        (libc::SYS_chroot, "path"),
        (libc::SYS_personality, "0x0400000"),
        (libc::SYS_keyctl, "0 0 0"),
        (libc::SYS_add_key, "path path buffer 1 -4"),
        (libc::SYS_nanosleep, "buffer 0"),
        (libc::SYS_timer_create, "0 0 buffer"),
        (libc::SYS_setitimer, "0 buffer 0"),
        (libc::SYS_getrandom, "buffer 1 0"),
        (libc::SYS_getpid, ""),
        (libc::SYS_uname, "buffer"),
        (libc::SYS_sysinfo, "buffer"),
        (libc::SYS_mmap, "0 4096 7 0x22 -1 0"),
        (libc::SYS_mmap, "0 4096 5 0x21 -1 0"),
        (libc::SYS_mprotect, "buffer 4096 4"),
        (libc::SYS_read, "0 buffer 1"),
        (libc::SYS_write, "1 buffer 1"),
        (libc::SYS_write, "2 buffer 1"),
    ];
    let calls = calls.map(|(number, arguments)| format!("syscall native {number} {arguments}; tell"));
    calls.into_iter().map(|script| (script, FORBIDDEN.to_owned())).collect()
}

#[test]
fn attacks_of_frames_get_their_verdict() {
    if is_alone("attacks::attacks_of_frames_get_their_verdict") {
        block_on(withstand(owned(FRAMES)));
    }
}

#[test]
fn attacks_on_the_process_get_their_verdict() {
    if is_alone("attacks::attacks_on_the_process_get_their_verdict") {
        block_on(withstand([owned(PROCESS), owned(OF_MACHINE), calls()].concat()));
    }
}

fn owned(attacks: &[(&str, &str)]) -> Vec<(String, String)> {
    attacks.iter().map(|(script, expected)| ((*script).to_owned(), (*expected).to_owned())).collect()
}

/// Lets one host, which is this process, live through every attack.
async fn withstand(attacks: Vec<(String, String)>) {
    let pool = pool("", 0);
    let before = first_account(&pool).await;
    let zygote = pool.jail_pid().await;
    let resident = mebibytes("VmRSS:");
    for (script, expected) in &attacks {
        let wall = if expected == DEADLINE { WALL } else { SOON };
        let began = Instant::now();
        let end = attack(&pool, Limits { wall, ..Limits::default() }, script).await;
        let mut told = verdict(&end.ending);
        if told.len() > 1000 {
            told = format!("result of {} bytes", told.len() - "result ".len());
        }
        assert_eq!(told, *expected, "{script}");
        assert!(began.elapsed() < wall.max(SOON), "{script} took {:?}", began.elapsed());
        assert!(end.logs.text().len() < 8 << 10, "{script} logs {} bytes", end.logs.text().len());
        let next = attack(&pool, patient(), "log 3; done 7").await;
        assert_eq!((verdict(&next.ending), next.logs.text().trim()), ("result 7".into(), "lll"), "{script}");
        settle(&before, script).await;
    }
    assert_eq!(pool.jail_pid().await, zygote, "the zygote is another one");
    let grown = mebibytes("VmRSS:").saturating_sub(resident);
    let most = mebibytes("VmHWM:").saturating_sub(resident);
    println!("{} attacks: {grown} MiB kept, {most} MiB at most", attacks.len());
    // What the allocator keeps for the next run, and three replies of 100 MB with their frames.
    assert!(grown < 100, "the host has grown by {grown} MiB");
    assert!(most < 900, "the host had grown by {most} MiB");
}

/// What a run keeps the host from letting go of is bounded by bytes, not only by calls.
#[test]
fn arguments_that_are_never_answered_are_bounded() {
    if is_alone("attacks::arguments_that_are_never_answered_are_bounded") {
        block_on(async {
            let pool = pool("", 0);
            first_account(&pool).await;
            let resident = mebibytes("VmHWM:");
            let script = "repeat forever call 1 never 8388608";
            assert_eq!(verdict(&attack(&pool, patient(), script).await.ending), "more than 67108864 bytes");
            let most = mebibytes("VmHWM:").saturating_sub(resident);
            println!("{most} MiB at most");
            assert!(most < 180, "the host had grown by {most} MiB");
        });
    }
}

#[tokio::test]
async fn time_is_taken_from_those_who_use_it() {
    let pool = pool("", 0);
    let limits = Limits { cpu: Duration::from_secs(1), ..patient() };
    let end = attack(&pool, limits, "spin").await;
    assert_eq!(verdict(&end.ending), "cpu");
    // The kernel counts for the limit in ticks, and for the account exactly.
    assert!(end.usage.cpu >= Duration::from_millis(500), "{:?}", end.usage);
    // The deadline holds however the process spends its time; the best of three counts on a busy machine.
    for script in ["spin", "sleep", "repeat forever log 100"] {
        let mut best = SOON;
        for _ in 0..3 {
            let end = attack(&pool, Limits { wall: WALL, ..patient() }, script).await;
            assert_eq!(verdict(&end.ending), DEADLINE, "{script}");
            best = best.min(end.usage.wall);
        }
        assert!(best < WALL + Duration::from_millis(100), "{script}: {best:?}");
    }
}

#[tokio::test]
async fn address_space_ends_at_its_limit() {
    let pool = pool("", 0);
    let limits = Limits { memory_bytes: 64 << 20, ..patient() };
    let end = attack(&pool, limits, "map; tell").await;
    let mapped = verdict(&end.ending).strip_prefix("result ").and_then(|mapped| mapped.parse::<u64>().ok());
    // The limit, and what the guest itself is granted beside it.
    assert!(mapped.is_some_and(|mapped| (32..=64 + 48).contains(&mapped)), "{mapped:?} MiB");
}
