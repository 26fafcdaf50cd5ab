//! A real client of the protocol library against the face, over a real
//! executor and pool; only the server behind the gateway is made for the tests.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy's exemption for tests does not reach"
)]

mod discovery;
mod documents;
mod exposure;
mod hostile;
mod lifetimes;
mod programs;
mod prompts;
mod shown;
mod support;
mod tokens;
