//! The server over real folders: what is found, how it is ranked, and what
//! happens when files, folders and indexes change or break.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "in a test a panic is the report")]

mod files;
mod library;
mod searching;
mod support;
