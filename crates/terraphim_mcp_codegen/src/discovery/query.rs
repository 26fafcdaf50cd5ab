//! Asking the index: filters, ranking, and how much of each tool is told.

mod near;

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
};

use serde::{Deserialize, Serialize};

use super::{
    explain::{self, Reason},
    facets::Facet,
    index::{DiscoveryIndex, Placed},
    rank::Ranking,
    segment::ServerTools,
    synonyms::Synonyms,
};
use crate::{
    bounded,
    docs::{ParameterDocs, parameters},
    example::example_call,
    typescript::{result_inline, signature_as},
};

/// Most tools on one page.
const MAX_LIMIT: u32 = 100;
/// Most names of tools that stand behind one that is nearly the same.
const MAX_ALSO: usize = 20;
/// What a tool gains whose name is the query; more than words can give.
const NAMED: f32 = 1_000.0;
/// Most that past calls add, as a share of the score.
const MAX_USAGE: f32 = 0.2;
/// Longest description of a brief answer, in characters.
const MAX_BRIEF_CHARS: usize = 160;
/// Longest description of a full answer, in characters.
const MAX_FULL_CHARS: usize = 1_000;
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
    /// What is done with tools of several servers that do nearly the same.
    pub duplicates: Duplicates,
    /// Whether each tool is told with the words by which it was found.
    pub explain: bool,
}

/// What becomes of tools of several servers that do nearly the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// The best one is shown, with the names of the others.
    #[default]
    Folded,
    /// Each is shown.
    Listed,
}

/// What a search takes into account beside the tools and the query.
#[derive(Clone, Copy)]
pub struct SearchContext<'a> {
    /// Words that may stand for each other.
    pub synonyms: &'a Synonyms,
    /// How often tools were called, by their qualified names.
    pub usage: Option<&'a HashMap<String, u64>>,
}

impl Default for SearchContext<'_> {
    fn default() -> Self {
        Self { synonyms: Synonyms::built_in(), usage: None }
    }
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
            duplicates: Duplicates::default(),
            explain: false,
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
    /// Tools of other servers that do nearly the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// By which words it was found, where that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

impl DiscoveryIndex {
    /// The tools that fit, the best first; by name where there are no words to rank by.
    pub fn search(&self, query: &ToolQuery) -> ToolPage {
        self.search_with(query, &SearchContext::default())
    }

    /// The same with synonyms and use statistics of the caller.
    pub fn search_with(&self, query: &ToolQuery, context: &SearchContext<'_>) -> ToolPage {
        let text = query.query.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let allowed = self.allowed(query);
        if text.is_none() && allowed.is_none() {
            return self.overview();
        }
        let ranked = match text {
            Some(text) => self.ranked(text, allowed.as_deref(), query, context),
            None => Ranked::by_name(allowed.unwrap_or_default(), query.offset, query.limit),
        };
        let mut page = if ranked.total == 0 { self.overview() } else { ToolPage::default() };
        page.total = ranked.total;
        let also = ranked.also(self);
        for id in &ranked.page {
            let Some(mut hit) = self.hit(*id, query.detail) else { continue };
            if let Some(also) = also.get(id) {
                hit.also.clone_from(also);
            }
            if let (true, Some(ranking), Some((source, entry))) =
                (query.explain, &ranked.ranking, self.source(*id).zip(self.entry_at(*id)))
            {
                hit.reasons = explain::reasons(ranking, *id, source, entry.parts().2);
            }
            page.tools.push(hit);
        }
        page
    }

    /// All categories and capabilities with their counts, and no tools.
    fn overview(&self) -> ToolPage {
        ToolPage {
            categories: Some(self.categories.counts()),
            capabilities: Some(self.capabilities.counts()),
            total: count(self.docs.len()),
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
            let is_wanted = |placed: &&Placed| {
                let module = &placed.module;
                module.server.as_str().eq_ignore_ascii_case(name)
                    || module.identifier.eq_ignore_ascii_case(name)
            };
            let wanted = self.segments.iter().filter(is_wanted);
            filters.push(
                wanted
                    .flat_map(|placed| (placed.first..).zip(&placed.segment.items))
                    .map(|(id, _)| id)
                    .collect(),
            );
        }
        let met = filters.into_iter().reduce(|left, right| left.intersection(&right).copied().collect());
        met.map(|ids| ids.into_iter().collect())
    }

