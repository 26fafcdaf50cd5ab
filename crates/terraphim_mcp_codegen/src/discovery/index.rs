//! The index: one segment for each server, and what is known only of all together.

use std::{collections::HashMap, sync::Arc};

use terraphim_types::ToolDefinition;

use super::{
    action::Actions,
    classify::Classifier,
    duplicates,
    facets::FacetTable,
    segment::{Item, Posting, Segment, ServerTools},
    vocabulary::Vocabulary,
    weights::{FIELDS, Weights},
};
use crate::naming::{ModuleTool, ServerModule, unique_identifiers};

/// A vocabulary with fewer words than this is never made anew to forget those of former tools.
const MIN_FORGOTTEN: usize = 20_000;

/// Most dots of a name at which it is parted into a server and a tool.
const MAX_DOTS: usize = 16;

/// Every tool of every server, searchable. A snapshot: it never changes, and
/// the next one shares with it whatever has not changed.
#[derive(Debug, Default)]
pub struct DiscoveryIndex {
    pub(super) weights: Weights,
    pub(super) vocabulary: Arc<Vocabulary>,
    /// By the names of the servers.
    pub(super) segments: Vec<Placed>,
    /// The positions of the segments in the order in which the servers were given.
    order: Vec<usize>,
    /// Servers by name and by identifier.
    servers: HashMap<String, usize>,
    /// For each term the end of its spans; its start is the end of the term before.
    ends: Vec<u32>,
    spans: Vec<Span>,
    /// For each term the number of tools that hold it.
    holding: Vec<u32>,
    pub(super) docs: Vec<Doc>,
    pub(super) categories: FacetTable,
    pub(super) capabilities: FacetTable,
}

/// A segment, and the number of its first tool.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) segment: Arc<Segment>,
    /// Under the identifier that differs from all others.
    pub(super) module: Arc<ServerModule>,
    pub(super) first: u32,
}

/// Where a segment keeps its postings of a term.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    segment: u32,
    start: u32,
    end: u32,
}

/// What is known of a tool only beside all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doc {
    pub(super) segment: u32,
    /// For each field, what one occurrence of a term there counts: weight by length.
    pub(super) norms: [f32; FIELDS],
    /// The sum of the rarities of the words of its name.
    pub(super) name: f32,
    /// The first tool that is nearly the same, which may be itself.
    pub(super) leader: u32,
    /// The kinds of doing of which its name speaks.
    pub(super) actions: Actions,
}

impl Doc {
    fn new(segment: u32, id: u32, actions: Actions) -> Self {
        Self { segment, norms: [0.0; FIELDS], name: 0.0, leader: id, actions }
    }
}

/// One tool with all that is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// `server.tool`.
    pub(crate) qualified: &'a str,
    module: &'a ServerModule,
    named: &'a ModuleTool,
    tool: &'a ToolDefinition,
    /// All tools of its server.
    pub(crate) tools: &'a [ToolDefinition],
}

impl<'a> Entry<'a> {
    /// The server, the names and the definition.
    pub(crate) fn parts(&self) -> (&'a ServerModule, &'a ModuleTool, &'a ToolDefinition) {
        (self.module, self.named, self.tool)
    }
}

impl DiscoveryIndex {
    /// Builds the index over all servers. A name that a server lists twice stands once.
    pub fn build(servers: &[ServerTools]) -> Self {
        Self::build_with(servers, Weights::default())
    }

    /// Builds the index with other weights than the default ones.
    pub fn build_with(servers: &[ServerTools], weights: Weights) -> Self {
        Self { weights, ..Self::default() }.updated(servers)
    }

    /// The index of `servers`, made from this one: a server is read again only
    /// if its name, its description or its list of tools (by address) has
    /// changed. Searches in this one go on meanwhile.
    pub fn updated(&self, servers: &[ServerTools]) -> Self {
        let mut vocabulary = Arc::clone(&self.vocabulary);
        let mut classifier = None;
        let known: HashMap<&str, &Arc<Segment>> = self
            .segments
            .iter()
            .map(|placed| (placed.segment.source.server.as_str(), &placed.segment))
            .collect();
        let segments: Vec<Arc<Segment>> = servers
            .iter()
            .map(|server| match known.get(server.server.as_str()).filter(|known| known.is_of(server)) {
                Some(known) => Arc::clone(known),
                None => {
                    let classifier = classifier.get_or_insert_with(Classifier::new);
                    Arc::new(Segment::new(server, classifier, &mut vocabulary))
                }
            })
            .collect();
        let index = Self::of(self.weights, vocabulary, &segments);
        let living = index.holding.iter().filter(|count| **count > 0).count();
        let is_littered = index.vocabulary.len() > MIN_FORGOTTEN.max(2 * living);
        if is_littered && !self.segments.is_empty() {
            return Self::build_with(servers, self.weights);
        }
        index
    }

