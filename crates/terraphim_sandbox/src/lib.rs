//! Runs untrusted programs behind walls.
//!
//! A [`Pool`] owns one jailed zygote per wall and language and processes
//! forked from it ahead of demand. [`Pool::checkout`] gives a [`Lease`] on one
//! process; [`Lease::run`] uses it up: one process serves one run and dies.
//! A lease that is dropped, or whose run is not awaited to its end, kills its
//! process. Every error of a run leaves the pool usable; [`SandboxError`]
//! says which do not.
//!
//! The crate knows no MCP: a host call is an opaque name with opaque bytes,
//! answered by a [`HostCalls`] implementation.

mod channel;
mod checker;
mod conclude;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod image;
mod logs;
mod places;
mod pool;
mod process;
mod queue;
mod run;
mod runtime;
mod spawn;
mod store;
mod zygote;

pub use checker::{CheckerProcess, Checkers};
pub use error::SandboxError;
pub use image::GuestImage;
pub use logs::Logs;
pub use places::{ClientId, Full};
pub use pool::{Lease, Pool, PoolConfig, RuntimeConfig};
pub use queue::QueueBounds;
pub use run::{Call, Ending, Hold, HostCalls, HostReply, Kept, Program, RunEnd, Stage, Usage};
pub use runtime::Toolchain;
pub use terraphim_sandbox_protocol::{DecodeError, Failure, FailureKind, LogLevel, control::Layers};
pub use zygote::Jail;
