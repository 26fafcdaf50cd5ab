//! Every system call by every door: what does not end the process is exactly
//! what the guest's tables list.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use terraphim_sandbox::Pool;

use crate::host::{attack, patient, pool, verdict};

#[path = "../../../terraphim_guest/src/jail/calls.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the guest's own tables; the host's crates do not link the guest"
)]
mod calls;

use calls::{Call, Only, RUN_CALLS, UNFILTERED_CALLS, WAITER_CALLS, ZYGOTE_CALLS};

/// Past the last call of any kernel, and numbers that are none.
const ODD: &[u64] = &[
    1_000,
    4_095,
    0xffff,
    0x3fff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xc000_0000,
    0xffff_fffe,
    0xffff_ffff,
];

fn numbers(entry: &str) -> impl Iterator<Item = u64> {
    // What no filter is asked for has a test of its own.
    let unfiltered = UNFILTERED_CALLS.iter().map(|(_, number, _)| number.cast_unsigned());
    let unfiltered: Vec<u64> = unfiltered.filter(|_| entry == "native").collect();
    let numbers = (0..=600).chain(ODD.iter().copied());
    numbers.filter(move |number| !unfiltered.contains(number))
}

/// Arguments with which a listed call is let through and comes back at once.
fn harmless(call: &Call) -> &'static str {
    match (call.only, call.name) {
        (Only::OnChannel, _) => "3",
        (Only::PlainFork, _) => "17",
        // Without this it would wait for ever.
        (_, "ppoll") => "0 0 1",
        // In the zygote's own filter they would block on the channel.
        (_, "read" | "write") => "1000",
        (_, "recvfrom" | "sendmsg" | "close" | "dup3") => "1000",
        (_, "close_range") => "1000 1000",
        _ => "",
    }
}

/// Whether the process is alive after the call. The last step is one that every
/// list has, with a code that stands for nothing else.
async fn survives(pool: &Pool, entry: &str, number: u64, arguments: &str) -> bool {
    let script = format!("syscall {entry} {number} {arguments}; exit 98");
    let end = attack(pool, patient(), &script).await;
    match verdict(&end.ending).as_str() {
        "protocol" => true,
        "forbidden" => false,
        // The listed calls that end the process by themselves.
        "died of 0 before its start" => true,
        // A kernel without the door of 32-bit programs faults there.
        "died of 11 before its start" if entry == "old" => false,
        other => panic!("{script}: {other}"),
    }
}

async fn survivors(pool: &Pool, entry: &str, calls: &[Call]) -> Vec<u64> {
    let arguments: BTreeMap<u64, &str> =
        calls.iter().map(|call| (call.number.cast_unsigned(), harmless(call))).collect();
    let tried = stream::iter(numbers(entry).map(|number| {
        let arguments = arguments.get(&number).copied().unwrap_or_default();
        async move { survives(pool, entry, number, arguments).await.then_some(number) }
    }));
    let mut survivors: Vec<u64> = tried.buffer_unordered(8).filter_map(std::future::ready).collect().await;
    survivors.sort_unstable();
    survivors
}

async fn exactly_the_listed_calls_survive(role: &str, calls: &[Call]) {
    let pool = pool(role, 8);
    let mut listed: Vec<u64> = calls.iter().map(|call| call.number.cast_unsigned()).collect();
    listed.sort_unstable();
    assert_eq!(survivors(&pool, "native", calls).await, listed, "{role}");
    if cfg!(target_arch = "x86_64") {
        assert_eq!(survivors(&pool, "x32", calls).await, [0; 0], "{role}, x32");
        assert_eq!(survivors(&pool, "old", calls).await, [0; 0], "{role}, 32-bit");
    }
}

#[tokio::test]
async fn a_run_survives_exactly_its_own_calls() {
    exactly_the_listed_calls_survive("", RUN_CALLS).await;
}

#[tokio::test]
async fn the_zygote_survives_exactly_its_own_calls() {
    exactly_the_listed_calls_survive("filter of the zygote", ZYGOTE_CALLS).await;
}

#[tokio::test]
async fn the_waiter_survives_exactly_its_own_calls() {
    exactly_the_listed_calls_survive("waiter", WAITER_CALLS).await;
}

