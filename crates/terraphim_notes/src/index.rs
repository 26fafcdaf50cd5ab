//! The index of one role's notes: its schema, and how it follows the files.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError,
    Term,
    directory::Directory,
    indexer::{IndexWriterOptions, NoMergePolicy},
    schema::{
        FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
        Value,
    },
};

use crate::{
    concepts::{Change, Concepts, Mentions},
    haystack::{self, Listing, NoteFile, SkipReason, Skipped, Stamp},
    key::NoteKey,
    knowledge::Knowledge,
    note::Note,
    storage::Storage,
    tokenizer::{Form, NoteTokenizer, STEMS, WRITTEN},
};

/// The smallest heap that the index allows its writer, in bytes.
const WRITER_HEAP_BYTES: usize = 15_000_000;

/// How much of a note is kept for its snippets, in bytes.
const MAX_EXCERPT_BYTES: usize = 128 << 10;

/// Above so many segments the smaller ones are merged.
const MAX_SEGMENTS: usize = 8;

/// How often what was read so far can be found, while many notes are read.
const COMMIT_EVERY: Duration = Duration::from_secs(2);

/// The fields of an indexed note.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) key: Field,
    pub(crate) path: Field,
    pub(crate) title: Field,
    pub(crate) tags: Field,
    pub(crate) body: Field,
    /// The words of title, tags and body as they are written.
    pub(crate) written: Field,
    pub(crate) url: Field,
    pub(crate) excerpt: Field,
    mentions: Field,
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

/// An index that is open for searching and, by one thread at a time, for changes.
pub(crate) struct NoteIndex {
    index: Index,
    reader: IndexReader,
    pub(crate) fields: Fields,
    manifest: Manifest,
    /// Hash of the manifest as it was last read or written here.
    written: u64,
    /// Files that could not be read when the index was last brought up to date.
    unreadable: Vec<String>,
    pub(crate) storage: Storage,
    /// Tells this opening of the index from every other one in the process.
    pub(crate) serial: u64,
}

/// What the index is to hold.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) listing: &'a Listing,
    /// The knowledge graph of the role's configuration, by which mentions are kept.
    pub(crate) knowledge: &'a Knowledge,
    /// The knowledge graph by which mentions are told to the observer.
    pub(crate) active: &'a Knowledge,
    /// Files that are read again though they look the same.
    pub(crate) forced: &'a HashSet<String>,
}

/// Who hears of what an update does.
pub(crate) trait Observer {
    /// So many of so many files are done. With false the update is given up.
    fn step(&mut self, done: usize, total: usize) -> bool;
    /// These changes can now be found.
    fn committed(&mut self, index: &NoteIndex, changes: Vec<Change>);
}

impl NoteIndex {
    /// Makes an empty index.
    pub(crate) fn create(directory: Box<dyn Directory>, storage: Storage) -> Result<Self, TantivyError> {
        let settings =
            IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let (schema, _) = schema();
        Self::over(Index::create(directory, schema, settings)?, storage)
    }

    /// Opens an index that exists.
    pub(crate) fn open(directory: Box<dyn Directory>, storage: Storage) -> Result<Self, TantivyError> {
        let index = Index::open(directory)?;
        if index.schema() != schema().0 {
            return Err(TantivyError::SchemaError("the index has other fields".to_owned()));
        }
        Self::over(index, storage)
    }

