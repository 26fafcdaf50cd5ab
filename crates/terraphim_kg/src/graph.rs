//! Which concepts are mentioned together, and in which documents.
//!
//! Two concepts that are mentioned near each other share an edge. Its weight is
//! a sum over the documents, of whole numbers, so that a document can be taken
//! out again without a trace.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasherDefault, Hash, Hasher},
};

use crate::thesaurus::ConceptIndex;

/// How many of the mentions after it a mention is tied to: to the next with
/// weight 8, to the one after it with 7, and so on.
const WINDOW: u32 = 8;

/// How many of its strongest neighbours a concept spreads to, and how much in all.
const SPREAD_NEIGHBOURS: usize = 16;
const SPREAD: f64 = 0.5;

/// Saturation of repeated mentions and the part that a document's length has in it.
const SATURATION: f64 = 1.2;
const LENGTH_PART: f64 = 0.75;

/// A graph of concepts over documents with keys of type `D`.
#[derive(Debug, Clone)]
pub struct ConceptGraph<D> {
    nodes: ByConcept<NodeData>,
    slots: HashMap<D, usize>,
    /// None where a document was taken out.
    documents: Vec<Option<Document<D>>>,
    free: Vec<usize>,
    mentions: u64,
    edges: usize,
}

#[derive(Debug, Clone, Default)]
struct NodeData {
    mentions: u64,
    /// How often each document mentions it, by slot.
    documents: BTreeMap<usize, u32>,
    neighbours: ByConcept<EdgeData>,
    strength: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct EdgeData {
    weight: u64,
    documents: u32,
}

/// What follows from the mentions is not kept, since it is many times as large.
#[derive(Debug, Clone)]
struct Document<D> {
    key: D,
    mentions: Box<[ConceptIndex]>,
}

type ByConcept<T> = HashMap<ConceptIndex, T, BuildHasherDefault<ConceptHasher>>;

/// Spreads the numbers of concepts, which are counted and which nobody can
/// choose such that they collide.
#[derive(Debug, Clone, Copy, Default)]
struct ConceptHasher(u64);

impl Hasher for ConceptHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// Each concept that is mentioned, once, with how often.
fn counts(mentions: &[ConceptIndex]) -> Vec<(ConceptIndex, u32)> {
    let mut sorted = mentions.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(PartialEq::eq)
        .filter_map(|same| Some((*same.first()?, u32::try_from(same.len()).unwrap_or(u32::MAX))))
        .collect()
}

/// Each pair of concepts that are mentioned near each other, once, with its weight.
fn pairs(mentions: &[ConceptIndex]) -> Vec<(ConceptIndex, ConceptIndex, u64)> {
    let mut near: Vec<(ConceptIndex, ConceptIndex, u64)> =
        Vec::with_capacity(mentions.len() * WINDOW as usize);
    for (at, concept) in mentions.iter().enumerate() {
        for (weight, other) in (1..=WINDOW).rev().zip(mentions.iter().skip(at + 1)) {
            if other != concept {
                near.push((*concept.min(other), *concept.max(other), u64::from(weight)));
            }
        }
    }
    near.sort_unstable();
    near.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 += next.2;
        }
        same
    });
    near
}

/// A concept in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The concept.
    pub concept: ConceptIndex,
    /// How often it is mentioned.
    pub mentions: u64,
    /// In how many documents.
    pub documents: usize,
    /// How many concepts it shares an edge with.
    pub degree: usize,
}

/// An edge of a concept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The concept at the other end.
    pub to: ConceptIndex,
    /// How near and how often both are mentioned: for each time that the one
    /// follows the other as the k-th mention, k up to 8, this has 9 - k.
    pub weight: u64,
    /// In how many documents.
    pub documents: u32,
}

/// A document with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankedDocument<'g, D> {
    /// Its key.
    pub document: &'g D,
    /// The sum of [`ConceptGraph::rank`], greater than 0.
    pub score: f64,
}

