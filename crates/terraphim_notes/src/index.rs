//! The index of one role's notes: its schema, and how it follows the files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError,
    Term,
    directory::Directory,
    indexer::{IndexWriterOptions, NoMergePolicy},
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

use crate::{
    haystack::{self, Listing, NoteFile, SkipReason, Skipped, Stamp},
    knowledge::Knowledge,
    note::Note,
    tokenizer::{NoteTokenizer, TOKENIZER},
};

/// The smallest heap that the index allows its writer, in bytes.
const WRITER_HEAP_BYTES: usize = 15_000_000;

/// How much of a note is kept for its snippets, in bytes.
const MAX_EXCERPT_BYTES: usize = 128 << 10;

/// Up to so many notes every change is merged at once, so that the statistics
/// behind the scores count no deleted note.
const MERGE_ALWAYS_NOTES: u64 = 2_000;
const MAX_SEGMENTS: usize = 8;

/// Most mentions of one concept, and most concepts, that are kept of one note.
const MAX_MENTIONS: usize = 255;
const MAX_CONCEPTS: usize = 256;

/// The fields of an indexed note.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) path: Field,
    pub(crate) title: Field,
    pub(crate) tags: Field,
    pub(crate) body: Field,
    pub(crate) concepts: Field,
    pub(crate) url: Field,
    pub(crate) topic: Field,
    pub(crate) excerpt: Field,
}

/// What an index was made from; kept in its commit, so that the two never differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    knowledge: String,
    files: BTreeMap<String, Indexed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Indexed {
    #[serde(flatten)]
    stamp: Stamp,
    /// Set if the file holds no note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<SkipReason>,
}

/// An index that is open for searching. Clones share the notes.
#[derive(Clone)]
pub(crate) struct NoteIndex {
    index: Index,
    reader: IndexReader,
    pub(crate) fields: Fields,
    manifest: Manifest,
    /// Files that could not be read when the index was last brought up to date.
    unreadable: Vec<String>,
}

/// What the disk holds now.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) listing: &'a Listing,
    pub(crate) knowledge: &'a Knowledge,
}

impl NoteIndex {
    /// Makes an empty index.
    pub(crate) fn create(directory: Box<dyn Directory>) -> Result<Self, TantivyError> {
        let settings =
            IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let (schema, _) = schema();
        Self::over(Index::create(directory, schema, settings)?)
    }

    /// Opens an index that exists.
    pub(crate) fn open(directory: Box<dyn Directory>) -> Result<Self, TantivyError> {
        let index = Index::open(directory)?;
        if index.schema() != schema().0 {
            return Err(TantivyError::SchemaError("the index has other fields".to_owned()));
        }
        Self::over(index)
    }

    fn over(index: Index) -> Result<Self, TantivyError> {
        index.tokenizers().register(TOKENIZER, NoteTokenizer::default());
        // The manifest is read before the notes, so that a commit of another process in
        // between makes it too old, which is found out, and never too new, which is not.
        let manifest = match index.load_metas()?.payload {
            Some(payload) => serde_json::from_str(&payload)
                .map_err(|error| TantivyError::InternalError(format!("the manifest is damaged: {error}")))?,
            // Nothing was ever committed.
            None => Manifest::default(),
        };
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, fields: schema().1, manifest, unreadable: Vec::new() })
    }

    /// Whether the files of the index are what was written.
    pub(crate) fn is_sound(&self) -> Result<bool, TantivyError> {
        Ok(self.index.validate_checksum()?.is_empty())
    }

    /// Whether the index holds what the disk holds.
    pub(crate) fn is_current(&self, sources: Sources<'_>) -> bool {
        let files = &sources.listing.files;
        let known = |path: &String| self.manifest.files.contains_key(path) || self.unreadable.contains(path);
        self.manifest.knowledge == sources.knowledge.digest
            && self.manifest.files.keys().all(|path| files.contains_key(path))
            && files.iter().all(|(path, file)| known(path) && !self.is_changed(path, file))
    }

    fn is_changed(&self, path: &str, file: &NoteFile) -> bool {
        self.manifest.files.get(path).is_some_and(|indexed| indexed.stamp != file.stamp)
    }

    /// Indexes what is new or changed, and forgets what is gone.
    pub(crate) fn update(&mut self, sources: Sources<'_>) -> Result<(), TantivyError> {
        let mut changes = Changes { index: &self.index, fields: &self.fields, writer: None };
        let mut manifest = Manifest { knowledge: sources.knowledge.digest.clone(), files: BTreeMap::new() };
        let rematch = self.manifest.knowledge != manifest.knowledge;
        self.unreadable.clear();
        for (path, file) in &sources.listing.files {
            let indexed = self.manifest.files.get(path);
            if let Some(same) = indexed.filter(|indexed| !rematch && indexed.stamp == file.stamp) {
                manifest.files.insert(path.clone(), *same);
                continue;
            }
            if indexed.is_some_and(|indexed| indexed.skipped.is_none()) {
                changes.remove(path)?;
            }
            let skipped = match haystack::read(&file.absolute) {
                Ok(text) => {
                    changes.add(path, &Note::read(path, &text, sources.knowledge))?;
                    None
                }
                Err(reason) => {
                    tracing::warn!(path, %reason, "a note is not indexed");
                    Some(reason)
                }
            };
            if skipped == Some(SkipReason::Unreadable) {
                // Rights may change while the file does not: it is tried again.
                self.unreadable.push(path.clone());
            } else {
                manifest.files.insert(path.clone(), Indexed { stamp: file.stamp, skipped });
            }
        }
        for path in self.manifest.files.keys().filter(|path| !sources.listing.files.contains_key(*path)) {
            changes.remove(path)?;
        }
        if manifest != self.manifest {
            changes.commit(&manifest)?;
            self.reader.reload()?;
            self.manifest = manifest;
        }
        Ok(())
    }

    /// A view of the index that stays as it is.
    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// The files that were listed but hold no note.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = Skipped> {
        let skipped = self
            .manifest
            .files
            .iter()
            .filter_map(|(path, indexed)| Some(Skipped { path: path.clone(), reason: indexed.skipped? }));
        let unreadable =
            self.unreadable.iter().map(|path| Skipped { path: path.clone(), reason: SkipReason::Unreadable });
        skipped.chain(unreadable)
    }
}

