//! Loads a role's knowledge graph from disk, and knows when it changed.

use std::{collections::BTreeMap, fmt::Write, fs, io, path::Path, sync::Arc};

use sha2::{Digest, Sha256};
use terraphim_kg::{Boundaries, ConceptIndex, Matcher, Thesaurus};

use crate::{
    config::{Haystack, Role},
    error::NotesError,
    haystack::{self, NoteFile, Skipped, Stamp},
};

/// Most synonyms of one concept by which a query is widened.
const MAX_SYNONYMS: usize = 64;

/// A role's compiled knowledge graph; empty for a role without one.
#[derive(Debug)]
pub(crate) struct Knowledge {
    matcher: Matcher,
    /// Hash of the sources: notes that were matched by another are matched anew.
    pub(crate) digest: String,
    stamps: BTreeMap<String, Stamp>,
}

impl Knowledge {
    /// Loads the role's knowledge graph, or keeps the previous one if its files look the same.
    pub(crate) fn load(role: &Role, previous: Option<&Arc<Self>>) -> Result<Arc<Self>, NotesError> {
        let files = match &role.knowledge_graph {
            Some(path) => list(path).map_err(|source| unreadable(role, path, source))?,
            None => BTreeMap::new(),
        };
        let stamps: BTreeMap<String, Stamp> =
            files.iter().map(|(path, file)| (path.clone(), file.stamp)).collect();
        if let Some(previous) = previous.filter(|previous| previous.stamps == stamps) {
            return Ok(Arc::clone(previous));
        }
        let sources = read(role, &files);
        let thesaurus = parse(role, &sources)?;
        for rejected in thesaurus.rejected() {
            let (term, concept, reason) = (&rejected.term, &rejected.concept, &rejected.reason);
            tracing::warn!(role = role.name, term, concept, %reason, "a term of the knowledge graph is not used");
        }
        let matcher = Matcher::new(Arc::new(thesaurus), Boundaries::Words)
            .map_err(|source| NotesError::Matcher { role: role.name.clone(), source })?;
        Ok(Arc::new(Self { matcher, digest: digest(&sources), stamps }))
    }

    /// The concepts that a text mentions, with how often, in the order of their first mention.
    pub(crate) fn mentions(&self, text: &str) -> Vec<(ConceptIndex, usize)> {
        let mut counts: Vec<(ConceptIndex, usize)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for found in self.matcher.find(text) {
            let place = *places.entry(found.concept).or_insert_with(|| {
                counts.push((found.concept, 0));
                counts.len() - 1
            });
            if let Some((_, count)) = counts.get_mut(place) {
                *count += 1;
            }
        }
        counts
    }

    /// The concept's name.
    pub(crate) fn name(&self, concept: ConceptIndex) -> &str {
        self.matcher.thesaurus().concept(concept).map_or("", |concept| concept.name.as_str())
    }

    /// The concept's terms, at most 64 of them, sorted.
    pub(crate) fn synonyms(&self, concept: ConceptIndex) -> Vec<&str> {
        let terms = self.matcher.thesaurus().terms().filter(|term| term.concept == concept);
        terms.map(|term| term.written.as_str()).take(MAX_SYNONYMS).collect()
    }
}

/// A thesaurus file, or the Markdown files of a folder.
fn list(path: &Path) -> io::Result<BTreeMap<String, NoteFile>> {
    let folder = Haystack {
        path: path.to_owned(),
        include: vec!["*.md".into(), "*.markdown".into()],
        exclude: vec![],
    };
    let listing = haystack::list(&[folder]).map_err(|error| error.source)?;
    for Skipped { path: file, reason } in listing.skipped {
        if path.is_file() {
            return Err(io::Error::other(reason));
        }
        tracing::warn!(path = file, %reason, "a file of the knowledge graph is not used");
    }
    Ok(listing.files)
}

/// The texts by path. A file that cannot be read is left out with a warning.
fn read(role: &Role, files: &BTreeMap<String, NoteFile>) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    for (path, file) in files {
        match haystack::read(&file.absolute) {
            Ok(text) => drop(sources.insert(path.clone(), text)),
            Err(reason) => {
                tracing::warn!(role = role.name, path, %reason, "a file of the knowledge graph is not used");
            }
        }
    }
    sources
}

fn parse(role: &Role, sources: &BTreeMap<String, String>) -> Result<Thesaurus, NotesError> {
    let json = role.knowledge_graph.as_ref().filter(|path| path.extension().is_some_and(|ext| ext == "json"));
    let thesaurus = match (json, sources.values().next()) {
        (Some(path), _) if path.is_dir() => {
            return Err(unreadable(role, path, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        (Some(_), Some(text)) => Thesaurus::from_json(text),
        (Some(path), None) => {
            return Err(unreadable(role, path, io::Error::from(io::ErrorKind::InvalidData)));
        }
        (None, _) => {
            let files = sources.iter().map(|(path, text)| (stem(path), text.as_str()));
            Thesaurus::from_markdown(&role.name, files)
        }
    };
    thesaurus.map_err(|source| NotesError::Thesaurus { role: role.name.clone(), source })
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn digest(sources: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (path, text) in sources {
        for part in [path, text] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
    }
    hex(&hash.finalize(), 16)
}

/// The first `bytes` bytes as hexadecimal digits.
pub(crate) fn hex(hash: &[u8], bytes: usize) -> String {
    hash.iter().take(bytes).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unreadable(role: &Role, path: &Path, source: io::Error) -> NotesError {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    NotesError::KnowledgeGraph { role: role.name.clone(), path, source }
}
