//! Thesaurus and term matching over text; pure and synchronous.
//!
//! A [`Thesaurus`] says which written terms stand for which concept. A
//! [`Matcher`] finds those terms in a text: longest term first, whole words
//! only, whatever the case. Nothing here reads files or waits.
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

mod fold;
mod json;
mod markdown;
mod matcher;
mod thesaurus;

pub use fold::{fold, is_combining, is_spaceless};
pub use matcher::{Boundaries, Match, Matcher, MatcherError};
pub use thesaurus::{
    Concept, ConceptIndex, MAX_TERM_BYTES, MAX_TERMS, Rejected, RejectionReason, Term, Thesaurus,
    ThesaurusError,
};