/// Changes to an index. Its writer, with its lock, threads and heap, is made for the first of them.
struct Changes<'a> {
    index: &'a Index,
    fields: &'a Fields,
    writer: Option<IndexWriter>,
}

impl Changes<'_> {
    fn writer(&mut self) -> Result<&mut IndexWriter, TantivyError> {
        if self.writer.is_none() {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(WRITER_HEAP_BYTES)
                .build();
            let writer: IndexWriter = self.index.writer_with_options(options)?;
            writer.set_merge_policy(Box::new(NoMergePolicy));
            self.writer = Some(writer);
        }
        let missing = || TantivyError::InternalError("the writer is gone".to_owned());
        self.writer.as_mut().ok_or_else(missing)
    }

    fn remove(&mut self, path: &str) -> Result<(), TantivyError> {
        let term = Term::from_field_text(self.fields.path, path);
        self.writer()?.delete_term(term);
        Ok(())
    }

    fn add(&mut self, path: &str, note: &Note) -> Result<(), TantivyError> {
        let document = document(path, note, self.fields);
        self.writer()?.add_document(document)?;
        Ok(())
    }

    /// Makes all changes visible at once, with the manifest that belongs to them.
    fn commit(mut self, manifest: &Manifest) -> Result<(), TantivyError> {
        let payload = serde_json::to_string(manifest).map_err(|error| {
            TantivyError::InternalError(format!("the manifest cannot be written: {error}"))
        })?;
        let index = self.index;
        let writer = self.writer()?;
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        let segments = index.searchable_segment_metas()?;
        let notes: u64 = segments.iter().map(|segment| u64::from(segment.num_docs())).sum();
        let scattered = segments.len() > 1 || segments.iter().any(|segment| segment.has_deletes());
        if segments.len() > MAX_SEGMENTS || (scattered && notes <= MERGE_ALWAYS_NOTES) {
            let ids: Vec<_> = segments.iter().map(|segment| segment.id()).collect();
            writer.merge(&ids).wait()?;
        }
        writer.garbage_collect_files().wait()?;
        self.writer.take().map_or(Ok(()), IndexWriter::wait_merging_threads)
    }
}

fn schema() -> (Schema, Fields) {
    let text = |record| TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(record);
    let words = TextOptions::default().set_indexing_options(text(IndexRecordOption::WithFreqsAndPositions));
    // The concepts come as tokens; nothing is cut into words there.
    let mentions = TextOptions::default().set_indexing_options(text(IndexRecordOption::WithFreqs));
    let mut builder = Schema::builder();
    let fields = Fields {
        path: builder.add_text_field("path", STRING | STORED),
        title: builder.add_text_field("title", words.clone() | STORED),
        tags: builder.add_text_field("tags", words.clone() | STORED),
        body: builder.add_text_field("body", words),
        concepts: builder.add_text_field("concepts", mentions),
        url: builder.add_text_field("url", STORED),
        topic: builder.add_text_field("topic", STORED),
        excerpt: builder.add_text_field("excerpt", STORED),
    };
    (builder.build(), fields)
}

fn document(path: &str, note: &Note, fields: &Fields) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_text(fields.path, path);
    document.add_text(fields.title, &note.title);
    for tag in &note.tags {
        document.add_text(fields.tags, tag);
    }
    document.add_text(fields.body, &note.body);
    if let Some(url) = &note.url {
        document.add_text(fields.url, url);
    }
    if let Some(topic) = note.topic() {
        document.add_text(fields.topic, topic);
    }
    let end = note.body.floor_char_boundary(MAX_EXCERPT_BYTES);
    document.add_text(fields.excerpt, note.body.get(..end).unwrap_or_default());
    document.add_pre_tokenized_text(fields.concepts, mentions(note));
    document
}

/// Each concept once for each point of its weight.
fn mentions(note: &Note) -> PreTokenizedString {
    let repeated = note
        .concepts
        .iter()
        .take(MAX_CONCEPTS)
        .flat_map(|(name, weight)| std::iter::repeat_n(name, (*weight).min(MAX_MENTIONS)));
    let tokens = repeated.enumerate().map(|(position, name)| Token {
        position,
        text: name.clone(),
        ..Token::default()
    });
    PreTokenizedString { text: String::new(), tokens: tokens.collect() }
}
