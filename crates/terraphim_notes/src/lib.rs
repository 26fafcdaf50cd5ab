//! The first-party server over the user's own notes.
//!
//! [`NotesServer`] is an in-process provider of the gateway. For each [`Role`]
//! it keeps an index of the role's haystacks beside the role's knowledge graph,
//! opened on the first call and brought up to date by what changed on disk.
//! It reads no arguments, environment or home folder, and prints nothing.

mod config;
mod error;
mod front_matter;
mod haystack;
mod index;
mod knowledge;
mod note;
mod query;
mod search;
mod server;
mod snippet;
mod storage;
mod tokenizer;
mod tool_search;

pub use config::{ConfigError, Haystack, NotesConfig, Relevance, Role};
pub use error::NotesError;
pub use haystack::{SkipReason, Skipped};
pub use server::{IndexStatus, NotesServer};
pub use storage::Storage;
