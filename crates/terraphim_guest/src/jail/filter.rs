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

use super::{CHANNEL, JailError};

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

fn masked_zero(argument: u8, mask: u64) -> Result<Vec<SeccompRule>, JailError> {
    rule(argument, SeccompCmpOp::MaskedEq(mask), 0)
}

fn any(calls: &[i64]) -> Rules {
    calls.iter().map(|&call| (call, Vec::new())).collect()
}

/// Memory without anything executable.
fn memory() -> Result<Rules, JailError> {
    let executable = u64::from(libc::PROT_EXEC.cast_unsigned());
    let mut rules = any(&[libc::SYS_munmap, libc::SYS_mremap, libc::SYS_madvise, libc::SYS_brk]);
    rules.push((libc::SYS_mmap, masked_zero(2, executable)?));
    rules.push((libc::SYS_mprotect, masked_zero(2, executable)?));
    Ok(rules)
}

fn on_channel() -> Result<Vec<SeccompRule>, JailError> {
    rule(0, SeccompCmpOp::Eq, u64::from(CHANNEL.cast_unsigned()))
}

/// The calls of a run: its memory, the clock, its one descriptor, its end.
fn run_rules() -> Result<Rules, JailError> {
    let mut rules = memory()?;
    rules.push((libc::SYS_read, on_channel()?));
    rules.push((libc::SYS_write, on_channel()?));
    rules.extend(any(&[
        libc::SYS_ppoll,
        libc::SYS_clock_gettime,
        libc::SYS_gettimeofday,
        libc::SYS_futex,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ]));
    Ok(rules)
}

/// The calls of the zygote, which makes runs and tells of their end.
fn zygote_rules() -> Result<Rules, JailError> {
    let namespaces = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_THREAD
        | libc::CLONE_VM;
    let mut rules = memory()?;
    rules.push((libc::SYS_clone, masked_zero(0, u64::from(namespaces.cast_unsigned()))?));
    rules.extend(any(&[
        libc::SYS_clone3,
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_sendmsg,
        libc::SYS_recvfrom,
        libc::SYS_ppoll,
        libc::SYS_socketpair,
        libc::SYS_pidfd_open,
        libc::SYS_wait4,
        libc::SYS_close,
        libc::SYS_close_range,
        libc::SYS_dup3,
        libc::SYS_prctl,
        libc::SYS_seccomp,
        libc::SYS_prlimit64,
        libc::SYS_getrandom,
        libc::SYS_rt_sigprocmask,
        libc::SYS_set_robust_list,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_clock_gettime,
        libc::SYS_gettimeofday,
        libc::SYS_futex,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ]));
    Ok(rules)
}

/// Answers `clone3` with ENOSYS, since its flags are behind a pointer and
/// cannot be checked; the C library then uses `clone`.
fn refuse_clone3() -> Result<BpfProgram, JailError> {
    let filter = SeccompFilter::new(
        any(&[libc::SYS_clone3]).into_iter().collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.cast_unsigned()),
        arch()?,
    );
    filter.and_then(BpfProgram::try_from).map_err(failed)
}

/// The filter of a run, compiled once by the zygote.
pub(crate) struct RunFilter(BpfProgram);

/// Compiles the filter of a run.
pub(crate) fn run_filter() -> Result<RunFilter, JailError> {
    allow_only(run_rules()?).map(RunFilter)
}

/// Leaves this process the calls of a run only, for good.
pub(crate) fn lock_down(filter: &RunFilter) -> Result<(), JailError> {
    seccompiler::apply_filter(&filter.0).map_err(failed)
}

pub(super) fn confine_zygote() -> Result<(), JailError> {
    seccompiler::apply_filter(&refuse_clone3()?).map_err(failed)?;
    seccompiler::apply_filter(&allow_only(zygote_rules()?)?).map_err(failed)
}

pub(super) fn confine_waiter() -> Result<(), JailError> {
    let rules = any(&[libc::SYS_wait4, libc::SYS_exit_group, libc::SYS_munmap]);
    seccompiler::apply_filter(&allow_only(rules)?).map_err(failed)
}
