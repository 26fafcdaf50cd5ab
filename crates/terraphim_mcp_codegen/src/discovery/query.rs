//! Asking the index: filters, ranking, and how much of each tool is told.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    facets::Facet,
    index::{DiscoveryIndex, Entry, Posting},
    words,
};
use crate::{
    bounded,
    distance::{edit_distance, letters},
    docs::{ParameterDocs, parameters},
    example::example_call,
    typescript::{result_inline, signature_as},
};

/// Most tools on one page.
const MAX_LIMIT: u32 = 100;
/// Most characters and different words of a query that are looked at.
const MAX_QUERY_CHARS: usize = 1_000;
const MAX_QUERY_TERMS: usize = 48;
/// Longest description of a brief answer, in characters.
const MAX_BRIEF_CHARS: usize = 160;
/// Longest description of a full answer, in characters.
const MAX_FULL_CHARS: usize = 1_000;
/// Most words of the vocabulary for which an unknown word stands.
const MAX_EXPANSIONS: usize = 12;
/// How much a completed or corrected word counts, for each edit.
const EXPANSION_WEIGHT: f32 = 0.6;

/// What is looked for. Everything may be left out; nothing at all asks which
/// categories and capabilities there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolQuery {
    /// Words for what the tool should do.
    pub query: Option<String>,
    /// Only tools of this category.
    pub category: Option<String>,
    /// Only tools with any of these capabilities.
    pub capabilities: Vec<String>,
    /// Only tools of this server, by its name or its identifier.
    pub server: Option<String>,
    /// How much is told of each tool.
    pub detail: Detail,
    /// Most tools in the answer, 1 to 100.
    pub limit: u32,
    /// How many of the best are left out, to page on.
    pub offset: u32,
}

impl Default for ToolQuery {
    fn default() -> Self {
        Self {
            query: None,
            category: None,
            capabilities: Vec::new(),
            server: None,
            detail: Detail::default(),
            limit: 10,
            offset: 0,
        }
    }
}

/// How much an answer tells of each tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// Its name.
    Name,
    /// Its name, what it does in one line, its signature.
    #[default]
    Brief,
    /// Also its category, capabilities, parameters, result type and an example.
    Full,
}

/// One page of an answer, the best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolPage {
    /// The tools.
    pub tools: Vec<ToolHit>,
    /// How many tools match, on all pages.
    pub total: u32,
    /// All categories with their counts, where nothing was asked or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Facet>>,
    /// All capabilities with their counts, where nothing was asked or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<Facet>>,
}

/// One tool of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolHit {
    /// `server.tool`.
    pub name: String,
    /// The server.
    pub server: String,
    /// What a program imports, where that is not the server's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// What the tool does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How it is called, on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its capabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<ParameterDocs>>,
    /// The type of what a call gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// A call that is valid against the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

impl DiscoveryIndex {
    /// The tools that fit, the best first; by name where there are no words to rank by.
    pub fn search(&self, query: &ToolQuery) -> ToolPage {
        let text = query.query.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let allowed = self.allowed(query);
        if text.is_none() && allowed.is_none() {
            return self.overview();
        }
        let ranked = match text {
            Some(text) => self.ranked(text, allowed.as_deref(), query.offset, query.limit),
            None => Ranked::by_name(allowed.unwrap_or_default(), query.offset, query.limit),
        };
        let mut page = if ranked.total == 0 { self.overview() } else { ToolPage::default() };
        let entries = ranked.page.iter().filter_map(|id| self.entries.get(*id as usize));
        page.tools = entries.filter_map(|entry| self.hit(entry, query.detail)).collect();
        page.total = ranked.total;
        page
    }

    /// All categories and capabilities with their counts, and no tools.
    fn overview(&self) -> ToolPage {
        ToolPage {
            categories: Some(self.categories.counts()),
            capabilities: Some(self.capabilities.counts()),
            total: count(self.entries.len()),
            ..ToolPage::default()
        }
    }

    /// The ids that pass the filters, ascending; `None` where there is no filter.
    fn allowed(&self, query: &ToolQuery) -> Option<Vec<u32>> {
        let category = query.category.as_deref().filter(|name| !name.trim().is_empty());
        let mut filters: Vec<BTreeSet<u32>> = Vec::new();
        if let Some(category) = category {
            filters.push(self.categories.tools(category).iter().copied().collect());
        }
        if !query.capabilities.is_empty() {
            let names = query.capabilities.iter().take(32);
            filters.push(names.flat_map(|name| self.capabilities.tools(name)).copied().collect());
        }
        if let Some(name) = query.server.as_deref().filter(|name| !name.trim().is_empty()) {
            let is_wanted = |entry: &Entry| {
                let module = self.servers.get(entry.server as usize).map(|(_, module)| module);
                module.is_some_and(|module| {
                    module.server.as_str().eq_ignore_ascii_case(name)
                        || module.identifier.eq_ignore_ascii_case(name)
                })
            };
            let ids = (0_u32..).zip(&self.entries).filter(|(_, entry)| is_wanted(entry));
            filters.push(ids.map(|(id, _)| id).collect());
        }
        let met = filters.into_iter().reduce(|left, right| left.intersection(&right).copied().collect());
        met.map(|ids| ids.into_iter().collect())
    }