/// What of a listed call is let through, and what is not.
#[tokio::test]
async fn listed_calls_survive_with_the_documented_arguments_only() {
    let run = pool("", 4);
    let zygote = pool("filter of the zygote", 4);
    let map = libc::SYS_mmap.cast_unsigned();
    let protect = libc::SYS_mprotect.cast_unsigned();
    // Private and anonymous; the protections are those without and with PROT_EXEC.
    for pool in [&run, &zygote] {
        for (protection, expected) in
            [(0, true), (1, true), (2, true), (3, true), (4, false), (5, false), (6, false), (7, false)]
        {
            for high in [0_u64, 0x1_0000_0000, 0x100_0000] {
                let protection = protection | high;
                let arguments = format!("0 4096 {protection} 0x22 -1 0");
                assert_eq!(survives(pool, "native", map, &arguments).await, expected, "mmap {arguments}");
                // Nothing is mapped there, so it does nothing where it is let through.
                let arguments = format!("0x10000 4096 {protection}");
                assert_eq!(
                    survives(pool, "native", protect, &arguments).await,
                    expected,
                    "mprotect {arguments}"
                );
            }
        }
    }
    for call in [libc::SYS_read, libc::SYS_write] {
        for descriptor in (0..=1024_u64).chain([0xffff_ffff, 0x7fff_ffff, 0x1_0000_0003, 0x1_0000_0004]) {
            let arguments = format!("{descriptor} buffer 0");
            // The kernel takes the lower half for the number, and so does the filter.
            let expected = descriptor & 0xffff_ffff == 3;
            let survived = survives(&run, "native", call.cast_unsigned(), &arguments).await;
            assert_eq!(survived, expected, "call {call} with {arguments}");
        }
    }
    let clone = libc::SYS_clone.cast_unsigned();
    let forks = [libc::CLONE_CHILD_SETTID, libc::CLONE_CHILD_CLEARTID, 0].map(|flags| flags | libc::SIGCHLD);
    for flags in forks {
        assert!(survives(&zygote, "native", clone, &flags.to_string()).await, "clone {flags:#x}");
    }
    for bit in 0..32 {
        let flags = (1_u64 << bit) ^ libc::SIGCHLD.unsigned_abs() as u64;
        let is_fork = forks.iter().any(|fork| fork.unsigned_abs() as u64 == flags);
        assert_eq!(survives(&zygote, "native", clone, &flags.to_string()).await, is_fork, "clone {flags:#x}");
    }
}

/// What the kernel lets past every filter does nothing for its caller.
#[tokio::test]
async fn unfiltered_calls_lead_nowhere() {
    for role in ["", "filter of the zygote"] {
        let pool = pool(role, 0);
        for (name, number, _) in UNFILTERED_CALLS {
            let end = attack(&pool, patient(), &format!("syscall native {number}; tell")).await;
            let told = verdict(&end.ending);
            let nowhere = format!("result -{}", libc::ENXIO);
            let harmless = ["forbidden", "died of 4 before its start", &*nowhere];
            assert!(harmless.contains(&&*told), "{name}: {told}");
        }
    }
}

/// The one call that is answered for the kernel.
#[tokio::test]
async fn clone3_does_not_exist() {
    let zygote = pool("filter of the zygote", 0);
    let script = format!("syscall native {} buffer 88; tell", libc::SYS_clone3);
    let end = attack(&zygote, patient(), &script).await;
    assert_eq!(verdict(&end.ending), format!("result -{}", libc::ENOSYS));
}

#[test]
fn a_run_is_left_nothing_that_its_zygote_has_not() {
    for run in RUN_CALLS {
        let of_zygote = ZYGOTE_CALLS.iter().find(|call| call.number == run.number);
        assert!(of_zygote.is_some(), "{} is not the zygote's", run.name);
    }
    for calls in [RUN_CALLS, ZYGOTE_CALLS, WAITER_CALLS] {
        let numbers: std::collections::BTreeSet<_> = calls.iter().map(|call| call.number).collect();
        assert_eq!(numbers.len(), calls.len(), "a call is listed twice");
    }
}
