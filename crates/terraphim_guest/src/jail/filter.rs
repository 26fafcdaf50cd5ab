//! The system-call filters: one for the zygote, a stricter one for each run,
//! one for the process that waits for the zygote.
//!
//! A call that is not listed kills the process, x32 and 32-bit entry included,
//! because they are other numbers or another architecture.

use std::io;

use seccompiler::BpfProgram;

use super::{
    CHANNEL, JailError,
    bpf::{Action, Condition, Table, Test, Uses},
    calls::{Call, Only, RUN_CALLS, WAITER_CALLS, ZYGOTE_CALLS},
    command_calls::{
        COMMAND_OLD_CALLS, COMMAND_REFUSED_CALLS, COMMAND_RUN_CALLS, COMMAND_ZYGOTE_CALLS, SUPERVISOR_CALLS,
    },
    node::PROGRAM,
    node_calls::{NODE_REFUSED_CALLS, NODE_RUN_CALLS, NODE_ZYGOTE_CALLS},
    runtime_calls::{RUNTIME_OLD_CALLS, RUNTIME_RUN_CALLS, RUNTIME_ZYGOTE_CALLS},
};

fn failed(error: impl std::fmt::Display) -> JailError {
    JailError { step: "seccomp", source: io::Error::other(error.to_string()) }
}

fn condition(argument: u8, test: Test) -> Condition {
    Condition { argument, wide: false, test }
}

fn only(argument: u8, test: Test) -> Uses {
    vec![vec![condition(argument, test)]]
}

/// Of the bits of the mask, those of the value and no others.
fn masked(argument: u8, mask: u64, value: u64) -> Uses {
    only(argument, Test::Masked { mask, value })
}

fn any_of(argument: u8, values: &[u64]) -> Uses {
    values.iter().map(|value| vec![condition(argument, Test::Equals(*value))]).collect()
}

/// Every flag that asks for a new namespace.
const NAMESPACES: u64 = 0x7E02_0080;

/// The flag of `close_range` that gives a thread a table of its own.
const CLOSE_RANGE_UNSHARE: u64 = 2;

/// What `fcntl` may be asked for.
const FILE_COMMANDS: [libc::c_int; 12] = [
    libc::F_DUPFD,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
    libc::F_OFD_GETLK,
    libc::F_OFD_SETLK,
    libc::F_OFD_SETLKW,
    libc::F_DUPFD_CLOEXEC,
];

/// The same without locks.
const DESCRIPTOR_COMMANDS: [libc::c_int; 6] =
    [libc::F_DUPFD, libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC];

/// The number of the limit of core files.
const CORE: u64 = libc::RLIMIT_CORE as u64;

/// What `ioctl` may be asked for: TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
const DEVICE_COMMANDS: &[u64] = &[0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451];

fn bits(flags: libc::c_int) -> u64 {
    u64::from(flags.cast_unsigned())
}

/// The uses of a call that are let through.
fn uses_of(only_this: Only) -> Uses {
    match only_this {
        Only::NewThread => {
            // With tables of its own, a thread could have any number of descriptors.
            let shared = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_FILES | libc::CLONE_FS;
            let thread = bits(libc::CLONE_THREAD | shared);
            masked(0, thread | NAMESPACES, thread)
        }
        Only::NoNamespaces => masked(0, NAMESPACES, 0),
        Only::NotShared => {
            // What grows like a stack is counted by no limit.
            let grows = bits(libc::MAP_GROWSDOWN);
            let private = masked(3, bits(libc::MAP_SHARED) | grows, 0);
            let of_file = masked(3, bits(libc::MAP_ANONYMOUS) | grows, 0);
            [private, of_file].concat()
        }
        Only::OwnFiles => any_of(1, &FILE_COMMANDS.map(bits)),
        Only::Harmless => any_of(1, DEVICE_COMMANDS),
        Only::Naming => any_of(0, &[bits(libc::PR_SET_NAME), bits(libc::PR_GET_NAME)]),
        Only::Asking => vec![vec![Condition { argument: 2, wide: true, test: Test::Equals(0) }]],
        Only::OwnProcesses => masked(0, NAMESPACES & !bits(libc::CLONE_NEWPID), 0),
        Only::Fifo => masked(1, u64::from(libc::S_IFMT), u64::from(libc::S_IFIFO)),
        Only::FifoAt => masked(2, u64::from(libc::S_IFMT), u64::from(libc::S_IFIFO)),
        Only::OwnDescriptors => any_of(1, &DESCRIPTOR_COMMANDS.map(bits)),
        Only::OwnLimits => {
            let own = vec![condition(0, Test::Equals(0)), condition(1, Test::Differs(CORE))];
            [vec![own], uses_of(Only::Asking)].concat()
        }
        Only::NotCore => only(0, Test::Differs(CORE)),
        Only::FirstProgram => vec![vec![
            condition(0, Test::Equals(bits(PROGRAM))),
            condition(4, Test::Equals(bits(libc::AT_EMPTY_PATH))),
        ]],
        Only::SameTable => masked(2, CLOSE_RANGE_UNSHARE, 0),
        Only::UnixPair => only(0, Test::Equals(bits(libc::AF_UNIX))),
        Only::Any | Only::Unimplemented | Only::Unsupported | Only::Pretended => Vec::new(),
        Only::NotExecutable => masked(2, bits(libc::PROT_EXEC), 0),
        Only::OnChannel => only(0, Test::Equals(bits(CHANNEL))),
        Only::PlainFork => {
            let harmless = bits(libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID);
            masked(0, 0xFFFF_FFFF & !harmless, bits(libc::SIGCHLD))
        }
    }
}

