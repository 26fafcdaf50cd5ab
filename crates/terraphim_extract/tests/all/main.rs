//! Blocks against a second parser, work against the length of the text, and the choice of what is
//! run against labelled answers.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests, which clippy's exemption for tests does not reach"
)]

mod answers;
mod blocks;
mod steps;
mod work;
