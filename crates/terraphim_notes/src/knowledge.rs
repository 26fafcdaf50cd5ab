//! Loads a role's knowledge graph from disk, and knows when it changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sha2::{Digest, Sha256};
use terraphim_kg::{Boundaries, ConceptIndex, Matcher, Thesaurus};

use crate::{
    config::{Haystack, Role},
    error::NotesError,
    haystack::{self, Listing, NoteFile, Skipped, Stamp},
};

/// Most synonyms of one concept by which a query is widened.
const MAX_SYNONYMS: usize = 64;

/// A role's compiled knowledge graph; empty for a role without one.
#[derive(Debug)]
pub(crate) struct Knowledge {
    matcher: Arc<Matcher>,
    /// The matcher that also finds terms inside words, compiled when it is first asked for.
    anywhere: OnceLock<Arc<Matcher>>,
    /// Every concept of the thesaurus by its place.
    concepts: Vec<ConceptIndex>,
    /// How often queries mentioned each concept.
    uses: Vec<AtomicU32>,
    /// Hash of the thesaurus: notes that were matched by another are matched anew.
    pub(crate) digest: String,
}

/// The knowledge graph of a role's configuration, with the files that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Configured {
    pub(crate) knowledge: Arc<Knowledge>,
    stamps: BTreeMap<String, Stamp>,
    /// The folders in which its files are.
    pub(crate) folders: BTreeSet<PathBuf>,
}

impl Configured {
    /// Loads the role's knowledge graph; what the previous one compiled is kept
    /// where the files look the same, or say the same.
    pub(crate) fn load(role: &Role, previous: Option<&Self>) -> Result<Self, NotesError> {
        let Listing { files, folders, .. } = match &role.knowledge_graph {
            Some(path) => list(path).map_err(|source| unreadable(role, path, source))?,
            None => Listing::default(),
        };
        let stamps: BTreeMap<String, Stamp> =
            files.iter().map(|(path, file)| (path.clone(), file.stamp)).collect();
        let knowledge = match previous {
            Some(previous) if previous.stamps == stamps => Arc::clone(&previous.knowledge),
            _ => Knowledge::of(
                role,
                parse(role, &read(role, &files))?,
                previous.map(|previous| &previous.knowledge),
            )?,
        };
        Ok(Self { knowledge, stamps, folders })
    }
}

impl Knowledge {
    /// Compiles a thesaurus, unless the previous knowledge graph is made of the same one.
    pub(crate) fn of(
        role: &Role,
        thesaurus: Thesaurus,
        previous: Option<&Arc<Self>>,
    ) -> Result<Arc<Self>, NotesError> {
        let failed = |source| NotesError::Thesaurus { role: role.name.clone(), source: Arc::new(source) };
        let digest = hex(&Sha256::digest(thesaurus.to_json().map_err(failed)?), 16);
        if let Some(previous) = previous.filter(|previous| previous.digest == digest) {
            return Ok(Arc::clone(previous));
        }
        for rejected in thesaurus.rejected() {
            let (term, concept, reason) = (&rejected.term, &rejected.concept, &rejected.reason);
            tracing::warn!(role = role.name, term, concept, %reason, "a term of the knowledge graph is not used");
        }
        let thesaurus = Arc::new(thesaurus);
        let concepts: Vec<_> = thesaurus.indices().collect();
        let uses = concepts.iter().map(|_| AtomicU32::new(0)).collect();
        let matcher = Matcher::new(thesaurus, Boundaries::Words)
            .map_err(|source| NotesError::Matcher { role: role.name.clone(), source: Arc::new(source) })?;
        Ok(Arc::new(Self { matcher: Arc::new(matcher), anywhere: OnceLock::new(), concepts, uses, digest }))
    }

    /// The compiled matcher.
    pub(crate) fn matcher(&self, role: &Role, boundaries: Boundaries) -> Result<Arc<Matcher>, NotesError> {
        if boundaries == self.matcher.boundaries() {
            return Ok(Arc::clone(&self.matcher));
        }
        if let Some(compiled) = self.anywhere.get() {
            return Ok(Arc::clone(compiled));
        }
        let compiled = Matcher::new(Arc::clone(self.thesaurus()), boundaries)
            .map_err(|source| NotesError::Matcher { role: role.name.clone(), source: Arc::new(source) })?;
        Ok(Arc::clone(self.anywhere.get_or_init(|| Arc::new(compiled))))
    }

    /// What was compiled.
    pub(crate) fn thesaurus(&self) -> &Arc<Thesaurus> {
        self.matcher.thesaurus()
    }

    /// The concepts that a text mentions, each as often as it does, in their order.
    pub(crate) fn mentions(&self, text: &str) -> Vec<ConceptIndex> {
        self.matcher.find(text).into_iter().map(|found| found.concept).collect()
    }

    /// The concept of a place.
    pub(crate) fn concept(&self, place: u32) -> Option<ConceptIndex> {
        self.concepts.get(usize::try_from(place).ok()?).copied()
    }

    /// The concept's name.
    pub(crate) fn name(&self, concept: ConceptIndex) -> &str {
        self.thesaurus().concept(concept).map_or("", |concept| concept.name.as_str())
    }

    /// The concept's terms, at most 64 of them, sorted.
    pub(crate) fn synonyms(&self, concept: ConceptIndex) -> impl Iterator<Item = &str> {
        self.thesaurus().terms_of(concept).map(|term| term.written.as_str()).take(MAX_SYNONYMS)
    }

    /// Notes that a query mentioned the concept.
    pub(crate) fn note_use(&self, concept: ConceptIndex) {
        if let Some(uses) = self.uses.get(concept.place()) {
            uses.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often queries mentioned the concept.
    pub(crate) fn uses(&self, concept: ConceptIndex) -> u32 {
        self.uses.get(concept.place()).map_or(0, |uses| uses.load(Ordering::Relaxed))
    }
}

/// A thesaurus file, or the Markdown files of a folder.
fn list(path: &Path) -> io::Result<Listing> {
    let folder = Haystack {
        path: path.to_owned(),
        include: vec!["*.md".into(), "*.markdown".into()],
        exclude: vec![],
    };
    let listing = haystack::list(&[folder]).map_err(|error| error.source)?;
    for Skipped { path: file, reason } in &listing.skipped {
        if path.is_file() {
            return Err(io::Error::other(*reason));
        }
        tracing::warn!(path = file, %reason, "a file of the knowledge graph is not used");
    }
    Ok(listing)
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
    thesaurus.map_err(|source| NotesError::Thesaurus { role: role.name.clone(), source: Arc::new(source) })
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
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
    NotesError::KnowledgeGraph { role: role.name.clone(), path, source: Arc::new(source) }
}
