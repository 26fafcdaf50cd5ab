//! The scores of all tools for a query. The formulas stand in SPECIFICATION.md, "Tool search".

use std::collections::HashMap;

use super::{
    index::DiscoveryIndex,
    intent::{Clause, Intent},
    synonyms::{MAX_PHRASE_WORDS, Synonyms},
    terms::{self, Concept, How, Term},
    weights::FIELDS,
};

/// By how many of its tools, the best ones, a server is judged.
const SERVER_TOOLS: usize = 3;

/// What of a query a tool can meet, and how well each tool meets each part of it.
pub(super) struct Ranking<'a> {
    index: &'a DiscoveryIndex,
    pub(super) concepts: Vec<Concept>,
    /// For each concept the tools that meet it, with their scores.
    rows: Vec<Vec<(u32, f32)>>,
    /// For each term the tools that have it in their names.
    names: HashMap<u32, Vec<u32>>,
}

impl<'a> Ranking<'a> {
    /// The score of each tool, 0 where nothing of the query meets it.
    pub(super) fn of(index: &'a DiscoveryIndex, query: &str, synonyms: &Synonyms) -> (Self, Vec<f32>) {
        let intent = Intent::of(query);
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut concepts: Vec<Concept> = Vec::new();
        let mut guesses = terms::Guesses::new(intent.words.len());
        // The term of a word and the one before it.
        let mut before = None;
        for (at, word) in intent.words.iter().enumerate() {
            let phrases = (1..=MAX_PHRASE_WORDS).filter_map(|length| intent.words.get(at..at + length));
            let behind = intent.words.get(at + 1).and_then(|other| terms::joined(index, word, other));
            let joined = before.into_iter().chain(behind);
            before = behind;
            let made = terms::concepts(index, word, phrases, joined, synonyms, &mut guesses);
            let first = concepts.len();
            concepts.extend(made);
            parts.push((first..concepts.len()).collect());
        }
        let mut ranking = Self { index, rows: Vec::new(), names: HashMap::new(), concepts };
        ranking.fill();
        let expand = |clause: &Clause| Clause {
            words: clause
                .words
                .iter()
                .flat_map(|(word, weight)| {
                    parts.get(*word).into_iter().flatten().map(move |concept| (*concept, *weight))
                })
                .collect(),
            actions: clause.actions,
        };
        let mut scores = ranking.score(&expand(&intent.whole));
        let weights = &index.weights;
        let best = scores.iter().copied().fold(0.0, f32::max);
        let mut lift = vec![0.0_f32; scores.len()];
        let sentences = intent.sentences.iter().map(|clause| (clause, weights.sentence));
        for (clause, share) in sentences.chain(intent.files.iter().map(|clause| (clause, weights.file))) {
            let of_clause = ranking.score(&expand(clause));
            let top = of_clause.iter().copied().fold(0.0, f32::max);
            if top <= 0.0 || share <= 0.0 {
                continue;
            }
            for (lift, score) in lift.iter_mut().zip(of_clause) {
                *lift = lift.max(share * best * score / top);
            }
        }
        for (score, lift) in scores.iter_mut().zip(lift) {
            *score += lift;
        }
        (ranking, scores)
    }

    /// BM25F of each concept; of the terms that stand for it the best one counts.
    fn fill(&mut self) {
        let mut best = vec![0.0_f32; self.index.docs.len()];
        for concept in &self.concepts {
            let mut touched: Vec<u32> = Vec::new();
            for term in &concept.terms {
                let has_names = self.names.contains_key(&term.number);
                let mut named = Vec::new();
                for (id, posting) in self.index.postings(term.number) {
                    let Some(doc) = self.index.docs.get(id as usize) else { continue };
                    let frequency = frequency(&posting.counts, &doc.norms);
                    let score =
                        term.share * term.rarity * frequency / (self.index.weights.saturation + frequency);
                    if let Some(known) = best.get_mut(id as usize) {
                        if *known == 0.0 {
                            touched.push(id);
                        }
                        *known = known.max(score);
                    }
                    if !has_names && posting.counts.first().is_some_and(|count| *count > 0) {
                        named.push(id);
                    }
                }
                if !has_names {
                    self.names.insert(term.number, named);
                }
            }
            touched.sort_unstable();
            touched.dedup();
            let take = |id: u32| (id, best.get_mut(id as usize).map(std::mem::take).unwrap_or_default());
            self.rows.push(touched.into_iter().map(take).collect());
        }
    }

