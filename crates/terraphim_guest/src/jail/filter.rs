//! The system-call filters: one for the zygote, a stricter one for each run,
//! one for the process that waits for the zygote.
//!
//! A call that is not listed kills the process, x32 and 32-bit entry included,
//! because they are other numbers or another architecture.

use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::{
    CHANNEL, JailError,
    calls::{Call, Only, RUN_CALLS, WAITER_CALLS, ZYGOTE_CALLS},
    command_calls::{
        COMMAND_OLD_CALLS, COMMAND_REFUSED_CALLS, COMMAND_RUN_CALLS, COMMAND_ZYGOTE_CALLS, SUPERVISOR_CALLS,
    },
    node::PROGRAM,
    node_calls::{NODE_REFUSED_CALLS, NODE_RUN_CALLS, NODE_ZYGOTE_CALLS},
    runtime_calls::{RUNTIME_OLD_CALLS, RUNTIME_RUN_CALLS, RUNTIME_ZYGOTE_CALLS},
};

type Rules = Vec<(i64, Vec<SeccompRule>)>;

fn failed(error: impl std::fmt::Display) -> JailError {
    JailError { step: "seccomp", source: io::Error::other(error.to_string()) }
}

fn arch() -> Result<TargetArch, JailError> {
    TargetArch::try_from(std::env::consts::ARCH).map_err(failed)
}

/// Kills on everything but `rules`.
fn allow_only(rules: Rules) -> Result<BpfProgram, JailError> {
    filter(rules, SeccompAction::KillProcess)
}

fn filter(rules: Rules, otherwise: SeccompAction) -> Result<BpfProgram, JailError> {
    let filter = SeccompFilter::new(rules.into_iter().collect(), otherwise, SeccompAction::Allow, arch()?);
    filter.and_then(BpfProgram::try_from).map_err(failed)
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<Vec<SeccompRule>, JailError> {
    Ok(vec![SeccompRule::new(vec![condition(argument, operator, value)?]).map_err(failed)?])
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, JailError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(failed)
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

/// The rules of a call.
fn rules_of(only: Only) -> Result<Vec<SeccompRule>, JailError> {
    let bits = |flags: libc::c_int| u64::from(flags.cast_unsigned());
    let any_of = |argument: u8, values: &[u64]| {
        let rules = values.iter().map(|value| rule(argument, SeccompCmpOp::Eq, *value));
        rules.collect::<Result<Vec<_>, _>>().map(|rules| rules.concat())
    };
    match only {
        Only::NewThread => {
            // With tables of its own, a thread could have any number of descriptors.
            let shared = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_FILES | libc::CLONE_FS;
            let thread = bits(libc::CLONE_THREAD | shared);
            rule(0, SeccompCmpOp::MaskedEq(thread | NAMESPACES), thread)
        }
        Only::NoNamespaces => rule(0, SeccompCmpOp::MaskedEq(NAMESPACES), 0),
        Only::NotShared => {
            // What grows like a stack is counted by no limit.
            let grows = bits(libc::MAP_GROWSDOWN);
            let private = rule(3, SeccompCmpOp::MaskedEq(bits(libc::MAP_SHARED) | grows), 0)?;
            let of_file = rule(3, SeccompCmpOp::MaskedEq(bits(libc::MAP_ANONYMOUS) | grows), 0)?;
            Ok([private, of_file].concat())
        }
        Only::OwnFiles => any_of(1, &FILE_COMMANDS.map(bits)),
        Only::Harmless => any_of(1, DEVICE_COMMANDS),
        Only::Naming => any_of(0, &[bits(libc::PR_SET_NAME), bits(libc::PR_GET_NAME)]),
        Only::Asking => {
            let condition = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0);
            Ok(vec![SeccompRule::new(vec![condition.map_err(failed)?]).map_err(failed)?])
        }
        Only::OwnProcesses => {
            let others = NAMESPACES & !bits(libc::CLONE_NEWPID);
            rule(0, SeccompCmpOp::MaskedEq(others), 0)
        }
        Only::Fifo => rule(1, SeccompCmpOp::MaskedEq(u64::from(libc::S_IFMT)), u64::from(libc::S_IFIFO)),
        Only::FifoAt => rule(2, SeccompCmpOp::MaskedEq(u64::from(libc::S_IFMT)), u64::from(libc::S_IFIFO)),
        Only::OwnDescriptors => any_of(1, &DESCRIPTOR_COMMANDS.map(bits)),
        Only::OwnLimits => {
            let own = [condition(0, SeccompCmpOp::Eq, 0)?, condition(1, SeccompCmpOp::Ne, CORE)?];
            let own = SeccompRule::new(own.to_vec()).map_err(failed)?;
            Ok([vec![own], rules_of(Only::Asking)?].concat())
        }
        Only::NotCore => rule(0, SeccompCmpOp::Ne, CORE),
        Only::FirstProgram => {
            let equal = |argument: u8, value: libc::c_int| {
                SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, bits(value))
            };
            let conditions =
                vec![equal(0, PROGRAM).map_err(failed)?, equal(4, libc::AT_EMPTY_PATH).map_err(failed)?];
            Ok(vec![SeccompRule::new(conditions).map_err(failed)?])
        }
        Only::SameTable => rule(2, SeccompCmpOp::MaskedEq(CLOSE_RANGE_UNSHARE), 0),
        Only::UnixPair => rule(0, SeccompCmpOp::Eq, bits(libc::AF_UNIX)),
        Only::Any | Only::Unimplemented | Only::Unsupported | Only::Pretended => Ok(Vec::new()),
        Only::NotExecutable => rule(2, SeccompCmpOp::MaskedEq(u64::from(libc::PROT_EXEC.cast_unsigned())), 0),
        Only::OnChannel => rule(0, SeccompCmpOp::Eq, u64::from(CHANNEL.cast_unsigned())),
        Only::PlainFork => {
            let harmless = (libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID).cast_unsigned();
            rule(0, SeccompCmpOp::MaskedEq(u64::from(!harmless)), u64::from(libc::SIGCHLD.cast_unsigned()))
        }
    }
}

