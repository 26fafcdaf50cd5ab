//! A role's index for completion, made when it is first asked for.

use std::sync::{Arc, OnceLock};

use terraphim_kg::{AutocompleteError, AutocompleteIndex, ConceptGraph};

use crate::{key::NoteKey, knowledge::Knowledge};

/// What a mention in the notes, and a mention in a query, count towards a term's weight.
const MENTION_WEIGHT: u64 = 4;
const USE_WEIGHT: u64 = 8;

#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    index: OnceLock<Arc<AutocompleteIndex>>,
    given: bool,
}

impl Lexicon {
    /// One that was made elsewhere and is used as it is.
    pub(crate) fn given(index: AutocompleteIndex) -> Self {
        Self { index: OnceLock::from(Arc::new(index)), given: true }
    }

    pub(crate) fn is_given(&self) -> bool {
        self.given
    }

    pub(crate) fn is_made(&self) -> bool {
        self.index.get().is_some()
    }

    /// The index. A term weighs four times the mentions of its concept in the
    /// notes, eight times those in queries, and one if it is the concept's name.
    pub(crate) fn get(
        &self,
        knowledge: &Knowledge,
        graph: &ConceptGraph<NoteKey>,
    ) -> Result<Arc<AutocompleteIndex>, AutocompleteError> {
        if let Some(made) = self.index.get() {
            return Ok(Arc::clone(made));
        }
        let made = AutocompleteIndex::new(knowledge.thesaurus(), |term| {
            let mentions = graph.node(term.concept).map_or(0, |node| node.mentions);
            let uses = u64::from(knowledge.uses(term.concept));
            let name = u64::from(term.written == knowledge.name(term.concept));
            mentions.saturating_mul(MENTION_WEIGHT).saturating_add(uses * USE_WEIGHT).saturating_add(name)
        })?;
        // Of two that are made at once, one is used by both.
        Ok(Arc::clone(self.index.get_or_init(|| Arc::new(made))))
    }
}