    fn score(&self, clause: &Clause) -> Vec<f32> {
        let mut scores = vec![0.0_f32; self.index.docs.len()];
        for (concept, weight) in &clause.words {
            for (id, score) in self.rows.get(*concept).into_iter().flatten() {
                if let Some(sum) = scores.get_mut(*id as usize) {
                    *sum += score * weight;
                }
            }
        }
        self.lift_names(&mut scores, clause);
        self.lift_actions(&mut scores, clause);
        self.lift_servers(&mut scores);
        scores
    }

    /// Tools whose whole name the clause speaks of stand before those with a longer name.
    fn lift_names(&self, scores: &mut [f32], clause: &Clause) {
        let mut covering: Vec<(u32, f32)> = Vec::new();
        for (concept, _) in &clause.words {
            for Term { number, cover, .. } in self.concepts.get(*concept).into_iter().flat_map(|it| &it.terms)
            {
                match covering.iter_mut().find(|(known, _)| known == number) {
                    Some((_, known)) => *known = known.max(*cover),
                    None => covering.push((*number, *cover)),
                }
            }
        }
        let mut covered = vec![0.0_f32; scores.len()];
        for (term, cover) in covering {
            let rarity = self.index.rarity(term);
            for id in self.names.get(&term).into_iter().flatten() {
                if let Some(sum) = covered.get_mut(*id as usize) {
                    *sum += cover * rarity;
                }
            }
        }
        let weights = &self.index.weights;
        for ((score, covered), doc) in scores.iter_mut().zip(covered).zip(&self.index.docs) {
            if covered > 0.0 && doc.name > 0.0 {
                let share = (covered / doc.name).min(1.0);
                *score *= 1.0 + weights.name_coverage * share * share;
            }
        }
    }

    fn lift_actions(&self, scores: &mut [f32], clause: &Clause) {
        if clause.actions.is_empty() {
            return;
        }
        let weight = self.index.weights.action;
        for (score, doc) in scores.iter_mut().zip(&self.index.docs) {
            if *score > 0.0 && !doc.actions.is_empty() {
                *score *= if doc.actions.meets(clause.actions) { 1.0 + weight } else { 1.0 - weight };
            }
        }
    }

    /// A server of whose tools several fit is more likely the right one. Only
    /// its best tools are asked, so that a large server is not less likely.
    #[expect(clippy::cast_precision_loss, reason = "a handful of tools")]
    fn lift_servers(&self, scores: &mut [f32]) {
        let segments = &self.index.segments;
        if segments.len() < 2 {
            return;
        }
        let mut best_tools = vec![[0.0_f32; SERVER_TOOLS]; segments.len()];
        for (score, doc) in scores.iter().zip(&self.index.docs).filter(|(score, _)| **score > 0.0) {
            let mut left = *score;
            for kept in best_tools.get_mut(doc.segment as usize).into_iter().flatten() {
                if left > *kept {
                    std::mem::swap(kept, &mut left);
                }
            }
        }
        let means: Vec<f32> =
            best_tools.iter().map(|best| best.iter().sum::<f32>() / SERVER_TOOLS as f32).collect();
        let best_server = means.iter().copied().fold(0.0, f32::max);
        let best = scores.iter().copied().fold(0.0, f32::max);
        if best_server <= 0.0 {
            return;
        }
        for (score, doc) in scores.iter_mut().zip(&self.index.docs).filter(|(score, _)| **score > 0.0) {
            let mean = means.get(doc.segment as usize).copied().unwrap_or_default();
            *score += self.index.weights.server * best * mean / best_server;
        }
    }

    /// Which words of the query a tool meets, by which of its own, and in which fields.
    pub(super) fn reasons(&self, id: u32) -> Vec<(&Concept, &str, How, Vec<&'static str>)> {
        let mut reasons = Vec::new();
        for concept in &self.concepts {
            for term in &concept.terms {
                let posting = self.index.postings(term.number).find(|(holder, _)| *holder == id);
                if let Some((_, posting)) = posting {
                    let fields = super::weights::Field::ALL.iter().zip(posting.counts);
                    let fields = fields.filter(|(_, count)| *count > 0).map(|(field, _)| field.label());
                    let word = self.index.vocabulary.word(term.number);
                    reasons.push((concept, word, term.how, fields.collect()));
                }
            }
        }
        reasons
    }
}

/// BM25F's pseudo-frequency: occurrences by field weight and field length.
fn frequency(counts: &[u8; FIELDS], norms: &[f32; FIELDS]) -> f32 {
    counts.iter().zip(norms).map(|(count, norm)| f32::from(*count) * norm).sum()
}
