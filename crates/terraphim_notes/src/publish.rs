//! Makes a new view of a role after each change and puts it in the place of the last one.

use std::{mem, sync::Arc};

use tantivy::TantivyError;
use terraphim_kg::AutocompleteIndex;
use tokio::sync::broadcast;

use crate::{
    concepts::{self, Concepts},
    config::Role,
    error::NotesError,
    follow::{Phase, Progress, Shared},
    haystack::Listing,
    index::{NoteIndex, Observer},
    knowledge::Knowledge,
    lexicon::Lexicon,
    library::Change,
    view::{Parts, RoleView},
};

/// Most documents that one event names; of more it names none.
const MAX_NAMED: usize = 256;

/// Up to so many terms the index for completion follows every change of the notes.
const MAX_FOLLOWED_TERMS: usize = 20_000;

pub(crate) struct Publisher {
    role: Arc<Role>,
    shared: Arc<Shared>,
    changes: broadcast::Sender<Change>,
    listing: Arc<Listing>,
    active: Option<Arc<Knowledge>>,
    thesauri: Arc<[String]>,
    concepts: Alternating,
    lexicon: Arc<Lexicon>,
    /// The opening of the index that `concepts` were read from.
    serial: Option<u64>,
    failure: Option<TantivyError>,
    /// Whether notes changed since the index for completion was made.
    stale: bool,
    /// Changes of an update that is not finished, which the graph has not seen.
    unseen: Vec<concepts::Change>,
}

impl Publisher {
    pub(crate) fn new(role: Arc<Role>, shared: Arc<Shared>, changes: broadcast::Sender<Change>) -> Self {
        Self {
            role,
            shared,
            changes,
            listing: Arc::default(),
            active: None,
            thesauri: Arc::default(),
            concepts: Alternating::default(),
            lexicon: Arc::default(),
            serial: None,
            failure: None,
            stale: false,
            unseen: Vec::new(),
        }
    }

    /// Takes what further views are made of.
    pub(crate) fn prepare(&mut self, listing: &Arc<Listing>, active: &Arc<Knowledge>, thesauri: Vec<String>) {
        self.listing = Arc::clone(listing);
        self.thesauri = thesauri.into();
        if self.active.as_ref().is_none_or(|known| known.digest != active.digest) {
            if self.active.is_some() {
                self.tell(Change::Knowledge { role: self.role.short_name.clone() });
            }
            self.lexicon = Arc::default();
            self.serial = None;
        }
        self.active = Some(Arc::clone(active));
    }