    /// The same tools under other weights.
    pub fn reweighted(&self, weights: Weights) -> Self {
        let given = self.order.iter().filter_map(|at| self.segments.get(*at));
        let segments: Vec<_> = given.map(|placed| Arc::clone(&placed.segment)).collect();
        Self::of(weights, Arc::clone(&self.vocabulary), &segments)
    }

    fn of(weights: Weights, vocabulary: Arc<Vocabulary>, segments: &[Arc<Segment>]) -> Self {
        let mut index = Self { weights, vocabulary, ..Self::default() };
        index.place(segments);
        index.join_terms();
        index.weigh();
        index.count_facets();
        for (id, leader) in duplicates::leaders(&index) {
            if let Some(doc) = index.docs.get_mut(id as usize) {
                doc.leader = leader;
            }
        }
        index
    }

    /// Number of tools.
    pub fn len(&self) -> usize {
        self.docs.len()
    }

    /// Whether there is no tool at all.
    pub fn is_empty(&self) -> bool {
        self.docs.is_empty()
    }

    /// The servers with the names by which programs call their tools.
    pub fn modules(&self) -> impl Iterator<Item = &ServerModule> {
        self.order.iter().filter_map(|at| self.segments.get(*at)).map(|placed| placed.module.as_ref())
    }