/// These calls, what is done with what is listed of them, and with all others.
fn table(
    calls: impl IntoIterator<Item = (i64, Uses)>,
    listed: Action,
    otherwise: Action,
) -> Result<Table, JailError> {
    let calls = calls.into_iter().map(|(number, uses)| Ok((u32::try_from(number).map_err(failed)?, uses)));
    Ok(Table { calls: calls.collect::<Result<_, JailError>>()?, listed, otherwise })
}

fn allow(calls: &[Call], otherwise: Action) -> Result<Table, JailError> {
    table(calls.iter().map(|call| (call.number, uses_of(call.only))), Action::Allow, otherwise)
}

/// Kills on everything but `calls`.
fn allow_only(calls: &[Call]) -> Result<BpfProgram, JailError> {
    Ok(allow(calls, Action::KillProcess)?.program())
}

/// Answers with ENOSYS the calls that are [`Only::Unimplemented`]: those whose
/// flags are behind a pointer and cannot be checked.
fn refuse_unimplemented(calls: &[Call]) -> Result<BpfProgram, JailError> {
    answer(calls, Only::Unimplemented, libc::ENOSYS)
}

/// Answers with an error the calls of which nothing else is to be had.
fn answer(calls: &[Call], only: Only, error: i32) -> Result<BpfProgram, JailError> {
    let refused = calls.iter().filter(|call| call.only == only).map(|call| (call.number, Vec::new()));
    Ok(table(refused, Action::Answer(u16::try_from(error).map_err(failed)?), Action::Allow)?.program())
}

/// The filters of a run, compiled once by the zygote.
#[derive(Debug)]
pub struct RunFilter(Vec<BpfProgram>);

/// Compiles the filter of a run.
///
/// # Errors
///
/// If this architecture has no filters.
pub fn run_filter() -> Result<RunFilter, JailError> {
    Ok(RunFilter(vec![allow_only(RUN_CALLS)?]))
}

/// Leaves this process the calls of a run only, for good.
///
/// # Errors
///
/// If the kernel does not take the filter; the process must not go on.
pub fn lock_down(filter: &RunFilter) -> Result<(), JailError> {
    filter.0.iter().try_for_each(|program| seccompiler::apply_filter(program).map_err(failed))
}

pub(super) fn confine_zygote() -> Result<(), JailError> {
    seccompiler::apply_filter(&refuse_unimplemented(ZYGOTE_CALLS)?).map_err(failed)?;
    seccompiler::apply_filter(&allow_only(ZYGOTE_CALLS)?).map_err(failed)
}

/// Leaves this process the calls of the one that waits for the zygote.
///
/// # Errors
///
/// If the kernel does not take the filter.
pub fn confine_waiter() -> Result<(), JailError> {
    seccompiler::apply_filter(&allow_only(WAITER_CALLS)?).map_err(failed)
}

/// What a runtime does not get, it is told so. What is to look unimplemented
/// passes here, because of several answers the kernel takes the latest filter's.
fn allow_in_runtime(calls: &[Call]) -> Result<BpfProgram, JailError> {
    Ok(allow(calls, Action::Answer(u16::try_from(libc::EPERM).map_err(failed)?))?.program())
}

/// Tables one after the other; what a later one says of a call replaces the earlier.
fn extended(tables: &[&[Call]]) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for call in tables.iter().copied().flatten() {
        calls.retain(|known| known.number != call.number);
        calls.push(*call);
    }
    calls
}