    fn over(index: Index, storage: Storage) -> Result<Self, TantivyError> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        index.tokenizers().register(STEMS, NoteTokenizer::new(Form::Stem));
        index.tokenizers().register(WRITTEN, NoteTokenizer::new(Form::Written));
        // The manifest is read before the notes, so that a commit of another process in
        // between makes it too old, which is found out, and never too new, which is not.
        let payload = index.load_metas()?.payload;
        let written = hash(payload.as_deref());
        let manifest = match payload {
            Some(payload) => serde_json::from_str(&payload)
                .map_err(|error| TantivyError::InternalError(format!("the manifest is damaged: {error}")))?,
            // Nothing was ever committed.
            None => Manifest::default(),
        };
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            index,
            reader,
            fields: schema().1,
            manifest,
            written,
            unreadable: Vec::new(),
            storage,
            serial,
        })
    }

    /// Whether the files of the index are what was written.
    pub(crate) fn is_sound(&self) -> Result<bool, TantivyError> {
        Ok(self.index.validate_checksum()?.is_empty())
    }

    /// Whether nobody else has changed the index since it was opened here.
    pub(crate) fn is_ours(&self) -> Result<bool, TantivyError> {
        Ok(hash(self.index.load_metas()?.payload.as_deref()) == self.written)
    }

    /// Whether the index holds what the disk holds.
    pub(crate) fn is_current(&self, sources: Sources<'_>) -> bool {
        let files = &sources.listing.files;
        let known = |path: &String| self.manifest.files.contains_key(path) || self.unreadable.contains(path);
        self.manifest.knowledge == sources.knowledge.digest
            && sources.forced.is_empty()
            && self.manifest.files.keys().all(|path| files.contains_key(path))
            && files.iter().all(|(path, file)| known(path) && !self.is_changed(path, file))
    }

    fn is_changed(&self, path: &str, file: &NoteFile) -> bool {
        self.manifest.files.get(path).is_some_and(|indexed| indexed.stamp != file.stamp)
    }

    /// Indexes what is new or changed, and forgets what is gone. Whatever takes
    /// long is committed in parts, so that it can be found, and is not lost.
    pub(crate) fn update(
        &mut self,
        sources: Sources<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(), TantivyError> {
        let files = &sources.listing.files;
        let rematch = self.manifest.knowledge != sources.knowledge.digest;
        let wanted = |(path, file): &(&String, &NoteFile)| {
            let same = self.manifest.files.get(*path).is_some_and(|indexed| indexed.stamp == file.stamp);
            rematch || !same || sources.forced.contains(*path)
        };
        let work: Vec<(&String, &NoteFile)> = files.iter().filter(wanted).collect();
        let gone: Vec<String> =
            self.manifest.files.keys().filter(|path| !files.contains_key(*path)).cloned().collect();
        self.unreadable.clear();
        if work.is_empty() && gone.is_empty() && !rematch {
            return Ok(());
        }
        let mut pending = Pending::new(self)?;
        for path in &gone {
            pending.remove(self, path);
        }
        for (done, (path, file)) in work.iter().enumerate() {
            if !observer.step(done, work.len()) {
                return Ok(());
            }
            pending.read(self, path, file, sources)?;
            if pending.since.elapsed() >= COMMIT_EVERY {
                let changes = pending.commit(self)?;
                observer.committed(self, changes);
            }
        }
        self.manifest.knowledge.clone_from(&sources.knowledge.digest);
        let changes = pending.commit(self)?;
        observer.committed(self, changes);
        if pending.tidy(self)? {
            observer.committed(self, Vec::new());
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

    /// What all its notes mention. Notes that were matched by another knowledge
    /// graph are matched anew by the text that is kept of them.
    pub(crate) fn concepts(&self, knowledge: &Knowledge) -> Result<Concepts, TantivyError> {
        let mut concepts = Concepts::default();
        for segment in self.searcher().segment_readers() {
            let store = segment.get_store_reader(2)?;
            for document in store.iter::<TantivyDocument>(segment.alive_bitset()) {
                let document = document?;
                let fields = &self.fields;
                let Some(key) = document.get_first(fields.key).and_then(|value| value.as_u64()) else {
                    continue;
                };
                let kept = document.get_first(fields.mentions);
                let kept = kept.and_then(|value| Mentions::from_bytes(value.as_bytes()?, knowledge));
                let mentions =
                    kept.unwrap_or_else(|| Mentions::find(&kept_note(&document, fields), knowledge));
                concepts.apply(&Change { key: NoteKey(key), mentions: Some(mentions) });
            }
        }
        Ok(concepts)
    }
}

fn hash(payload: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    payload.hash(&mut hasher);
    hasher.finish()
}

/// What the index keeps of a note's text.
fn kept_note(document: &TantivyDocument, fields: &Fields) -> Note {
    let all = |field| {
        document.get_all(field).filter_map(|value| value.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let first = |field| all(field).into_iter().next();
    Note {
        title: first(fields.title).unwrap_or_default(),
        tags: all(fields.tags),
        url: first(fields.url),
        body: first(fields.excerpt).unwrap_or_default(),
    }
}

/// Changes that are on their way into an index.
struct Pending {
    writer: IndexWriter,
    changes: Vec<Change>,
    since: Instant,
}

impl Pending {
    fn new(index: &NoteIndex) -> Result<Self, TantivyError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_HEAP_BYTES)
            .build();
        let writer: IndexWriter = index.index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Self { writer, changes: Vec::new(), since: Instant::now() })
    }

    fn remove(&mut self, index: &mut NoteIndex, path: &str) {
        let indexed = index.manifest.files.remove(path);
        if indexed.is_some_and(|indexed| indexed.skipped.is_none()) {
            self.writer.delete_term(Term::from_field_text(index.fields.path, path));
            self.changes.push(Change { key: NoteKey::of(path), mentions: None });
        }
    }

    /// Puts the file's note in the place of the one that was indexed before.
    fn read(
        &mut self,
        index: &mut NoteIndex,
        path: &str,
        file: &NoteFile,
        sources: Sources<'_>,
    ) -> Result<(), TantivyError> {
        self.remove(index, path);
        let skipped = match haystack::read(&file.absolute) {
            Ok(text) => {
                self.add(index, path, &Note::read(path, &text), sources)?;
                None
            }
            Err(reason) => {
                tracing::warn!(path, %reason, "a note is not indexed");
                Some(reason)
            }
        };
        if skipped == Some(SkipReason::Unreadable) {
            // Rights may change while the file does not: it is tried again.
            index.unreadable.push(path.to_owned());
        } else {
            index.manifest.files.insert(path.to_owned(), Indexed { stamp: file.stamp, skipped });
        }
        Ok(())
    }

    fn add(
        &mut self,
        index: &NoteIndex,
        path: &str,
        note: &Note,
        sources: Sources<'_>,
    ) -> Result<(), TantivyError> {
        let mentions = Mentions::find(note, sources.knowledge);
        let key = NoteKey::of(path);
        let document = document(path, key, note, &mentions.to_bytes(sources.knowledge), &index.fields);
        let told = if std::ptr::eq(sources.active, sources.knowledge) {
            mentions
        } else {
            Mentions::find(note, sources.active)
        };
        self.writer.add_document(document)?;
        self.changes.push(Change { key, mentions: Some(told) });
        Ok(())
    }

    /// Makes all changes visible at once, with the manifest that belongs to them.
    fn commit(&mut self, index: &mut NoteIndex) -> Result<Vec<Change>, TantivyError> {
        let payload = serde_json::to_string(&index.manifest).map_err(|error| {
            TantivyError::InternalError(format!("the manifest cannot be written: {error}"))
        })?;
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        index.written = hash(Some(&payload));
        index.reader.reload()?;
        self.since = Instant::now();
        Ok(std::mem::take(&mut self.changes))
    }

    /// Merges segments where there are many, and drops files that nobody needs;
    /// whether the index consists of other segments now.
    fn tidy(mut self, index: &NoteIndex) -> Result<bool, TantivyError> {
        let segments = index.index.searchable_segment_metas()?;
        let notes: u32 = segments.iter().map(|segment| segment.num_docs()).sum();
        // The larger half of the notes stays where it is, unless much of it is deleted.
        let stays = |documents: u32, deleted: u32| documents > notes / 2 && deleted < documents / 4;
        let deleted: u32 = segments.iter().map(|segment| segment.num_deleted_docs()).sum();
        let merged: Vec<_> = segments
            .iter()
            .filter(|segment| !stays(segment.num_docs(), segment.num_deleted_docs()))
            .map(|segment| segment.id())
            .collect();
        let due = segments.len() > MAX_SEGMENTS || deleted > notes / 2;
        let changed = due && !merged.is_empty();
        if changed {
            self.writer.merge(&merged).wait()?;
            index.reader.reload()?;
        }
        self.writer.garbage_collect_files().wait()?;
        self.writer.wait_merging_threads()?;
        Ok(changed)
    }
}

fn schema() -> (Schema, Fields) {
    let text = |tokenizer, record| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
        TextOptions::default().set_indexing_options(indexing)
    };
    let words = text(STEMS, IndexRecordOption::WithFreqsAndPositions);
    let mut builder = Schema::builder();
    let fields = Fields {
        key: builder.add_u64_field("key", INDEXED | FAST | STORED),
        path: builder.add_text_field("path", STRING | STORED),
        title: builder.add_text_field("title", words.clone() | STORED),
        tags: builder.add_text_field("tags", words.clone() | STORED),
        body: builder.add_text_field("body", words),
        written: builder.add_text_field("written", text(WRITTEN, IndexRecordOption::Basic)),
        url: builder.add_text_field("url", STORED),
        excerpt: builder.add_text_field("excerpt", STORED),
        mentions: builder.add_bytes_field("mentions", STORED),
    };
    (builder.build(), fields)
}

fn document(path: &str, key: NoteKey, note: &Note, mentions: &[u8], fields: &Fields) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_u64(fields.key, key.0);
    document.add_text(fields.path, path);
    document.add_text(fields.title, &note.title);
    for tag in &note.tags {
        document.add_text(fields.tags, tag);
    }
    document.add_text(fields.body, &note.body);
    for text in [&note.title, &note.body].into_iter().chain(&note.tags) {
        document.add_text(fields.written, text);
    }
    if let Some(url) = &note.url {
        document.add_text(fields.url, url);
    }
    let end = note.body.floor_char_boundary(MAX_EXCERPT_BYTES);
    document.add_text(fields.excerpt, note.body.get(..end).unwrap_or_default());
    document.add_bytes(fields.mentions, mentions);
    document
}