fn rules(calls: &[Call]) -> Result<Rules, JailError> {
    calls.iter().map(|call| Ok((call.number, rules_of(call.only)?))).collect()
}

/// Answers with ENOSYS the calls that are [`Only::Unimplemented`]: those whose
/// flags are behind a pointer and cannot be checked.
fn refuse_unimplemented(calls: &[Call]) -> Result<BpfProgram, JailError> {
    answer(calls, Only::Unimplemented, libc::ENOSYS)
}

/// Answers with an error the calls of which nothing else is to be had.
fn answer(calls: &[Call], only: Only, error: i32) -> Result<BpfProgram, JailError> {
    let refused = calls.iter().filter(|call| call.only == only);
    let filter = SeccompFilter::new(
        refused.map(|call| (call.number, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(error.cast_unsigned()),
        arch()?,
    );
    filter.and_then(BpfProgram::try_from).map_err(failed)
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
    Ok(RunFilter(vec![allow_only(rules(RUN_CALLS)?)?]))
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
    seccompiler::apply_filter(&allow_only(rules(ZYGOTE_CALLS)?)?).map_err(failed)
}

/// Leaves this process the calls of the one that waits for the zygote.
///
/// # Errors
///
/// If the kernel does not take the filter.
pub fn confine_waiter() -> Result<(), JailError> {
    seccompiler::apply_filter(&allow_only(rules(WAITER_CALLS)?)?).map_err(failed)
}

/// What a runtime does not get, it is told so. What is to look unimplemented
/// passes here, because of several answers the kernel takes the latest filter's.
fn allow_in_runtime(calls: &[Call]) -> Result<BpfProgram, JailError> {
    filter(rules(calls)?, SeccompAction::Errno(libc::EPERM.cast_unsigned()))
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
    Ok((RunFilter(of_run), RunFilter(vec![allow_only(rules(SUPERVISOR_CALLS)?)?])))
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
    Ok((RunFilter(of_run), RunFilter(vec![allow_only(rules(SUPERVISOR_CALLS)?)?])))
}

/// The filter of a run in a runtime, as the kernel takes it: an array of `struct sock_filter`.
///
/// # Errors
///
/// If this architecture has no filters.
pub fn runtime_run_filter() -> Result<Vec<u8>, JailError> {
    let calls: Vec<Call> = RUNTIME_RUN_CALLS.iter().chain(RUNTIME_OLD_CALLS).copied().collect();
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