    fn ranked(
        &self,
        text: &str,
        allowed: Option<&[u32]>,
        query: &ToolQuery,
        context: &SearchContext<'_>,
    ) -> Ranked<'_> {
        let (ranking, scores) = self.scores(text, context);
        let scored = |(id, score): (u32, f32)| (score > 0.0).then_some((score, id));
        let hits: Vec<(f32, u32)> = match allowed {
            Some(ids) => ids.iter().filter_map(|id| scored((*id, *scores.get(*id as usize)?))).collect(),
            None => (0_u32..).zip(scores).filter_map(scored).collect(),
        };
        let (mut hits, folded) = match query.duplicates {
            Duplicates::Folded => self.fold(hits),
            Duplicates::Listed => (hits, Vec::new()),
        };
        let total = count(hits.len());
        let end = usize::try_from(query.offset.saturating_add(query.limit.clamp(1, MAX_LIMIT)))
            .unwrap_or(usize::MAX);
        if end < hits.len() {
            hits.select_nth_unstable_by(end, better);
            hits.truncate(end);
        }
        hits.sort_unstable_by(better);
        let page = hits.into_iter().map(|(_, id)| id).skip(query.offset as usize).collect();
        Ranked { page, total, folded, ranking: Some(ranking) }
    }

    /// What the index was given of a tool's server.
    fn source(&self, id: u32) -> Option<&ServerTools> {
        let placed = self.segments.get(self.docs.get(id as usize)?.segment as usize)?;
        Some(&placed.segment.source)
    }

    /// Leaves of the tools that are nearly the same the best one; gives the others apart, the best first.
    fn fold(&self, hits: Hits) -> (Hits, Hits) {
        let leader = |id: u32| self.docs.get(id as usize).map_or(id, |doc| doc.leader);
        let mut best: Vec<Option<(f32, u32)>> = vec![None; self.docs.len()];
        for hit in &hits {
            if let Some(known) = best.get_mut(leader(hit.1) as usize)
                && known.as_ref().is_none_or(|known| better(hit, known).is_lt())
            {
                *known = Some(*hit);
            }
        }
        let is_best = |hit: &(f32, u32)| best.get(leader(hit.1) as usize) == Some(&Some(*hit));
        let (kept, mut folded): (Vec<_>, Vec<_>) = hits.into_iter().partition(is_best);
        folded.sort_unstable_by(better);
        (kept, folded)
    }

    /// How well each tool fits; 0 where it does not at all.
    fn scores(&self, text: &str, context: &SearchContext<'_>) -> (Ranking<'_>, Vec<f32>) {
        let (ranking, mut scores) = Ranking::of(self, text, context.synonyms);
        if let Some(usage) = context.usage {
            self.prefer_used(&mut scores, usage);
        }
        // Whoever writes a tool's own name wants that tool first.
        if let Some(score) = self.find(text).and_then(|id| scores.get_mut(id as usize)) {
            *score += NAMED;
        }
        (ranking, scores)
    }

    /// A mild preference for what was called before: at most by a fifth.
    #[expect(clippy::cast_precision_loss, reason = "the logarithm of a count needs no more digits")]
    fn prefer_used(&self, scores: &mut [f32], usage: &HashMap<String, u64>) {
        for (name, calls) in usage {
            if let Some(score) = self.find(name).and_then(|id| scores.get_mut(id as usize)) {
                *score *= 1.0 + (self.weights.usage * (*calls as f32).ln_1p()).min(MAX_USAGE);
            }
        }
    }

    fn hit(&self, id: u32, detail: Detail) -> Option<ToolHit> {
        let entry = self.entry_at(id)?;
        let (module, named, tool) = entry.parts();
        let server = module.server.to_string();
        let mut hit = ToolHit { name: entry.qualified.to_owned(), server, ..ToolHit::default() };
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
            let item = self.item(id)?;
            hit.category = Some(item.category.clone());
            hit.capabilities = Some(item.capabilities.iter().cloned().collect());
            hit.parameters = Some(parameters(tool));
            hit.result = Some(result_inline(tool, 400));
            hit.example = example_call(module, named, tool);
        }
        Some(hit)
    }
}

struct Ranked<'a> {
    page: Vec<u32>,
    total: u32,
    /// Hits that stand behind others which are nearly the same, the best first.
    folded: Vec<(f32, u32)>,
    ranking: Option<Ranking<'a>>,
}

impl Ranked<'_> {
    fn by_name(ids: Vec<u32>, offset: u32, limit: u32) -> Self {
        let total = count(ids.len());
        let page = ids.into_iter().skip(offset as usize).take(limit.clamp(1, MAX_LIMIT) as usize).collect();
        Self { page, total, folded: Vec::new(), ranking: None }
    }

    /// For each tool of the page the names of those that stand behind it.
    fn also(&self, index: &DiscoveryIndex) -> HashMap<u32, Vec<String>> {
        let leader = |id: u32| index.docs.get(id as usize).map_or(id, |doc| doc.leader);
        let shown: HashMap<u32, u32> = self.page.iter().map(|id| (leader(*id), *id)).collect();
        let mut also: HashMap<u32, Vec<String>> = HashMap::new();
        for (_, id) in &self.folded {
            if let Some(shown) = shown.get(&leader(*id))
                && let Some(item) = index.item(*id)
            {
                let names = also.entry(*shown).or_default();
                if names.len() < MAX_ALSO {
                    names.push(item.qualified.clone());
                }
            }
        }
        also
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Tools by number, with their scores.
type Hits = Vec<(f32, u32)>;

/// The order of hits: by score, then by name.
fn better(a: &(f32, u32), b: &(f32, u32)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
