//! Rust programs and modules, compiled by the machine's own compiler and run against a host
//! that this process plays.

mod broker;
mod compiler;
mod modules;
mod programs;
