//! Thesaurus, term matching and concept graph over text; pure and synchronous.
//!
//! A [`Thesaurus`] says which written terms stand for which concept. A
//! [`Matcher`] finds those terms in a text (longest term first, whole words
//! only, whatever the case), replaces them by links, and picks the paragraphs
//! in which they stand. An [`AutocompleteIndex`] completes and corrects what is
//! typed. A [`ConceptGraph`] knows which concepts are mentioned together. Nothing
//! here reads files or waits, and whatever was compiled can be read by several
//! threads at once.
//!
//! ```
//! use std::sync::Arc;
//! use terraphim_kg::{Boundaries, Matcher, Thesaurus};
//!
//! let files = [("rust-async", "Futures in Rust.\n\nsynonyms:: async rust, rust async patterns\n")];
//! let thesaurus = Arc::new(Thesaurus::from_markdown("notes", files)?);
//! let matcher = Matcher::new(thesaurus, Boundaries::Words)?;
//! let found = matcher.find("On Async Rust.");
//! assert_eq!(found[0].bytes, 3..13);
//! assert_eq!(matcher.thesaurus().concept(found[0].concept).map(|c| c.name.as_str()), Some("rust-async"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod autocomplete;
mod builder;
mod connectivity;
mod cuts;
mod fold;
mod graph;
mod json;
mod markdown;
mod markup;
mod matcher;
mod paragraphs;
mod replace;
mod ripgrep;
mod snippet;
mod strings;
mod thesaurus;

pub use autocomplete::{
    AutocompleteError, AutocompleteIndex, FORMAT_VERSION, IndexFormatError, MAX_EDIT_DISTANCE,
    MAX_INDEX_BYTES, MAX_QUERY_CHARS, MAX_SUGGESTIONS, Near, Suggestion, jaro_winkler,
};
pub use connectivity::{Connection, Verdict};
pub use fold::{fold, is_combining, is_spaceless};
pub use graph::{ConceptGraph, Edge, Node, RankedDocument};
pub use markup::BlockKind;
pub use matcher::{Boundaries, Match, Matcher, MatcherError};
pub use paragraphs::Paragraph;
pub use replace::{LinkType, Replaced, UnknownLinkType};
pub use ripgrep::{MAX_RIPGREP_BYTES, RipgrepError, RipgrepLine, RipgrepMatch, RipgrepMessage, read_ripgrep};
pub use snippet::{Snippet, snippet};
pub use thesaurus::{
    Concept, ConceptIndex, MAX_TERM_BYTES, MAX_TERMS, Rejected, RejectionReason, Term, Thesaurus,
    ThesaurusError,
};
