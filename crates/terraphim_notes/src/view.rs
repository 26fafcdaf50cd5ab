//! One state of a role's notes and knowledge graph.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use serde::Serialize;
use tantivy::{
    DocAddress, DocSet, Searcher, TantivyDocument, TantivyError, Term,
    schema::{IndexRecordOption, Value},
};
use terraphim_kg::{AutocompleteIndex, Boundaries, ConceptGraph, ConceptIndex, Matcher, Thesaurus};

use crate::{
    concepts::Concepts,
    config::Role,
    error::NotesError,
    follow::Progress,
    haystack::{self, Listing, Skipped},
    index::Fields,
    key::NoteKey,
    knowledge::Knowledge,
    lexicon::Lexicon,
    search::{self, Page, SearchRequest},
    storage::Storage,
};

/// A role's notes, index and knowledge graph as they were at one time. It never
/// changes and can be read by any number of threads at once.
#[derive(Clone)]
pub struct RoleView {
    pub(crate) parts: Parts,
    problem: Option<String>,
}

/// What a view is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) role: Arc<Role>,
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    pub(crate) storage: Storage,
    pub(crate) skipped: Arc<[Skipped]>,
    pub(crate) listing: Arc<Listing>,
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) thesauri: Arc<[String]>,
    pub(crate) concepts: Arc<Concepts>,
    pub(crate) lexicon: Arc<Lexicon>,
    pub(crate) progress: Arc<Mutex<Progress>>,
}

/// What a role's index holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexStatus {
    /// The role's short name.
    pub role: String,
    /// How many notes can be found.
    pub documents: u64,
    /// Where the index is.
    pub storage: Storage,
    /// Files that were left out, with the reasons.
    pub skipped: Vec<Skipped>,
    /// Why the last look at the files failed, so that what is found may be old.
    pub problem: Option<String>,
}

/// A whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// Stays the same while the note stays where it is.
    pub id: String,
    /// From the front matter, the first heading, or the file's name.
    pub title: String,
    /// The front matter's, or one of our own.
    pub url: String,
    /// Below its haystack.
    pub path: String,
    /// From the front matter.
    pub tags: Vec<String>,
    /// The concept that it is most about.
    pub topic: Option<String>,
    /// The text as it stands in the file.
    pub text: String,
    /// When the file was last changed.
    #[serde(skip)]
    pub modified: Option<SystemTime>,
}

/// A document without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentHead {
    /// Stays the same while the note stays where it is.
    pub id: String,
    /// From the front matter, the first heading, or the file's name.
    pub title: String,
    /// The front matter's, or one of our own.
    pub url: String,
    /// Below its haystack.
    pub path: String,
    /// The size of the file.
    pub bytes: u64,
}