impl<D> Default for ConceptGraph<D> {
    fn default() -> Self {
        Self {
            nodes: ByConcept::default(),
            slots: HashMap::new(),
            documents: Vec::new(),
            free: Vec::new(),
            mentions: 0,
            edges: 0,
        }
    }
}

impl<D: Clone + Eq + Hash + Ord> ConceptGraph<D> {
    /// A graph without documents.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts in a document with the concepts that it mentions, in the order in
    /// which it mentions them; one of the same key is taken out first.
    pub fn insert(&mut self, key: D, mentions: &[ConceptIndex]) {
        self.remove(&key);
        let document = Document { key: key.clone(), mentions: mentions.into() };
        let slot = self.free.pop().unwrap_or(self.documents.len());
        self.add(&document, slot);
        match self.documents.get_mut(slot) {
            Some(place) => *place = Some(document),
            None => self.documents.push(Some(document)),
        }
        self.slots.insert(key, slot);
    }

    /// Takes out a document; false if there is none of this key.
    pub fn remove(&mut self, key: &D) -> bool {
        let Some(slot) = self.slots.remove(key) else { return false };
        let Some(document) = self.documents.get_mut(slot).and_then(Option::take) else { return false };
        self.free.push(slot);
        self.mentions -= count_of(&document.mentions);
        for (a, b, weight) in &pairs(&document.mentions) {
            for (from, to) in [(a, b), (b, a)] {
                let Some(node) = self.nodes.get_mut(from) else { continue };
                node.strength -= weight;
                let Some(edge) = node.neighbours.get_mut(to) else { continue };
                edge.weight -= weight;
                edge.documents -= 1;
                if edge.documents == 0 {
                    node.neighbours.remove(to);
                    self.edges -= usize::from(from < to);
                }
            }
        }
        for (concept, count) in &counts(&document.mentions) {
            let Some(node) = self.nodes.get_mut(concept) else { continue };
            node.mentions -= u64::from(*count);
            node.documents.remove(&slot);
            if node.documents.is_empty() {
                self.nodes.remove(concept);
            }
        }
        true
    }

    fn add(&mut self, document: &Document<D>, slot: usize) {
        self.mentions += count_of(&document.mentions);
        for (concept, count) in &counts(&document.mentions) {
            let node = self.nodes.entry(*concept).or_default();
            node.mentions += u64::from(*count);
            node.documents.insert(slot, *count);
        }
        for (a, b, weight) in &pairs(&document.mentions) {
            for (from, to) in [(a, b), (b, a)] {
                let node = self.nodes.entry(*from).or_default();
                node.strength += weight;
                let edge = node.neighbours.entry(*to).or_default();
                self.edges += usize::from(edge.documents == 0 && from < to);
                edge.weight += weight;
                edge.documents += 1;
            }
        }
    }

    /// How many documents there are.
    pub fn document_count(&self) -> usize {
        self.slots.len()
    }

    /// How many concepts are mentioned.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many pairs of concepts share an edge.
    pub fn edge_count(&self) -> usize {
        self.edges
    }

    /// A concept's node, if it is mentioned.
    pub fn node(&self, concept: ConceptIndex) -> Option<Node> {
        let node = self.nodes.get(&concept)?;
        let degree = node.neighbours.len();
        Some(Node { concept, mentions: node.mentions, documents: node.documents.len(), degree })
    }

    /// All concepts that are mentioned, those mentioned most first.
    pub fn nodes(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = self.nodes.keys().filter_map(|concept| self.node(*concept)).collect();
        nodes.sort_unstable_by_key(|node| (std::cmp::Reverse(node.mentions), node.concept));
        nodes
    }