    fn ranked(&self, text: &str, allowed: Option<&[u32]>, offset: u32, limit: u32) -> Ranked {
        let mut scores = vec![0.0_f32; self.entries.len()];
        for (term, weight) in query_terms(text) {
            match self.postings(&term) {
                Some(postings) => add(&mut scores, postings, weight),
                None => self.add_expansions(&mut scores, &term, weight),
            }
        }
        // Whoever writes a tool's own name wants that tool first.
        if let Some(entry) = self.entry(text)
            && let Ok(id) = self.entries.binary_search_by(|known| known.qualified.cmp(&entry.qualified))
            && let Some(score) = scores.get_mut(id)
        {
            *score += 1_000.0;
        }
        let scored = |(id, score): (u32, f32)| (score > 0.0).then_some((score, id));
        let mut hits: Vec<(f32, u32)> = match allowed {
            Some(ids) => ids.iter().filter_map(|id| scored((*id, *scores.get(*id as usize)?))).collect(),
            None => (0_u32..).zip(scores).filter_map(scored).collect(),
        };
        let total = count(hits.len());
        let end = usize::try_from(offset.saturating_add(limit.clamp(1, MAX_LIMIT))).unwrap_or(usize::MAX);
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if end < hits.len() {
            hits.select_nth_unstable_by(end, order);
            hits.truncate(end);
        }
        hits.sort_unstable_by(order);
        let page = hits.into_iter().map(|(_, id)| id).skip(offset as usize).collect();
        Ranked { page, total }
    }

    /// Adds the words for which an unknown word may stand: those that it begins,
    /// else those that are one or two typing errors away.
    fn add_expansions(&self, scores: &mut [f32], term: &str, weight: f32) {
        let length = term.chars().count();
        if length < 3 {
            return;
        }
        let from = self.sorted.partition_point(|(word, _, _)| word.as_str() < term);
        let begun = self.sorted.iter().skip(from).take_while(|(word, _, _)| word.starts_with(term));
        let mut found: Vec<(usize, u32)> = begun.take(MAX_EXPANSIONS).map(|(_, _, id)| (1, *id)).collect();
        if found.is_empty() && term.is_ascii() {
            let limit = if length < 4 { 0 } else { 1 + usize::from(length >= 7) };
            let wanted = letters(term);
            found = self
                .sorted
                .iter()
                .filter(|(_, set, _)| (set ^ wanted).count_ones() as usize <= 2 * limit)
                .filter_map(|(word, _, id)| Some((edit_distance(term, word, limit)?, *id)))
                .collect();
            found.sort_unstable();
            let least = found.first().map_or(0, |(edits, _)| *edits);
            found.retain(|(edits, _)| *edits == least);
            found.truncate(MAX_EXPANSIONS);
        }
        // A tool counts once, by the best of the words: they are guesses at one word.
        let mut best: HashMap<u32, f32> = HashMap::new();
        for (edits, id) in found {
            let share = if edits > 1 { EXPANSION_WEIGHT * EXPANSION_WEIGHT } else { EXPANSION_WEIGHT };
            for posting in self.postings_of(id).unwrap_or_default() {
                let score = best.entry(posting.tool).or_default();
                *score = score.max(posting.weight * share);
            }
        }
        for (tool, score) in best {
            if let Some(sum) = scores.get_mut(tool as usize) {
                *sum += score * weight;
            }
        }
    }

    fn hit(&self, entry: &Entry, detail: Detail) -> Option<ToolHit> {
        let (module, named, tool) = self.parts(entry)?;
        let server = module.server.to_string();
        let mut hit = ToolHit { name: entry.qualified.clone(), server, ..ToolHit::default() };
        hit.import = (module.identifier != hit.server).then(|| module.identifier.clone());
        if detail == Detail::Name {
            return Some(hit);
        }
        let title = || tool.title.as_deref().or_else(|| tool.annotations.as_ref()?.title.as_deref());
        let description = tool.description.as_deref().or_else(title).filter(|text| !text.trim().is_empty());
        hit.description = description.map(|text| match detail {
            Detail::Full => bounded::cut(bounded::visible(text).trim(), MAX_FULL_CHARS).into_owned(),
            _ => bounded::summary(text, MAX_BRIEF_CHARS),
        });
        hit.signature = Some(signature_as(named.identifiers.first()?, tool));
        if detail == Detail::Full {
            hit.category = Some(self.categories.name(entry.category).to_owned());
            let names = entry.capabilities.iter().map(|number| self.capabilities.name(*number).to_owned());
            hit.capabilities = Some(names.collect());
            hit.parameters = Some(parameters(tool));
            hit.result = Some(result_inline(tool, 400));
            hit.example = example_call(module, named, tool);
        }
        Some(hit)
    }
}

struct Ranked {
    page: Vec<u32>,
    total: u32,
}

impl Ranked {
    fn by_name(ids: Vec<u32>, offset: u32, limit: u32) -> Self {
        let total = count(ids.len());
        let page = ids.into_iter().skip(offset as usize).take(limit.clamp(1, MAX_LIMIT) as usize).collect();
        Self { page, total }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn add(scores: &mut [f32], postings: &[Posting], weight: f32) {
    for posting in postings {
        if let Some(score) = scores.get_mut(posting.tool as usize) {
            *score += posting.weight * weight;
        }
    }
}

/// The different words of a query, each with how much it counts: a repeated
/// word counts more, but less than twice.
fn query_terms(text: &str) -> Vec<(String, f32)> {
    let head: String = text.chars().take(MAX_QUERY_CHARS).collect();
    let mut all = Vec::new();
    words::split(&head, |word| {
        if !words::is_stop_word(word) {
            all.push(words::stem(word));
        }
    });
    let mut terms: Vec<(String, f32)> = Vec::new();
    for term in all {
        if let Some((_, weight)) = terms.iter_mut().find(|(known, _)| *known == term) {
            *weight += 0.5 / *weight;
        } else if terms.len() < MAX_QUERY_TERMS {
            terms.push((term, 1.0));
        }
    }
    terms
}