    /// The qualified names of all tools, by server and name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items().map(|item| item.qualified.as_str())
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.segments.iter().flat_map(|placed| &placed.segment.items)
    }

    pub(super) fn item(&self, id: u32) -> Option<&Item> {
        let placed = self.segments.get(self.docs.get(id as usize)?.segment as usize)?;
        placed.segment.items.get((id - placed.first) as usize)
    }

    /// The tool of a name: `server.tool` with the names of the server or with
    /// those that a program uses, else a tool's own name where only one has it.
    pub(crate) fn entry(&self, name: &str) -> Option<Entry<'_>> {
        self.entry_at(self.find(name)?)
    }

    pub(super) fn entry_at(&self, id: u32) -> Option<Entry<'_>> {
        let placed = self.segments.get(self.docs.get(id as usize)?.segment as usize)?;
        let item = placed.segment.items.get((id - placed.first) as usize)?;
        Some(Entry {
            qualified: &item.qualified,
            module: &placed.module,
            named: placed.module.tools.get(item.named as usize)?,
            tool: placed.segment.source.tools.get(item.tool as usize)?,
            tools: &placed.segment.source.tools,
        })
    }

    /// The number of the tool of a name, as [`Self::entry`] understands it.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        let of_server = |(at, _): (usize, &str)| {
            let placed = self.segments.get(*self.servers.get(name.get(..at)?)?)?;
            Some(placed.first + placed.segment.tool(name.get(at + 1..)?)?)
        };
        let found: Vec<u32> = name.match_indices('.').take(MAX_DOTS).filter_map(of_server).collect();
        // A dot may stand in both names: the reading in the configured names comes first.
        let is_exact = |id: &&u32| self.item(**id).is_some_and(|item| item.qualified == name);
        if let Some(id) = found.iter().find(is_exact).or_else(|| found.first()) {
            return Some(*id);
        }
        let of_segment = |placed: &Placed| Some(placed.first + placed.segment.tool(name)?);
        let mut same = self.segments.iter().filter_map(of_segment);
        same.next().filter(|_| same.next().is_none())
    }

    /// The name of the server that a qualified name's tool is of.
    pub(crate) fn server_of(&self, name: &str) -> Option<&str> {
        Some(self.entry(name)?.module.server.as_str())
    }
    /// In how many tools a term stands.
    pub(super) fn holding(&self, term: u32) -> u32 {
        self.holding.get(term as usize).copied().unwrap_or_default()
    }

    /// The number of a term that some tool holds.
    pub(super) fn term(&self, word: &str) -> Option<u32> {
        self.vocabulary.number(word).filter(|term| self.holding(*term) > 0)
    }

    /// BM25's inverse document frequency, with one added so that it is never negative.
    #[expect(clippy::cast_precision_loss, reason = "counts of tools are far below 2^24")]
    pub(super) fn rarity(&self, term: u32) -> f32 {
        let (total, holding) = (self.docs.len().max(1) as f32, self.holding(term) as f32);
        (1.0 + (total - holding + 0.5) / (holding + 0.5)).ln()
    }

    /// The tools that hold a term, ascending.
    pub(super) fn postings(&self, term: u32) -> impl Iterator<Item = (u32, &Posting)> {
        let term = term as usize;
        let start = term.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(term).copied().unwrap_or(start);
        let spans = self.spans.get(start as usize..end as usize).unwrap_or_default();
        spans.iter().filter_map(|span| Some((span, self.segments.get(span.segment as usize)?))).flat_map(
            |(span, placed)| {
                let postings = placed.segment.postings(span.start, span.end).iter();
                postings.map(move |posting| (placed.first + posting.tool, posting))
            },
        )
    }

    fn place(&mut self, segments: &[Arc<Segment>]) {
        let identifiers = unique_identifiers(segments.iter().map(|segment| segment.source.server.as_str()));
        let mut sorted: Vec<_> = segments.iter().enumerate().collect();
        sorted.sort_by(|a, b| a.1.source.server.as_str().cmp(b.1.source.server.as_str()));
        self.order = vec![0; segments.len()];
        let mut first = 0_u32;
        for (at, (given, segment)) in sorted.into_iter().enumerate() {
            if let Some(order) = self.order.get_mut(given) {
                *order = at;
            }
            let mut module = Arc::clone(&segment.module);
            if let Some(identifier) = identifiers.get(module.server.as_str())
                && module.identifier != *identifier
            {
                Arc::make_mut(&mut module).identifier.clone_from(identifier);
            }
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            let ids = (first..).zip(&segment.items);
            self.docs.extend(ids.map(|(id, item)| Doc::new(number, id, item.actions)));
            self.segments.push(Placed { segment: Arc::clone(segment), module, first });
            first = u32::try_from(self.docs.len()).unwrap_or(u32::MAX);
        }
        for (at, placed) in self.segments.iter().enumerate() {
            self.servers.entry(placed.module.server.to_string()).or_insert(at);
        }
        for (at, placed) in self.segments.iter().enumerate() {
            self.servers.entry(placed.module.identifier.clone()).or_insert(at);
        }
    }

    /// Where the postings of each term are: a counting sort over the segments' terms.
    fn join_terms(&mut self) {
        let mut counts = vec![0_u32; self.vocabulary.len()];
        self.holding = vec![0; self.vocabulary.len()];
        for placed in &self.segments {
            for (term, start, end) in placed.segment.terms() {
                if let Some(count) = counts.get_mut(term as usize) {
                    *count += 1;
                }
                if let Some(holding) = self.holding.get_mut(term as usize) {
                    *holding += end - start;
                }
            }
        }
        let mut sum = 0_u32;
        for count in &mut counts {
            let before = sum;
            sum += *count;
            *count = before;
        }
        self.spans = vec![Span::default(); sum as usize];
        for (segment, placed) in (0_u32..).zip(&self.segments) {
            for (term, start, end) in placed.segment.terms() {
                let Some(next) = counts.get_mut(term as usize) else { continue };
                if let Some(span) = self.spans.get_mut(*next as usize) {
                    *span = Span { segment, start, end };
                }
                *next += 1;
            }
        }
        // Each start has moved to its end.
        self.ends = counts;
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^24")]
    #[expect(clippy::cast_possible_truncation, reason = "a sum of a few small numbers")]
    fn weigh(&mut self) {
        let mut sums = [0_u64; FIELDS];
        for item in self.items() {
            for (sum, length) in sums.iter_mut().zip(item.lengths) {
                *sum += u64::from(length);
            }
        }
        let total = self.docs.len().max(1) as f32;
        let rarities: Vec<f32> = (0..u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX))
            .map(|term| self.rarity(term))
            .collect();
        let Weights { fields, length: share, .. } = self.weights;
        let items = self.segments.iter().flat_map(|placed| &placed.segment.items);
        for (doc, item) in self.docs.iter_mut().zip(items) {
            let parts = fields.iter().zip(item.lengths).zip(sums);
            for (norm, ((weight, length), sum)) in doc.norms.iter_mut().zip(parts) {
                let relative = f32::from(length) * total / (sum as f32).max(1.0);
                *norm = weight / (1.0 - share + share * relative).max(f32::MIN_POSITIVE);
            }
            // In double precision, so that the order of the words does not show.
            let name = item.name.iter().filter_map(|term| rarities.get(*term as usize));
            doc.name = name.map(|rarity| f64::from(*rarity)).sum::<f64>() as f32;
        }
    }

    fn count_facets(&mut self) {
        for placed in &self.segments {
            for (category, tools) in &placed.segment.categories {
                self.categories.add(category, placed.first, tools);
            }
            for (capability, tools) in &placed.segment.capabilities {
                self.capabilities.add(capability, placed.first, tools);
            }
        }
    }
}
