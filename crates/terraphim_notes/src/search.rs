//! Runs one search over an open index.

use serde::Serialize;
use sha2::{Digest, Sha256};
use tantivy::{
    DocAddress, Score, Searcher, TantivyDocument, TantivyError,
    collector::{Count, TopDocs},
    schema::{Field, Value},
};

use crate::{
    config::Role,
    index::NoteIndex,
    knowledge::{Knowledge, hex},
    query::{self, Plan},
    snippet::snippet,
};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) query: String,
    pub(crate) limit: usize,
    pub(crate) skip: usize,
}

/// What is found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Page {
    pub(crate) documents: Vec<Found>,
    /// How many documents match in all.
    pub(crate) total: usize,
    pub(crate) skip: usize,
    pub(crate) limit: usize,
}

/// One document found.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    /// Stays the same while the note stays where it is.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) url: String,
    /// The score as a part of the best document's: 1 for that one, above 0 for all.
    pub(crate) rank: f64,
    pub(crate) score: f64,
    pub(crate) topic: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) snippet: String,
    pub(crate) path: String,
}

/// Runs a search; of documents with the same score those with the lesser path come first.
pub(crate) fn run(
    role: &Role,
    index: &NoteIndex,
    knowledge: &Knowledge,
    request: &Request,
) -> Result<Page, TantivyError> {
    let mut page = Page { skip: request.skip, limit: request.limit, ..Page::default() };
    let searcher = index.searcher();
    let notes = usize::try_from(searcher.num_docs()).unwrap_or(usize::MAX);
    let Some(plan) = query::plan(&request.query, role.relevance, &index.fields, knowledge) else {
        return Ok(page);
    };
    let wanted = request.skip.saturating_add(request.limit).min(notes);
    if wanted == 0 {
        return Ok(page);
    }
    let collector = (TopDocs::with_limit(wanted).order_by_score(), Count);
    let (ranked, total) = searcher.search(&plan.query, &collector)?;
    page.total = total;
    let best = ranked.first().map_or(0.0, |(score, _)| *score);
    for (score, address) in ranked.into_iter().skip(request.skip) {
        page.documents.push(found(role, index, &searcher, &plan, (score, best), address)?);
    }
    page.documents.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    Ok(page)
}

fn found(
    role: &Role,
    index: &NoteIndex,
    searcher: &Searcher,
    plan: &Plan,
    (score, best): (Score, Score),
    address: DocAddress,
) -> Result<Found, TantivyError> {
    let document: TantivyDocument = searcher.doc(address)?;
    let all = |field: Field| document.get_all(field).filter_map(|value| value.as_str().map(str::to_owned));
    let first = |field: Field| all(field).next();
    let path = first(index.fields.path).unwrap_or_default();
    let rank = if best > 0.0 { f64::from(score) / f64::from(best) } else { 1.0 };
    Ok(Found {
        id: hex(&Sha256::digest(&path), 8),
        title: first(index.fields.title).unwrap_or_default(),
        url: first(index.fields.url).unwrap_or_else(|| own_url(&role.short_name, &path)),
        rank: rank.clamp(0.0, 1.0),
        score: f64::from(score),
        topic: first(index.fields.topic),
        tags: all(index.fields.tags).collect(),
        snippet: snippet(&first(index.fields.excerpt).unwrap_or_default(), &plan.highlights),
        path,
    })
}

/// The URL of a note that gives none itself.
fn own_url(role: &str, path: &str) -> String {
    let mut url = format!("terraphim://notes/{role}/");
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(char::from(byte))
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_escaped() {
        assert_eq!(own_url("me", "a b/ü?.md"), "terraphim://notes/me/a%20b/%C3%BC%3F.md");
    }
}
