//! The guest: one small static program that enters a jail and then runs agents'
//! programs in it, each in a process of its own.
//!
//! It is started by the host with the control channel as standard input and
//! nothing else. It links nothing of the host but the protocol. The program is
//! [`zygote::main`] with [`interpret::Interpreter`]; tests of the wall enter
//! the same jail with a worker of their own.

mod channel;
mod checker;
pub mod command;
pub mod compile;
mod engine;
pub mod interpret;
pub mod jail;
mod json;
pub mod positions;
mod random;
mod run;
pub mod runtime;
pub mod zygote;
