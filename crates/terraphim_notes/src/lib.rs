//! The first-party server over the user's own notes.
//!
//! [`NotesServer`] is an in-process provider of the gateway. For each [`Role`]
//! it keeps an index of the role's haystacks beside the role's knowledge graph,
//! opened on the first call and brought up to date by what changed on disk.
//! Its 17 tools stand in a table (`tools.rs`); the notes and concepts are also
//! documents of MCP (`resources.rs`). A configuration that a tool changes is kept
//! beside the user's own ([`ManagedFile`]). It reads no arguments, environment or
//! home folder, and prints nothing.

mod concepts;
mod config;
mod error;
mod feedback;
mod follow;
mod front_matter;
#[cfg(fuzzing)]
pub mod fuzzing;
mod haystack;
mod index;
mod key;
mod knowledge;
mod lexicon;
mod library;
mod managed;
mod note;
mod postings;
mod publish;
mod query;
mod resources;
mod score;
mod search;
mod server;
mod snippet;
mod storage;
mod tokenizer;
mod tools;
mod uri;
mod view;
mod watch;
mod worker;

pub use config::{ConfigError, Haystack, NotesConfig, Relevance, Role};
pub use error::NotesError;
pub use follow::{Phase, Progress};
pub use haystack::{SkipReason, Skipped};
pub use key::{InvalidKey, NoteKey};
pub use library::{Change, Library};
pub use managed::{ManagedError, ManagedFile, ManagedRoles};
pub use search::{Explanation, Found, Page, Part, SearchRequest};
pub use server::NotesServer;
pub use storage::Storage;
pub use view::{Document, DocumentHead, IndexStatus, RoleView};
