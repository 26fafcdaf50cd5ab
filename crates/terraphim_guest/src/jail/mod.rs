//! The walls around this process, and the few system calls that have no safe
//! wrapper. All `unsafe` of the guest is in this module.
//!
//! [`enter`] is called once, by a single-threaded process that has read no
//! agent's bytes. It goes from the outside in: namespaces, an empty root,
//! Landlock, no privileges, resource limits, the zygote's system-call filter.
//! What a machine does not offer is left out and named; what must never be
//! missing (no root, no privileges, the filter) makes it fail.
#![expect(unsafe_code, reason = "namespaces, fork and descriptor passing have no safe interface")]

mod bpf;
mod calls;
mod checker;
mod command;
mod command_calls;
mod filter;
mod folders;
mod memory;
mod namespaces;
mod node;
mod node_calls;
mod process;
mod root;
mod runtime;
mod runtime_calls;

use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope,
};
use rustix::{
    process::{DumpableBehavior, Resource, Rlimit, Signal},
    thread::{CapabilitySet, CapabilitySets},
};
use terraphim_sandbox_protocol::control::Layers;

pub use calls::{Call, Only, RUN_CALLS, UNFILTERED_CALLS, WAITER_CALLS, ZYGOTE_CALLS};
pub(crate) use checker::{Checker, become_checker, enter_checker, say_on_channel};
pub(crate) use command::{
    BROKER, Command, Commands, Filters, Supervised, confine_supervisor, end_all, end_by_broken_pipes,
    enter_command, enter_supervisor, inherited_broker, make_folders, reap_any, start,
};
pub use command_calls::{
    COMMAND_OLD_CALLS, COMMAND_REFUSED_CALLS, COMMAND_RUN_CALLS, COMMAND_ZYGOTE_CALLS, SUPERVISOR_CALLS,
};
pub use filter::{RunFilter, confine_waiter, lock_down, run_filter, runtime_run_filter};
pub(crate) use folders::PROGRAM;
pub use memory::EndWhenFull;
pub(crate) use memory::{Heap, HeapAllocator};
pub(crate) use node::{Node, confine_node_supervisor, enter_node, limit_node, start_node};
pub use node_calls::{NODE_REFUSED_CALLS, NODE_RUN_CALLS, NODE_ZYGOTE_CALLS};
pub use process::{
    CHANNEL, Exit, Fork, adopt_channel, channel, enter_child, exit_now, fork, reap, send_with_descriptors,
};
pub(crate) use process::{close_descriptors_from, fork_first, receive_with_descriptor};
pub(crate) use root::Received;
pub(crate) use runtime::{Launch, become_runtime, enter as enter_runtime};
pub use runtime_calls::{RUNTIME_OLD_CALLS, RUNTIME_RUN_CALLS, RUNTIME_ZYGOTE_CALLS};

/// A step of the jail that failed.
#[derive(Debug)]
pub struct JailError {
    /// What was attempted.
    pub step: &'static str,
    /// Why it failed.
    pub source: io::Error,
}

impl std::fmt::Display for JailError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.step, self.source)
    }
}

fn step<T, E: Into<io::Error>>(step: &'static str, result: Result<T, E>) -> Result<T, JailError> {
    result.map_err(|source| JailError { step, source: source.into() })
}

fn refused(step: &'static str, why: &'static str) -> JailError {
    JailError { step, source: io::Error::other(why) }
}

/// What the jail came out as.
#[derive(Debug, Default)]
pub struct Jail {
    /// The layers that hold.
    pub layers: Layers,
    /// Why the others do not, `; ` between reasons.
    pub reduced: String,
}

impl Jail {
    fn holds(&mut self, layer: Layers) {
        self.layers = self.layers.with(layer);
    }

    fn lacks(&mut self, reason: &dyn std::fmt::Display) {
        if !self.reduced.is_empty() {
            self.reduced.push_str("; ");
        }
        self.reduced.push_str(&reason.to_string());
    }
}

/// Enters the jail. Returns in the process that is to be the zygote, which is
/// the first one of its PID namespace where there is one.
///
/// # Errors
///
/// The step without which there is no wall, and why it failed.
pub fn enter() -> Result<Jail, JailError> {
    if rustix::process::getuid().is_root() {
        return Err(refused("uid", "the guest must not be started as root"));
    }
    close_descriptors_from(CHANNEL + 1)?;
    process::let_children_inherit_code();
    let mut jail = Jail::default();
    namespaces::enter(&mut jail)?;
    restrict_files(&mut jail);
    drop_privileges(&mut jail)?;
    limit_zygote(&mut jail)?;
    process::settle_time_zone();
    process::fault_plainly();
    filter::confine_zygote()?;
    jail.holds(Layers::SECCOMP);
    Ok(jail)
}

/// Refuses every access to files, TCP ports and processes outside.
fn restrict_files(jail: &mut Jail) {
    let abi = ABI::V6;
    let restricted = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(abi)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    match restricted {
        Ok(status) if status.ruleset == RulesetStatus::NotEnforced => {
            jail.lacks(&"landlock: not offered by this kernel");
        }
        Ok(_) => jail.holds(Layers::LANDLOCK),
        Err(error) => jail.lacks(&format_args!("landlock: {error}")),
    }
}

/// Whether this kernel has Landlock.
fn landlock_is_there() -> bool {
    // SAFETY: with this flag the call takes no structure and gives the version.
    unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, 1_u32) > 0 }
}

/// Gives up every capability for good and checks that they are gone.
fn drop_privileges(jail: &mut Jail) -> Result<(), JailError> {
    step("no_new_privs", rustix::thread::set_no_new_privs(true))?;
    for capability in CapabilitySet::all().iter() {
        // Refused where the set is empty already or the kernel does not know it.
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
    let _ = rustix::thread::clear_ambient_capability_set();
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    step("capset", rustix::thread::set_capabilities(None, none))?;
    let left = step("capget", rustix::thread::capabilities(None))?;
    if !left.permitted.is_empty() || !left.effective.is_empty() {
        return Err(refused("capset", "capabilities are left"));
    }
    step("dumpable", rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable))?;
    // Changing credentials clears it, so it is set after the last change.
    step("pdeathsig", rustix::process::set_parent_process_death_signal(Some(Signal::KILL)))?;
    jail.holds(Layers::NO_PRIVILEGES);
    Ok(())
}

/// Sets a limit, or keeps the one that is there where that is lower: none may be raised.
fn limit(resource: Resource, soft: u64, hard: u64) -> Result<(), JailError> {
    let most = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let limit = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
    step("setrlimit", rustix::process::setrlimit(resource, limit))
}

fn limit_zygote(jail: &mut Jail) -> Result<(), JailError> {
    limit(Resource::Core, 0, 0)?;
    limit(Resource::Fsize, 0, 0)?;
    limit(Resource::Msgqueue, 0, 0)?;
    limit(Resource::Memlock, 0, 0)?;
    limit(Resource::Nofile, 4096, 4096)?;
    jail.holds(Layers::RLIMITS);
    Ok(())
}

/// Fills 32 bytes from the kernel's random source.
///
/// # Errors
///
/// If the kernel gives fewer.
pub fn random_seed() -> Result<[u8; 32], JailError> {
    let mut seed = [0; 32];
    let filled =
        step("getrandom", rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty()))?;
    if filled == seed.len() { Ok(seed) } else { Err(refused("getrandom", "too few bytes")) }
}