fn confine_zygote_of_runs(tables: &[&[Call]]) -> Result<(), JailError> {
    let calls = extended(tables);
    seccompiler::apply_filter(&refuse_unimplemented(&calls)?).map_err(failed)?;
    seccompiler::apply_filter(&answer(&calls, Only::Unsupported, libc::EOPNOTSUPP)?).map_err(failed)?;
    seccompiler::apply_filter(&allow_in_runtime(&calls)?).map_err(failed)
}

/// Leaves this process, and the runtime that it becomes, the calls of a runtime's zygote.
pub(super) fn confine_runtime() -> Result<(), JailError> {
    confine_zygote_of_runs(&[RUNTIME_RUN_CALLS, RUNTIME_OLD_CALLS, RUNTIME_ZYGOTE_CALLS])
}

/// Leaves this process the calls of the zygote of shells.
pub(super) fn confine_command_zygote() -> Result<(), JailError> {
    confine_zygote_of_runs(&[
        RUNTIME_RUN_CALLS,
        RUNTIME_OLD_CALLS,
        COMMAND_RUN_CALLS,
        COMMAND_OLD_CALLS,
        RUNTIME_ZYGOTE_CALLS,
        COMMAND_ZYGOTE_CALLS,
    ])
}

/// The filters of a shell's processes and of their supervisor, compiled once by the zygote.
pub(super) fn command_filters() -> Result<(RunFilter, RunFilter), JailError> {
    let tables = [RUNTIME_RUN_CALLS, RUNTIME_OLD_CALLS, COMMAND_RUN_CALLS, COMMAND_OLD_CALLS];
    let mut calls = extended(&tables);
    calls.retain(|call| !COMMAND_REFUSED_CALLS.iter().any(|refused| refused.number == call.number));
    let of_run = vec![answer(&calls, Only::Pretended, 0)?, allow_in_runtime(&calls)?];
    Ok((RunFilter(of_run), RunFilter(vec![allow_only(SUPERVISOR_CALLS)?])))
}

/// Leaves this process the calls of the zygote of nodes.
pub(super) fn confine_node_zygote() -> Result<(), JailError> {
    confine_zygote_of_runs(&[
        RUNTIME_RUN_CALLS,
        RUNTIME_OLD_CALLS,
        NODE_RUN_CALLS,
        RUNTIME_ZYGOTE_CALLS,
        COMMAND_ZYGOTE_CALLS,
        NODE_ZYGOTE_CALLS,
    ])
}

/// The filters of a node and of its supervisor, compiled once by the zygote.
pub(super) fn node_filters() -> Result<(RunFilter, RunFilter), JailError> {
    let mut calls = extended(&[RUNTIME_RUN_CALLS, RUNTIME_OLD_CALLS, NODE_RUN_CALLS]);
    calls.retain(|call| !NODE_REFUSED_CALLS.iter().any(|refused| refused.number == call.number));
    let of_run = vec![allow_in_runtime(&calls)?];
    Ok((RunFilter(of_run), RunFilter(vec![allow_only(SUPERVISOR_CALLS)?])))
}

/// The filter of a run in a runtime, as the kernel takes it: an array of `struct sock_filter`.
///
/// # Errors
///
/// If this architecture has no filters.
pub fn runtime_run_filter() -> Result<Vec<u8>, JailError> {
    let calls = extended(&[RUNTIME_RUN_CALLS, RUNTIME_OLD_CALLS]);
    let program = allow_in_runtime(&calls)?;
    Ok(program
        .iter()
        .flat_map(|one| {
            let [c0, c1] = one.code.to_ne_bytes();
            let [k0, k1, k2, k3] = one.k.to_ne_bytes();
            [c0, c1, one.jt, one.jf, k0, k1, k2, k3]
        })
        .collect())
}

/// A table of each list of calls, for the tests of what filters are made of them.
#[cfg(test)]
pub(super) fn tables() -> Result<Vec<Table>, JailError> {
    let runtime = extended(&[RUNTIME_RUN_CALLS, RUNTIME_OLD_CALLS]);
    let commands = extended(&[&runtime, COMMAND_RUN_CALLS, COMMAND_OLD_CALLS]);
    let zygote = extended(&[&commands, RUNTIME_ZYGOTE_CALLS, COMMAND_ZYGOTE_CALLS]);
    let node = extended(&[&runtime, NODE_RUN_CALLS]);
    let nodes = extended(&[&node, RUNTIME_ZYGOTE_CALLS, COMMAND_ZYGOTE_CALLS, NODE_ZYGOTE_CALLS]);
    let lists = [
        RUN_CALLS,
        ZYGOTE_CALLS,
        WAITER_CALLS,
        SUPERVISOR_CALLS,
        &runtime,
        &commands,
        &zygote,
        &node,
        &nodes,
    ];
    lists.into_iter().map(|calls| allow(calls, Action::KillProcess)).collect()
}
