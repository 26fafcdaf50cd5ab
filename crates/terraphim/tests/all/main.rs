//! The command line from end to end: the real binary, in a home folder of its
//! own, against real server processes.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests, which clippy's exemption for tests does not reach"
)]

mod adopt;
mod advice;
mod bash;
mod catalogue;
mod check;
mod checkpoints;
mod commands;
mod configuration;
mod conformance;
mod errors;
mod examples;
mod first_party;
mod hostile;
mod isolation;
mod limits;
mod markdown;
mod node;
mod observed;
mod overload;
mod permissions;
mod place;
mod processes;
mod programs;
mod prompts;
mod python;
mod runtime;
mod rust;
mod servers;
mod sessions;
mod tool_docs;
mod watch;
mod workspace;