    /// Publishes an index that was just opened, or whose knowledge graph is another one.
    pub(crate) fn publish_anew(&mut self, index: &NoteIndex) -> Result<(), TantivyError> {
        self.committed(index, Vec::new());
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Makes ready for the next change.
    pub(crate) fn settle(&mut self) {
        self.concepts.settle();
    }

    /// Publishes what an update left.
    pub(crate) fn finish(&mut self, index: &NoteIndex) -> Result<(), TantivyError> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        if self.serial != Some(index.serial) {
            self.committed(index, Vec::new());
        }
        self.concepts.apply(mem::take(&mut self.unseen));
        self.publish(index);
        if mem::take(&mut self.stale) {
            self.follow_terms(index);
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Weighs the terms anew, if they are few enough for that.
    fn follow_terms(&mut self, index: &NoteIndex) {
        let few =
            self.active.as_ref().is_some_and(|active| active.thesaurus().terms().len() <= MAX_FOLLOWED_TERMS);
        if !few || self.lexicon.is_given() {
            return;
        }
        let in_use = self.lexicon.is_made();
        let next = Arc::new(Lexicon::default());
        if let Some(active) = self.active.as_ref().filter(|_| in_use)
            && let Err(error) = next.get(active, &self.concepts.current.graph)
        {
            tracing::warn!(role = self.role.name, %error, "the terms are completed by their former weights");
            return;
        }
        self.lexicon = next;
        self.publish(index);
    }

    /// Takes another index for completion, or makes it anew.
    pub(crate) fn replace_autocomplete(
        &mut self,
        given: Option<Box<AutocompleteIndex>>,
    ) -> Result<(), NotesError> {
        let next = match (given, &self.active) {
            (Some(given), _) => Lexicon::given(*given),
            (None, Some(active)) => {
                let made = Lexicon::default();
                made.get(active, &self.concepts.current.graph).map_err(|source| {
                    NotesError::Autocomplete { role: self.role.name.clone(), source: Arc::new(source) }
                })?;
                made
            }
            (None, None) => Lexicon::default(),
        };
        self.lexicon = Arc::new(next);
        if let Some(view) = self.shared.view.load_full() {
            self.shared.view.store(Some(Arc::new(view.with_lexicon(Arc::clone(&self.lexicon)))));
        }
        Ok(())
    }

    /// Says in the view why it may be older than the files.
    pub(crate) fn publish_problem(&self, problem: Option<String>) {
        if let Some(view) = self.shared.view.load_full() {
            self.shared.view.store(Some(Arc::new(view.with_problem(problem))));
        }
    }

    fn publish(&self, index: &NoteIndex) {
        let Some(active) = &self.active else { return };
        let view = RoleView::new(Parts {
            role: Arc::clone(&self.role),
            searcher: index.searcher(),
            fields: index.fields,
            storage: index.storage,
            skipped: self.listing.skipped.iter().cloned().chain(index.skipped()).collect(),
            listing: Arc::clone(&self.listing),
            knowledge: Arc::clone(active),
            thesauri: Arc::clone(&self.thesauri),
            concepts: Arc::clone(&self.concepts.current),
            lexicon: Arc::clone(&self.lexicon),
            progress: Arc::clone(&self.shared.progress),
        });
        self.shared.view.store(Some(Arc::new(view)));
    }

    fn tell(&self, change: Change) {
        // Nobody may be listening.
        drop(self.changes.send(change));
    }
}

impl Observer for Publisher {
    fn step(&mut self, done: usize, total: usize) -> bool {
        self.shared.set_progress(Progress { phase: Phase::Reading, done, total });
        !self.shared.stop.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn committed(&mut self, index: &NoteIndex, changes: Vec<concepts::Change>) {
        let Some(active) = &self.active else { return };
        let mut ids: Vec<String> = changes.iter().map(|change| change.key.to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        let other_segments = self.serial == Some(index.serial) && ids.is_empty();
        if self.serial == Some(index.serial) {
            self.stale |= !changes.is_empty();
            self.unseen.extend(changes);
        } else {
            self.unseen.clear();
            match index.concepts(active) {
                Ok(concepts) => self.concepts = Alternating::new(concepts),
                Err(error) => {
                    self.failure = Some(error);
                    return;
                }
            }
            self.serial = Some(index.serial);
            self.stale = true;
        }
        self.publish(index);
        if other_segments {
            return;
        }
        if ids.len() > MAX_NAMED {
            ids.clear();
        }
        self.tell(Change::Documents { role: self.role.short_name.clone(), ids });
    }
}

/// Two copies of what the notes mention: while one is read, the other is
/// brought up to date, and then they change places.
#[derive(Default)]
struct Alternating {
    current: Arc<Concepts>,
    /// The other copy, and the changes that it has not seen.
    other: Option<(Arc<Concepts>, Vec<concepts::Change>)>,
}

impl Alternating {
    fn new(concepts: Concepts) -> Self {
        Self { current: Arc::new(concepts), other: None }
    }

    fn apply(&mut self, changes: Vec<concepts::Change>) {
        if changes.is_empty() {
            return;
        }
        self.settle();
        let other = self.other.take().and_then(|(other, _)| Arc::try_unwrap(other).ok());
        let mut next = other.unwrap_or_else(|| Concepts::clone(&self.current));
        changes.iter().for_each(|change| next.apply(change));
        let former = mem::replace(&mut self.current, Arc::new(next));
        self.other = Some((former, changes));
    }

    /// Has the other copy see what it has not seen, so that the next change is there at once.
    fn settle(&mut self) {
        let seen = self.other.take().and_then(|(other, missed)| {
            let mut other = Arc::try_unwrap(other).ok()?;
            missed.iter().for_each(|change| other.apply(change));
            Some(other)
        });
        // Somebody still reads it, or there is none.
        let other = seen.unwrap_or_else(|| Concepts::clone(&self.current));
        self.other = Some((Arc::new(other), Vec::new()));
    }
}