impl RoleView {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts, problem: None }
    }

    pub(crate) fn with_lexicon(&self, lexicon: Arc<Lexicon>) -> Self {
        Self { parts: Parts { lexicon, ..self.parts.clone() }, problem: self.problem.clone() }
    }

    pub(crate) fn with_problem(&self, problem: Option<String>) -> Self {
        Self { parts: self.parts.clone(), problem }
    }

    /// The role.
    pub fn role(&self) -> &Role {
        &self.parts.role
    }

    /// The active thesaurus; one without concepts for a role without a knowledge graph.
    pub fn thesaurus(&self) -> &Arc<Thesaurus> {
        self.parts.knowledge.thesaurus()
    }

    /// The names of the role's thesauri, that of the configuration and those
    /// loaded since; the active one first.
    pub fn thesauri(&self) -> &[String] {
        &self.parts.thesauri
    }

    /// Whether the role has any concepts.
    pub fn has_knowledge(&self) -> bool {
        !self.thesaurus().concepts().is_empty()
    }

    /// The compiled thesaurus. The one that finds terms inside words is compiled
    /// when it is first asked for, and kept.
    ///
    /// # Errors
    /// [`NotesError::Matcher`].
    pub fn matcher(&self, boundaries: Boundaries) -> Result<Arc<Matcher>, NotesError> {
        self.parts.knowledge.matcher(&self.parts.role, boundaries)
    }

    /// The terms for completion, weighed by how often notes and queries mention
    /// them. It is made when it is first asked for, and kept.
    ///
    /// # Errors
    /// [`NotesError::Autocomplete`].
    pub fn autocomplete(&self) -> Result<Arc<AutocompleteIndex>, NotesError> {
        let made = self.parts.lexicon.get(&self.parts.knowledge, &self.parts.concepts.graph);
        made.map_err(|source| NotesError::Autocomplete {
            role: self.parts.role.name.clone(),
            source: Arc::new(source),
        })
    }

    /// Whether [`RoleView::autocomplete`] was made elsewhere and loaded.
    pub fn has_loaded_autocomplete(&self) -> bool {
        self.parts.lexicon.is_given()
    }

    /// Which concepts the notes mention together.
    pub fn graph(&self) -> &ConceptGraph<NoteKey> {
        &self.parts.concepts.graph
    }

    /// The name of a concept of [`RoleView::thesaurus`].
    pub fn concept_name(&self, concept: ConceptIndex) -> &str {
        self.parts.knowledge.name(concept)
    }

    /// Searches the notes. It takes some milliseconds of computing and reading.
    ///
    /// # Errors
    /// [`NotesError::Index`].
    pub fn search(&self, request: &SearchRequest) -> Result<Page, NotesError> {
        search::run(self, request).map_err(|source| self.failed(source))
    }

    /// A whole document, read from its file; none if there is none of this id any more.
    ///
    /// # Errors
    /// [`NotesError::Index`].
    pub fn document(&self, id: &str) -> Result<Option<Document>, NotesError> {
        let Ok(key) = id.parse::<NoteKey>() else { return Ok(None) };
        let Some(address) = self.address(key).map_err(|source| self.failed(source))? else { return Ok(None) };
        let kept = self.kept(address).map_err(|source| self.failed(source))?;
        let file = self.parts.listing.files.get(&kept.path);
        let Some((file, Ok(text))) = file.map(|file| (file, haystack::read(&file.absolute))) else {
            return Ok(None);
        };
        let modified = file.absolute.metadata().and_then(|metadata| metadata.modified()).ok();
        Ok(Some(Document {
            id: key.to_string(),
            title: kept.title,
            url: kept.url,
            path: kept.path,
            tags: kept.tags,
            topic: self.topic(key),
            text,
            modified,
        }))
    }

    /// All documents by their paths, with how many there are.
    ///
    /// # Errors
    /// [`NotesError::Index`].
    pub fn documents(&self, skip: usize, limit: usize) -> Result<(Vec<DocumentHead>, usize), NotesError> {
        let skipped: std::collections::HashSet<&str> =
            self.parts.skipped.iter().map(|skipped| skipped.path.as_str()).collect();
        let files = self.parts.listing.files.iter().filter(|(path, _)| !skipped.contains::<str>(path));
        let total = files.clone().count();
        let mut heads = Vec::new();
        for (path, file) in files.skip(skip).take(limit) {
            let key = NoteKey::of(path);
            // What was listed but is not read yet has no title.
            let Some(address) = self.address(key).map_err(|source| self.failed(source))? else { continue };
            let kept = self.kept(address).map_err(|source| self.failed(source))?;
            heads.push(DocumentHead {
                id: key.to_string(),
                title: kept.title,
                url: kept.url,
                path: kept.path,
                bytes: file.stamp.bytes(),
            });
        }
        Ok((heads, total))
    }

    /// How far the reading of the role's notes is now.
    pub fn progress(&self) -> Progress {
        *self.parts.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the index holds.
    pub fn status(&self) -> IndexStatus {
        IndexStatus {
            role: self.parts.role.short_name.clone(),
            documents: self.parts.searcher.num_docs(),
            storage: self.parts.storage,
            skipped: self.parts.skipped.to_vec(),
            problem: self.problem.clone(),
        }
    }

    pub(crate) fn topic(&self, key: NoteKey) -> Option<String> {
        self.parts.concepts.topic(key).map(|topic| self.concept_name(topic).to_owned())
    }

    fn failed(&self, source: TantivyError) -> NotesError {
        NotesError::Index { role: self.parts.role.name.clone(), source }
    }

    fn address(&self, key: NoteKey) -> Result<Option<DocAddress>, TantivyError> {
        let term = Term::from_field_u64(self.parts.fields.key, key.0);
        for (place, segment) in (0..).zip(self.parts.searcher.segment_readers()) {
            let index = segment.inverted_index(self.parts.fields.key)?;
            let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? else { continue };
            while postings.doc() != tantivy::TERMINATED {
                if !segment.is_deleted(postings.doc()) {
                    return Ok(Some(DocAddress::new(place, postings.doc())));
                }
                postings.advance();
            }
        }
        Ok(None)
    }

    /// What the index keeps of a document.
    pub(crate) fn kept(&self, address: DocAddress) -> Result<Kept, TantivyError> {
        let document: TantivyDocument = self.parts.searcher.doc(address)?;
        let fields = &self.parts.fields;
        let all = |field| document.get_all(field).filter_map(|value| value.as_str().map(str::to_owned));
        let path: String = all(fields.path).next().unwrap_or_default();
        Ok(Kept {
            title: all(fields.title).next().unwrap_or_default(),
            url: all(fields.url).next().unwrap_or_else(|| own_url(&self.parts.role.short_name, &path)),
            tags: all(fields.tags).collect(),
            excerpt: all(fields.excerpt).next().unwrap_or_default(),
            path,
        })
    }
}

impl fmt::Debug for RoleView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleView").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// What the index keeps of a document.
pub(crate) struct Kept {
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) path: String,
    pub(crate) tags: Vec<String>,
    pub(crate) excerpt: String,
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
