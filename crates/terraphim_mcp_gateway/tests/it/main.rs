//! The gateway against a real server process, well-behaved and not.

mod calls;
mod catalogue;
mod contract;
mod failures;
mod processes;
mod support;
