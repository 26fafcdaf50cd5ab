//! Finding tools: a ranked index over every tool of every server.
//!
//! The index is built once for each state of the catalogue and then only read.
//! It shares the tools' definitions and holds posting lists of integer ids; a
//! search adds up precomputed weights. Categories and capabilities describe and
//! filter; they never decide what a program may do.

mod classify;
mod facets;
mod index;
mod query;
mod words;

pub use facets::Facet;
pub use index::{DiscoveryIndex, ServerTools};
pub use query::{Detail, ToolHit, ToolPage, ToolQuery};

pub(crate) use index::Entry;
