//! The sandbox against real programs and against a guest that attacks it, in
//! the real jail.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests, which the exemption for tests does not reach"
)]

mod attacks;
mod checker;
mod host;
mod memory;
mod programs;
mod system_calls;
mod zygotes;
