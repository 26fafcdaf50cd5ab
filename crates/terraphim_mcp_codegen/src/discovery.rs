//! Finding tools: a ranked index over every tool of every server.
//!
//! An index is a snapshot that is only read. It holds a segment for each server,
//! with posting lists of integer ids, and shares the tools' definitions; the next
//! snapshot shares the segments of servers that have not changed. Categories and
//! capabilities describe and filter; they never decide what a program may do.

mod action;
mod classify;
mod duplicates;
mod explain;
mod facets;
mod index;
mod intent;
mod query;
mod rank;
mod segment;
mod synonyms;
mod terms;
mod vocabulary;
mod weights;
mod words;

pub use explain::{Found, Reason};
pub use facets::Facet;
pub use index::DiscoveryIndex;
pub use query::{Detail, Duplicates, SearchContext, ToolHit, ToolPage, ToolQuery};
pub use segment::ServerTools;
pub use synonyms::Synonyms;
pub use weights::Weights;

pub(crate) use index::Entry;
