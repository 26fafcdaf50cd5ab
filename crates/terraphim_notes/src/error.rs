//! Why a role's notes cannot be served.

use std::{io, path::PathBuf, sync::Arc};

use terraphim_kg::{AutocompleteError, MatcherError, ThesaurusError};

use crate::{follow::Progress, haystack::SkipReason};

/// Why a role's notes cannot be served. A search reports it as a failed call.
#[derive(Debug, Clone, thiserror::Error)]
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
        source: Arc<io::Error>,
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
        source: Arc<io::Error>,
    },
    /// The thesaurus is not one.
    #[error("the knowledge graph of role `{role}` is not usable: {source}")]
    Thesaurus {
        /// The role.
        role: String,
        /// What is wrong with it.
        #[source]
        source: Arc<ThesaurusError>,
    },
    /// The thesaurus is too large.
    #[error("the knowledge graph of role `{role}` is not usable: {source}")]
    Matcher {
        /// The role.
        role: String,
        /// What is wrong with it.
        #[source]
        source: Arc<MatcherError>,
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
    /// The terms do not go into an index for completion.
    #[error("the terms of role `{role}` cannot be completed: {source}")]
    Autocomplete {
        /// The role.
        role: String,
        /// What the index said.
        #[source]
        source: Arc<AutocompleteError>,
    },
    /// A file is none of the role's.
    #[error("`{}` is not below a folder of role `{role}`: put the thesaurus into one of {roots}", path.display())]
    OutsideRoots {
        /// The role.
        role: String,
        /// The file.
        path: PathBuf,
        /// The role's folders.
        roots: String,
    },
    /// A thesaurus file cannot be read.
    #[error("the thesaurus `{}` cannot be read: {reason}", path.display())]
    ThesaurusFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: SkipReason,
    },
    /// The notes are being read for the first time, and nothing can be found yet.
    #[error("the notes of role `{role}` are being read, {} of {} so far: call again in some seconds", progress.done, progress.total)]
    NotYet {
        /// The role.
        role: String,
        /// How far it is.
        progress: Progress,
    },
    /// The role has more work than it can do.
    #[error("the index of role `{role}` is busy with other requests: call again in some seconds")]
    Busy {
        /// The role.
        role: String,
    },
    /// A thread could not be started.
    #[error("no thread can be started for role `{role}` ({source}): free some of the system's")]
    Thread {
        /// The role.
        role: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// A thread died while it worked on the index; it is rebuilt at the next call.
    #[error("the index of role `{role}` broke and will be rebuilt: call again")]
    Broken {
        /// The role.
        role: String,
    },
}
