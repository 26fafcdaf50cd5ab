//! Which concepts each note mentions, and the graph that they make.

use std::collections::HashMap;

use terraphim_kg::{ConceptGraph, ConceptIndex};

use crate::{key::NoteKey, knowledge::Knowledge, note::Note};

/// How much one mention counts towards a note's topic, by where it stands.
const TITLE_WEIGHT: usize = 5;
const TAG_WEIGHT: usize = 3;
const BODY_WEIGHT: usize = 1;

/// Most mentions that are kept of one note.
const MAX_MENTIONS: usize = 2_048;

/// Bytes of the knowledge graph's digest in front of stored mentions.
const DIGEST_BYTES: usize = 32;

/// What one note mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// The concept that it is most about.
    pub(crate) topic: Option<ConceptIndex>,
    /// Every mention in the order of title, tags and body.
    pub(crate) sequence: Vec<ConceptIndex>,
}

impl Mentions {
    /// Finds the mentions. The topic is the concept of the greatest weight: five
    /// for a mention in the title, three for one in the tags, one for one in the
    /// body; of equal weights the concept that is mentioned first.
    pub(crate) fn find(note: &Note, knowledge: &Knowledge) -> Self {
        let mut weights: Vec<(ConceptIndex, usize)> = Vec::new();
        let mut places = HashMap::new();
        let mut sequence = Vec::new();
        let tags = note.tags.join("\n\n");
        for (text, weight) in [(&note.title, TITLE_WEIGHT), (&tags, TAG_WEIGHT), (&note.body, BODY_WEIGHT)] {
            for concept in knowledge.mentions(text) {
                let place = *places.entry(concept).or_insert_with(|| {
                    weights.push((concept, 0));
                    weights.len() - 1
                });
                if let Some((_, sum)) = weights.get_mut(place) {
                    *sum += weight;
                }
                if sequence.len() < MAX_MENTIONS {
                    sequence.push(concept);
                }
            }
        }
        let heaviest = weights.iter().rev().max_by_key(|(_, weight)| *weight);
        Self { topic: heaviest.map(|(concept, _)| *concept), sequence }
    }

    /// The form in which an index keeps them: the digest of the knowledge graph
    /// by which they were found, then the numbers of the topic and the mentions.
    pub(crate) fn to_bytes(&self, knowledge: &Knowledge) -> Vec<u8> {
        let mut bytes = knowledge.digest.as_bytes().to_vec();
        for concept in self.topic.iter().chain(&self.sequence) {
            bytes.extend(u32::try_from(concept.place()).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes
    }

    /// Reads them back; none if another knowledge graph found them.
    pub(crate) fn from_bytes(bytes: &[u8], knowledge: &Knowledge) -> Option<Self> {
        let (digest, numbers) = bytes.split_at_checked(DIGEST_BYTES)?;
        if digest != knowledge.digest.as_bytes() {
            return None;
        }
        let (numbers, rest) = numbers.as_chunks::<4>();
        let concepts = numbers.iter().map(|number| knowledge.concept(u32::from_le_bytes(*number)));
        let mut concepts: Vec<ConceptIndex> = concepts.collect::<Option<_>>()?;
        if !rest.is_empty() {
            return None;
        }
        let topic = (!concepts.is_empty()).then(|| concepts.remove(0));
        Some(Self { topic, sequence: concepts })
    }
}

/// What all notes of a role mention.
#[derive(Debug, Clone, Default)]
pub(crate) struct Concepts {
    pub(crate) graph: ConceptGraph<NoteKey>,
    topics: HashMap<NoteKey, ConceptIndex>,
}

/// A note that came, changed or, with `None`, went.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) key: NoteKey,
    pub(crate) mentions: Option<Mentions>,
}

impl Concepts {
    pub(crate) fn apply(&mut self, change: &Change) {
        let key = change.key;
        match &change.mentions {
            Some(mentions) if !mentions.sequence.is_empty() => {
                self.graph.insert(key, &mentions.sequence);
                match mentions.topic {
                    Some(topic) => self.topics.insert(key, topic),
                    None => self.topics.remove(&key),
                };
            }
            _ => {
                self.graph.remove(&key);
                self.topics.remove(&key);
            }
        }
    }

    /// The concept that a note is most about.
    pub(crate) fn topic(&self, key: NoteKey) -> Option<ConceptIndex> {
        self.topics.get(&key).copied()
    }
}
