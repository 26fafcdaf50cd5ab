//! Finds and scores the documents that a query means.
//!
//! The index gives postings; everything that is made of them is made here, one
//! part of the query after the other, into one table of scores. With `N` the
//! number of documents, `n(x)` the number of those in which the word, phrase or
//! prefix `x` occurs, `f(x)` how often it occurs in the document, `l` the
//! document's length in words and `L` the mean length:
//!
//! - `idf(x) = ln(1 + (N - n(x) + 0.5) / (n(x) + 0.5))`
//! - *bm25* (Robertson, Walker et al., Okapi at TREC-3, 1994), title, tags and
//!   body taken as one text, k1 = 1.2, b = 0.75:
//!   `Σ_x idf(x) · f(x) · (k1 + 1) / (f(x) + k1 · (1 - b + b · l / L))`
//! - *bm25plus* (Lv and Zhai, Lower-bounding term frequency normalization, 2011),
//!   likewise with k1 = 2, δ = 0.5: `Σ_x idf(x) · (δ + f(x) · (k1 + 1) / (f(x) + k1 · (1 - b + b · l / L)))`
//! - *bm25f* (Robertson, Zaragoza and Taylor, Simple BM25 extension to multiple
//!   weighted fields, 2004; a length for each field as in Zaragoza et al., TREC-13):
//!   `Σ_x idf(x) · F(x) · (k1 + 1) / (F(x) + k1)` with
//!   `F(x) = Σ_f w(f) · f_f(x) / (1 - b(f) + b(f) · l_f / L_f)`; title, tags and body have
//!   `w` 4, 2, 1 and `b` 0.5, 0.3, 0.75; k1 = 1.6. A query of three words or more, which
//!   are all alternatives, is followed by a second look (`feedback.rs`)
//! - *title-scorer*: bm25 over the title alone
//! - *terraphim-graph*: bm25f, and for each concept `c` that the query mentions
//!   (the first 32 of them) `0.4 · max_{s ∈ synonyms(c)} bm25f(s)`: the best one alone
//!   counts, so that a concept gains nothing by having many; and for all of them
//!   together `0.5 · G` with `G` the rank of the document in the graph of concepts
//!   ([`terraphim_kg::ConceptGraph::rank`]), for documents that match otherwise.

use std::collections::{BTreeMap, HashMap};

use tantivy::{
    DocSet, Searcher, SegmentReader, TERMINATED, TantivyError, Term, fieldnorm::FieldNormReader,
    schema::IndexRecordOption,
};

use crate::{
    config::Relevance,
    index::Fields,
    postings::in_segment,
    query::{Expr, Phrase},
    tokenizer::stem,
};

const K1: f32 = 1.2;
const B: f32 = 0.75;
const K1_PLUS: f32 = 2.0;
const DELTA: f32 = 0.5;

/// Title, tags and body, with the weight and the length's part of each in bm25f.
const FIELDS: usize = 3;
pub(crate) const FIELD_NAMES: [&str; FIELDS] = ["title", "tags", "body"];
const WEIGHTS: [f32; FIELDS] = [4.0, 2.0, 1.0];
const LENGTH_PARTS: [f32; FIELDS] = [0.5, 0.3, 0.75];
const K1_FIELDS: f32 = 1.6;

/// How many words one prefix stands for at most, those in the most documents
/// first, and how many are looked at to find these.
const MAX_EXPANSIONS: usize = 256;
const MAX_LOOKED_AT: usize = 20_000;

/// How often something occurs in each field of a document.
type Frequencies = [u32; FIELDS];

/// The scores of all documents; 0 for one that does not match.
pub(crate) type Scores = Vec<f32>;

/// What a part of the query gave to the documents, for explanations.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    pub(crate) found: HashMap<u32, (f32, Frequencies)>,
}

/// A searcher with its documents numbered through.
pub(crate) struct Scorer<'a> {
    fields: &'a Fields,
    relevance: Relevance,
    documents: f32,
    mean_lengths: [f32; FIELDS],
    segments: Vec<Segment<'a>>,
    size: usize,
    /// The tokens that snippets show, with their weights.
    pub(crate) highlights: HashMap<String, f32>,
    /// What each part gave, where that is asked for.
    pub(crate) accounts: Option<Vec<Account>>,
}

struct Segment<'a> {
    reader: &'a SegmentReader,
    /// The number of its first document.
    base: u32,
    lengths: [FieldNormReader; FIELDS],
}

/// Where something occurs, by ascending number of the document.
type Hits = Vec<(u32, Frequencies)>;

