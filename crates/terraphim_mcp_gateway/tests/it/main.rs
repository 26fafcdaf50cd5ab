//! The gateway against a real server process, well-behaved and not.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests, which clippy's exemption for tests does not reach"
)]

mod audit;
mod calls;
mod catalogue;
mod contract;
mod failures;
mod processes;
mod support;