    /// A concept's edges, the strongest first.
    pub fn edges(&self, concept: ConceptIndex) -> Vec<Edge> {
        let neighbours = self.nodes.get(&concept).into_iter().flat_map(|node| &node.neighbours);
        let mut edges: Vec<Edge> = neighbours
            .map(|(to, edge)| Edge { to: *to, weight: edge.weight, documents: edge.documents })
            .collect();
        edges.sort_unstable_by_key(|edge| (std::cmp::Reverse(edge.weight), edge.to));
        edges
    }

    /// The concepts next to one, in no particular order.
    pub(crate) fn neighbours(&self, concept: ConceptIndex) -> impl Iterator<Item = (ConceptIndex, u64)> {
        let node = self.nodes.get(&concept).into_iter();
        node.flat_map(|node| node.neighbours.iter().map(|(to, edge)| (*to, edge.weight)))
    }

    /// The documents that best fit some concepts, at most `limit`, the best first.
    ///
    /// A document's score is the sum over the concepts q asked for of s(q, d) and
    /// half the sum over q's 16 strongest other neighbours n of w(q, n) / w(q) *
    /// s(n, d). Here w(q, n) is the weight of the edge, w(q) that of all edges of
    /// q, and s(c, d) is the concept's weight in the document as in BM25
    /// (Robertson and Zaragoza, 2009; k = 1.2, b = 0.75) with ln(1 + N / df) for
    /// its rarity, mentions standing for words.
    pub fn rank(&self, concepts: &[ConceptIndex], limit: usize) -> Vec<RankedDocument<'_, D>> {
        let mut asked: Vec<ConceptIndex> = concepts.to_vec();
        asked.sort_unstable();
        asked.dedup();
        let known: HashSet<ConceptIndex> = asked.iter().copied().collect();
        let mut shares: BTreeMap<ConceptIndex, f64> = BTreeMap::new();
        for concept in &asked {
            let Some(node) = self.nodes.get(concept) else { continue };
            *shares.entry(*concept).or_default() += 1.0;
            let others = self.edges(*concept).into_iter().filter(|edge| !known.contains(&edge.to));
            for edge in others.take(SPREAD_NEIGHBOURS) {
                *shares.entry(edge.to).or_default() +=
                    SPREAD * number(edge.weight) / number(node.strength.max(1));
            }
        }
        let average = number(self.mentions) / count(self.document_count()).max(1.0);
        let mut scores: Vec<f64> = vec![0.0; self.documents.len()];
        for (concept, share) in shares {
            let Some(node) = self.nodes.get(&concept) else { continue };
            let rarity = (1.0 + count(self.document_count()) / count(node.documents.len())).ln();
            for (slot, mentions) in &node.documents {
                let Some(Some(document)) = self.documents.get(*slot) else { continue };
                let length = count(document.mentions.len()) / average.max(f64::MIN_POSITIVE);
                let often = f64::from(*mentions);
                let damped = often / (often + SATURATION * (1.0 - LENGTH_PART + LENGTH_PART * length));
                if let Some(score) = scores.get_mut(*slot) {
                    *score += share * rarity * damped;
                }
            }
        }
        let documents = scores.into_iter().zip(&self.documents).filter_map(|(score, document)| {
            let document = document.as_ref().filter(|_| score > 0.0)?;
            Some(RankedDocument { document: &document.key, score })
        });
        let mut ranked: Vec<_> = documents.collect();
        ranked.sort_by(|left, right| match right.score.total_cmp(&left.score) {
            Ordering::Equal => left.document.cmp(right.document),
            other => other,
        });
        ranked.truncate(limit);
        ranked
    }
}

#[expect(clippy::cast_precision_loss, reason = "a score needs no more")]
fn number(value: u64) -> f64 {
    value as f64
}

fn count_of(mentions: &[ConceptIndex]) -> u64 {
    u64::try_from(mentions.len()).unwrap_or(u64::MAX)
}

fn count(value: usize) -> f64 {
    number(u64::try_from(value).unwrap_or(u64::MAX))
}