impl<'a> Scorer<'a> {
    pub(crate) fn new(
        searcher: &'a Searcher,
        fields: &'a Fields,
        relevance: Relevance,
        explain: bool,
    ) -> Result<Self, TantivyError> {
        let mut segments = Vec::new();
        let (mut size, mut tokens) = (0_u32, [0_u64; FIELDS]);
        for reader in searcher.segment_readers() {
            let [title, tags, body] = [fields.title, fields.tags, fields.body];
            for (sum, field) in tokens.iter_mut().zip([title, tags, body]) {
                *sum += reader.inverted_index(field)?.total_num_tokens();
            }
            let lengths = |field| reader.get_fieldnorms_reader(field);
            segments.push(Segment {
                reader,
                base: size,
                lengths: [lengths(title)?, lengths(tags)?, lengths(body)?],
            });
            size = size.saturating_add(reader.max_doc());
        }
        let mean_lengths = tokens.map(|tokens| (tokens as f32 / size.max(1) as f32).max(1.0));
        Ok(Self {
            fields,
            relevance,
            documents: searcher.num_docs() as f32,
            mean_lengths,
            segments,
            size: usize::try_from(size).unwrap_or(usize::MAX),
            highlights: HashMap::new(),
            accounts: explain.then(Vec::new),
        })
    }

    /// No scores yet.
    pub(crate) fn none(&self) -> Scores {
        vec![0.0; self.size]
    }

    /// The segment and the number within it of a document.
    pub(crate) fn address(&self, number: u32) -> tantivy::DocAddress {
        let place = self.segments.partition_point(|segment| segment.base <= number).saturating_sub(1);
        let base = self.segments.get(place).map_or(0, |segment| segment.base);
        tantivy::DocAddress::new(u32::try_from(place).unwrap_or(u32::MAX), number - base)
    }

    /// Scores what a query looks for.
    pub(crate) fn score(&mut self, expr: &Expr) -> Result<Scores, TantivyError> {
        let mut scores = self.none();
        match expr {
            Expr::List { must, should } => {
                for (position, part) in must.iter().enumerate() {
                    let more = self.score(part)?;
                    for (sum, score) in scores.iter_mut().zip(more) {
                        let both = score > 0.0 && (position == 0 || *sum > 0.0);
                        *sum = if both { *sum + score } else { 0.0 };
                    }
                }
                for part in should {
                    let more = self.score(part)?;
                    for (sum, score) in scores.iter_mut().zip(more) {
                        if must.is_empty() || *sum > 0.0 {
                            *sum += score;
                        }
                    }
                }
            }
            Expr::Word(phrase) => self.leaf("word", std::slice::from_ref(phrase), None, &mut scores)?,
            Expr::Phrase(phrase) => self.leaf("phrase", std::slice::from_ref(phrase), None, &mut scores)?,
            Expr::Prefix(prefix) => self.prefix(prefix, &mut scores)?,
        }
        Ok(scores)
    }

    /// Adds the score of the best of several phrases, times a weight.
    pub(crate) fn add_best(
        &mut self,
        phrases: &[Phrase],
        weight: f32,
        scores: &mut Scores,
    ) -> Result<(), TantivyError> {
        let mut best: HashMap<u32, f32> = HashMap::new();
        for phrase in phrases.iter().filter(|phrase| !phrase.is_empty()) {
            for token in phrase {
                self.highlights.entry(token.clone()).or_insert(weight);
            }
            let hits = self.occurrences(std::slice::from_ref(phrase))?;
            let scored = self.weighed(&hits);
            for (number, score) in scored.iter().map(|(number, score)| (*number, score * weight)) {
                let most = best.entry(number).or_default();
                *most = most.max(score);
            }
            self.account("synonym", phrase.join(" "), &hits, &scored, weight);
        }
        for (number, score) in best {
            add(scores, number, score);
        }
        Ok(())
    }

    /// Adds scores that were found elsewhere to documents that match already.
    pub(crate) fn add_graph(
        &mut self,
        ranks: &HashMap<u64, f32>,
        scores: &mut Scores,
        concepts: String,
    ) -> Result<(), TantivyError> {
        let mut scored = Vec::new();
        for segment in &self.segments {
            let keys = segment.reader.fast_fields().u64("key")?;
            for doc in 0..segment.reader.max_doc() {
                let number = segment.base + doc;
                let matches = usize::try_from(number)
                    .ok()
                    .and_then(|place| scores.get(place))
                    .is_some_and(|s| *s > 0.0);
                if matches && let Some(rank) = keys.first(doc).and_then(|key| ranks.get(&key)) {
                    add(scores, number, *rank);
                    scored.push((number, *rank));
                }
            }
        }
        let hits: Hits = scored.iter().map(|(number, _)| (*number, [0; FIELDS])).collect();
        self.account("graph", concepts, &hits, &scored, 1.0);
        Ok(())
    }

