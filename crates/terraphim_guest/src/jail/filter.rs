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
    let filter = SeccompFilter::new(
        rules.into_iter().collect(),
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        arch()?,
    );
    filter.and_then(BpfProgram::try_from).map_err(failed)
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<Vec<SeccompRule>, JailError> {
    let condition =
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(failed)?;
    Ok(vec![SeccompRule::new(vec![condition]).map_err(failed)?])
}

/// The rules of a call.
fn rules_of(only: Only) -> Result<Vec<SeccompRule>, JailError> {
    match only {
        Only::Any | Only::Unimplemented => Ok(Vec::new()),
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
    let refused = calls.iter().filter(|call| call.only == Only::Unimplemented);
    let filter = SeccompFilter::new(
        refused.map(|call| (call.number, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.cast_unsigned()),
        arch()?,
    );
    filter.and_then(BpfProgram::try_from).map_err(failed)
}

/// The filter of a run, compiled once by the zygote.
#[derive(Debug)]
pub struct RunFilter(BpfProgram);

/// Compiles the filter of a run.
///
/// # Errors
///
/// If this architecture has no filters.
pub fn run_filter() -> Result<RunFilter, JailError> {
    allow_only(rules(RUN_CALLS)?).map(RunFilter)
}

/// Leaves this process the calls of a run only, for good.
///
/// # Errors
///
/// If the kernel does not take the filter; the process must not go on.
pub fn lock_down(filter: &RunFilter) -> Result<(), JailError> {
    seccompiler::apply_filter(&filter.0).map_err(failed)
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
