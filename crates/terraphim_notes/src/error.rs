//! Why a role's notes cannot be served.

use std::{io, path::PathBuf};

use terraphim_kg::{MatcherError, ThesaurusError};

/// Why a role's notes cannot be served. A search reports it as a failed call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotesError {
    /// There is no role.
    #[error(
        "no role is configured, so there are no notes to search: add a [[roles]] entry with `haystacks` to terraphim.toml"
    )]
    NoRole,
    /// No role was named and none is the default.
    #[error(
        "no role was named and none is the default: pass `role`, or set `default_role` in terraphim.toml, to one of {known}"
    )]
    NoDefault {
        /// The short names that there are.
        known: String,
    },
    /// The role does not exist.
    #[error("there is no role {name:?}; the roles are: {known}")]
    UnknownRole {
        /// What was asked for, cut to 100 characters.
        name: String,
        /// The short names that there are.
        known: String,
    },
    /// A haystack cannot be read.
    #[error("the haystack `{}` of role `{role}` cannot be read ({source}): correct its `path` in terraphim.toml", path.display())]
    Haystack {
        /// The role.
        role: String,
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The knowledge graph cannot be read.
    #[error("the knowledge graph `{}` of role `{role}` cannot be read ({source}): correct `knowledge_graph` in terraphim.toml", path.display())]
    KnowledgeGraph {
        /// The role.
        role: String,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The thesaurus is not one.
    #[error("the knowledge graph of role `{role}` is not usable: {source}")]
    Thesaurus {
        /// The role.
        role: String,
        /// What is wrong with it.
        #[source]
        source: ThesaurusError,
    },
    /// The thesaurus is too large.
    #[error("the knowledge graph of role `{role}` is not usable: {source}")]
    Matcher {
        /// The role.
        role: String,
        /// What is wrong with it.
        #[source]
        source: MatcherError,
    },
    /// The index failed, in memory too.
    #[error("the index of role `{role}` failed: {source}")]
    Index {
        /// The role.
        role: String,
        /// What the index said.
        #[source]
        source: tantivy::TantivyError,
    },
    /// A thread died while it worked on the index; it is rebuilt at the next call.
    #[error("the index of role `{role}` broke and will be rebuilt: call again")]
    Broken {
        /// The role.
        role: String,
    },
}