    /// How rare a word is, by the bodies that have it.
    pub(crate) fn rarity(&self, word: &str) -> Result<f32, TantivyError> {
        let term = Term::from_field_text(self.fields.body, word);
        let mut having = 0.0;
        for segment in &self.segments {
            having += segment.reader.inverted_index(self.fields.body)?.doc_freq(&term)? as f32;
        }
        Ok(self.idf(having))
    }

    fn idf(&self, having: f32) -> f32 {
        (((self.documents - having).max(0.0) + 0.5) / (having + 0.5)).ln_1p()
    }

    /// Adds the score of a word, times a weight, to documents that match already.
    pub(crate) fn add_word(
        &mut self,
        word: &str,
        weight: f32,
        scores: &mut Scores,
    ) -> Result<(), TantivyError> {
        let hits = self.occurrences(&[vec![word.to_owned()]])?;
        let mut scored = self.weighed(&hits);
        scored.retain(|(number, _)| {
            usize::try_from(*number)
                .ok()
                .and_then(|place| scores.get(place))
                .is_some_and(|score| *score > 0.0)
        });
        for (number, score) in &scored {
            add(scores, *number, score * weight);
        }
        self.account("feedback", word.to_owned(), &hits, &scored, weight);
        Ok(())
    }

    /// The documents that match, the best first, with how many there are; of
    /// equal scores the lesser key comes first.
    pub(crate) fn best(
        &self,
        scores: &Scores,
        wanted: usize,
    ) -> Result<(Vec<(f32, u32)>, usize), TantivyError> {
        let mut matching: Vec<(f32, u64, u32)> = Vec::new();
        for segment in &self.segments {
            let keys = segment.reader.fast_fields().u64("key")?;
            for doc in 0..segment.reader.max_doc() {
                let number = segment.base + doc;
                let score =
                    usize::try_from(number).ok().and_then(|place| scores.get(place)).copied().unwrap_or(0.0);
                if score > 0.0 {
                    matching.push((score, keys.first(doc).unwrap_or(0), number));
                }
            }
        }
        let order = |a: &(f32, u64, u32), b: &(f32, u64, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        let total = matching.len();
        if wanted > 0 && wanted < total {
            matching.select_nth_unstable_by(wanted - 1, order);
        }
        matching.truncate(wanted);
        matching.sort_unstable_by(order);
        Ok((matching.into_iter().map(|(score, _, number)| (score, number)).collect(), total))
    }

    /// Scores phrases as if they were one: their occurrences count together.
    fn leaf(
        &mut self,
        kind: &'static str,
        phrases: &[Phrase],
        only: Option<&Hits>,
        scores: &mut Scores,
    ) -> Result<(), TantivyError> {
        for token in phrases.iter().flatten() {
            self.highlights.insert(token.clone(), 1.0);
        }
        let mut hits = self.occurrences(phrases)?;
        if let Some(only) = only {
            hits.retain(|(number, _)| only.binary_search_by_key(number, |(number, _)| *number).is_ok());
        }
        let scored = self.weighed(&hits);
        for (number, score) in &scored {
            add(scores, *number, *score);
        }
        let text = phrases.iter().map(|phrase| phrase.join(" ")).collect::<Vec<_>>().join(", ");
        self.account(kind, text, &hits, &scored, 1.0);
        Ok(())
    }

    /// All words that begin so count as one word. Their stems are looked for,
    /// in documents that have one of the words as it is written.
    fn prefix(&mut self, prefix: &str, scores: &mut Scores) -> Result<(), TantivyError> {
        let mut words: BTreeMap<String, u32> = BTreeMap::new();
        for segment in &self.segments {
            let index = segment.reader.inverted_index(self.fields.written)?;
            let mut stream = index.terms().range().ge(prefix).into_stream()?;
            for _ in 0..MAX_LOOKED_AT {
                let Some((key, info)) = stream.next() else { break };
                let Some(word) = std::str::from_utf8(key).ok().filter(|word| word.starts_with(prefix)) else {
                    break;
                };
                *words.entry(word.to_owned()).or_default() += info.doc_freq;
            }
        }
        let mut words: Vec<(String, u32)> = words.into_iter().collect();
        words.sort_by_key(|(_, documents)| std::cmp::Reverse(*documents));
        words.truncate(MAX_EXPANSIONS);
        let mut having: Hits = Vec::new();
        for segment in &self.segments {
            let index = segment.reader.inverted_index(self.fields.written)?;
            for (word, _) in &words {
                let term = Term::from_field_text(self.fields.written, word);
                if let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? {
                    while postings.doc() != TERMINATED {
                        having.push((segment.base + postings.doc(), [0; FIELDS]));
                        postings.advance();
                    }
                }
            }
        }
        having.sort_unstable();
        having.dedup();
        let mut stems: Vec<Phrase> = words.into_iter().map(|(word, _)| vec![stem(word)]).collect();
        stems.sort_unstable();
        stems.dedup();
        self.leaf("prefix", &stems, Some(&having), scores)
    }

    /// Where any of the phrases occurs.
    fn occurrences(&self, phrases: &[Phrase]) -> Result<Hits, TantivyError> {
        let mut found: Vec<(u32, usize, u32)> = Vec::new();
        for segment in &self.segments {
            let fields = [self.fields.title, self.fields.tags, self.fields.body];
            for (place, field) in fields.into_iter().enumerate() {
                for phrase in phrases {
                    in_segment(segment.reader, field, phrase, |doc, count| {
                        found.push((segment.base + doc, place, count));
                    })?;
                }
            }
        }
        // What is sorted consists of few sorted runs.
        found.sort();
        let mut hits: Hits = Vec::new();
        for (number, place, count) in found {
            match hits.last_mut() {
                Some((last, frequencies)) if *last == number => bump(frequencies, place, count),
                _ => {
                    let mut frequencies = [0; FIELDS];
                    bump(&mut frequencies, place, count);
                    hits.push((number, frequencies));
                }
            }
        }
        Ok(hits)
    }

    /// The formulas at the top of this file.
    fn weighed(&self, hits: &Hits) -> Vec<(u32, f32)> {
        let title_only = self.relevance == Relevance::TitleScorer;
        let counts =
            |frequencies: &Frequencies| !title_only || frequencies.first().is_some_and(|title| *title > 0);
        let having = hits.iter().filter(|(_, frequencies)| counts(frequencies)).count() as f32;
        let idf = self.idf(having);
        let mut segments = self.segments.iter().peekable();
        let mut scored = Vec::with_capacity(hits.len());
        for (number, frequencies) in hits.iter().filter(|(_, frequencies)| counts(frequencies)) {
            while let Some(segment) = segments.peek() {
                if *number < segment.base + segment.reader.max_doc() {
                    break;
                }
                segments.next();
            }
            let Some(segment) = segments.peek() else { break };
            let lengths =
                segment.lengths.each_ref().map(|lengths| lengths.fieldnorm(number - segment.base) as f32);
            scored.push((*number, idf * self.saturated(frequencies, &lengths)));
        }
        scored
    }

    /// What occurrences count, their rarity aside.
    fn saturated(&self, frequencies: &Frequencies, lengths: &[f32; FIELDS]) -> f32 {
        let fields = || frequencies.iter().zip(lengths).zip(&self.mean_lengths);
        let [title, _, _] = *frequencies;
        let ([title_length, _, _], [title_mean, _, _]) = (*lengths, self.mean_lengths);
        let whole = fields().fold((0.0, 0.0, 0.0), |(f, l, m), ((frequency, length), mean)| {
            (f + *frequency as f32, l + length, m + mean)
        });
        match self.relevance {
            Relevance::Bm25 => bm25(K1, whole),
            Relevance::Bm25plus => DELTA + bm25(K1_PLUS, whole),
            Relevance::TitleScorer => bm25(K1, (title as f32, title_length, title_mean)),
            Relevance::Bm25f | Relevance::TerraphimGraph => {
                let weighted: f32 = fields()
                    .zip(WEIGHTS.iter().zip(&LENGTH_PARTS))
                    .map(|(((frequency, length), mean), (weight, part))| {
                        weight * *frequency as f32 / (1.0 - part + part * length / mean)
                    })
                    .sum();
                weighted * (K1_FIELDS + 1.0) / (weighted + K1_FIELDS)
            }
        }
    }

    fn account(&mut self, kind: &'static str, text: String, hits: &Hits, scored: &[(u32, f32)], weight: f32) {
        let Some(accounts) = &mut self.accounts else { return };
        let frequencies: HashMap<u32, Frequencies> = hits.iter().copied().collect();
        let found = scored.iter().map(|(number, score)| {
            (*number, (score * weight, frequencies.get(number).copied().unwrap_or_default()))
        });
        accounts.push(Account { kind, text, found: found.collect() });
    }
}

fn bm25(k1: f32, (frequency, length, mean): (f32, f32, f32)) -> f32 {
    frequency * (k1 + 1.0) / (frequency + k1 * (1.0 - B + B * length / mean))
}

fn add(scores: &mut Scores, number: u32, score: f32) {
    if let Some(sum) = usize::try_from(number).ok().and_then(|place| scores.get_mut(place)) {
        *sum += score;
    }
}

fn bump(frequencies: &mut Frequencies, place: usize, count: u32) {
    if let Some(frequency) = frequencies.get_mut(place) {
        *frequency = frequency.saturating_add(count);
    }
}
