//! The thread of one role: serves its requests and what the system tells.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, SyncSender},
    },
    time::{Duration, Instant},
};

use terraphim_kg::{AutocompleteIndex, Thesaurus};
use tokio::sync::broadcast;

use crate::{
    config::Role,
    error::NotesError,
    follow::{Phase, Progress, Reply, Request, Shared},
    haystack::{self, Listing, Skipped, Stamp},
    index::{NoteIndex, Sources},
    knowledge::{Configured, Knowledge},
    library::Change,
    publish::Publisher,
    storage::{self, Trust},
    watch::FileWatch,
};

/// How long nothing more must be told before changes are looked at, and how long at most that is waited for.
const QUIET: Duration = Duration::from_millis(15);
const GATHER_AT_MOST: Duration = Duration::from_millis(80);

/// By how much reading notes stands back behind everything else.
const NICENESS: i32 = 5;

/// Most thesauri that were loaded into one role while it runs.
const MAX_LOADED: usize = 16;

pub(crate) struct Worker {
    role: Arc<Role>,
    index_dir: Option<PathBuf>,
    shared: Arc<Shared>,
    watch: FileWatch,
    trust: Trust,
    index: Option<NoteIndex>,
    /// The knowledge graph of the configuration.
    configured: Option<Configured>,
    /// Those that were loaded since, the active one last.
    loaded: Vec<Arc<Knowledge>>,
    listing: Arc<Listing>,
    /// The names of the listed files.
    names: HashMap<PathBuf, String>,
    publisher: Publisher,
    /// Why the last look failed.
    problem: Option<String>,
}

impl Worker {
    pub(crate) fn new(
        role: Arc<Role>,
        index_dir: Option<PathBuf>,
        shared: Arc<Shared>,
        changes: broadcast::Sender<Change>,
        requests: SyncSender<Request>,
        trust: Trust,
    ) -> Self {
        Self {
            watch: FileWatch::new(&role.name, requests, Arc::clone(&shared.changed)),
            publisher: Publisher::new(Arc::clone(&role), Arc::clone(&shared), changes),
            role,
            index_dir,
            shared,
            trust,
            index: None,
            configured: None,
            loaded: Vec::new(),
            listing: Arc::default(),
            names: HashMap::new(),
            problem: None,
        }
    }

    /// Serves requests until it is to end.
    pub(crate) fn run(mut self, queue: &Receiver<Request>) {
        // On Linux that is this thread alone, with those that it starts: queries go first.
        if let Err(error) = rustix::process::nice(NICENESS) {
            tracing::debug!(role = self.role.name, %error, "notes are read at the priority of queries");
        }
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            gather(queue, &mut batch);
            if self.shared.stop.load(Ordering::Relaxed) || !self.serve(batch) {
                return;
            }
            self.publisher.settle();
        }
    }

    /// Serves a batch with one look at most; false if it is to end.
    fn serve(&mut self, batch: Vec<Request>) -> bool {
        let (paths, mut all) = self.shared.changed.take();
        let mut waiting: Vec<Reply> = Vec::new();
        let mut others = Vec::new();
        for request in batch {
            match request {
                Request::Look(reply) => {
                    all = true;
                    waiting.extend(reply);
                }
                Request::Files => {}
                Request::Stop => return false,
                #[cfg(test)]
                Request::Die => panic!("a thread dies over the index"),
                other @ (Request::Thesaurus(..) | Request::Autocomplete(..)) => others.push(other),
            }
        }
        let unopened = self.index.is_none() && !others.is_empty();
        let looked = if all || unopened || paths.iter().any(|path| self.concerns_all(path)) {
            self.look(&paths)
        } else {
            self.look_at(&paths)
        };
        let looked = self.conclude(looked);
        for reply in waiting {
            // Nobody may be waiting any more.
            drop(reply.send(looked.clone()));
        }
        for request in others {
            let (answer, reply) = match (request, &looked) {
                (Request::Thesaurus(thesaurus, reply), Ok(())) => (self.load_thesaurus(thesaurus), reply),
                (Request::Autocomplete(index, reply), Ok(())) => (self.load_autocomplete(index), reply),
                (Request::Thesaurus(_, reply) | Request::Autocomplete(_, reply), Err(error)) => {
                    (Err(error.clone()), reply)
                }
                _ => continue,
            };
            drop(reply.send(answer));
        }
        true
    }

    /// Remembers how a look ended, and says so where it went wrong.
    fn conclude(&mut self, looked: Result<(), NotesError>) -> Result<(), NotesError> {
        let problem = looked.as_ref().err().map(ToString::to_string);
        if problem != self.problem {
            if let Some(problem) = &problem {
                tracing::warn!(role = self.role.name, problem, "the notes could not be brought up to date");
            }
            self.publisher.publish_problem(problem.clone());
            self.problem = problem;
        }
        let phase = if self.index.is_some() { Phase::Ready } else { Phase::Unopened };
        self.shared.set_progress(Progress { phase, done: 0, total: 0 });
        looked
    }

    /// Whether after a change at this path all files are to be looked at.
    fn concerns_all(&self, path: &Path) -> bool {
        if self.listing.folders.contains(path) {
            return true;
        }
        let in_graph = self
            .configured
            .as_ref()
            .is_some_and(|knowledge| knowledge.folders.iter().any(|folder| path.starts_with(folder)));
        let known = self.names.contains_key(path);
        in_graph
            || (!known && haystack::concerns(&self.role.haystacks, path))
            || (known && !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()))
    }

    /// Looks at all files.
    fn look(&mut self, touched: &HashSet<PathBuf>) -> Result<(), NotesError> {
        self.shared.set_progress(Progress { phase: Phase::Looking, done: 0, total: 0 });
        self.shared.note_look();
        let configured = Configured::load(&self.role, self.configured.as_ref())?;
        let mut listing = self.list()?;
        let mut folders = listing.folders.clone();
        folders.extend(configured.folders.iter().cloned());
        if self.watch.follow(&self.role.name, &folders) {
            // What changed before the folders were watched was not told.
            listing = self.list()?;
        }
        self.shared.told.store(self.watch.is_on(), Ordering::Relaxed);
        if self.listing.skipped != listing.skipped {
            for Skipped { path, reason } in &listing.skipped {
                tracing::warn!(role = self.role.name, path, %reason, "a file is not indexed");
            }
        }
        self.names = listing.files.iter().map(|(name, file)| (file.absolute.clone(), name.clone())).collect();
        self.listing = Arc::new(listing);
        let knowledge = Arc::clone(&configured.knowledge);
        self.configured = Some(configured);
        let forced = touched.iter().filter_map(|path| self.names.get(path).cloned()).collect();
        self.bring_up_to_date(&knowledge, &forced)
    }

    fn list(&self) -> Result<Listing, NotesError> {
        haystack::list(&self.role.haystacks).map_err(|error| NotesError::Haystack {
            role: self.role.name.clone(),
            path: error.path,
            source: Arc::new(error.source),
        })
    }

    /// Looks at these files alone, all of which are listed.
    fn look_at(&mut self, paths: &HashSet<PathBuf>) -> Result<(), NotesError> {
        let forced: HashSet<String> = paths.iter().filter_map(|path| self.names.get(path).cloned()).collect();
        let Some(knowledge) = self.configured.as_ref().filter(|_| !forced.is_empty()) else { return Ok(()) };
        let knowledge = Arc::clone(&knowledge.knowledge);
        let listing = Arc::make_mut(&mut self.listing);
        for name in &forced {
            if let Some(file) = listing.files.get_mut(name)
                && let Ok(metadata) = fs::symlink_metadata(&file.absolute)
            {
                file.stamp = Stamp::of(&metadata);
            }
        }
        self.bring_up_to_date(&knowledge, &forced)
    }

    fn bring_up_to_date(
        &mut self,
        configured: &Arc<Knowledge>,
        forced: &HashSet<String>,
    ) -> Result<(), NotesError> {
        let active = Arc::clone(self.loaded.last().unwrap_or(configured));
        let role = Arc::clone(&self.role);
        let failed = |source| NotesError::Index { role: role.name.clone(), source };
        self.publisher.prepare(&self.listing, &active, self.thesauri());
        if self.index.is_none() && self.trust == Trust::Existing {
            self.index = storage::on_disk(&role, self.index_dir.as_deref());
            if let Some(index) = &self.index {
                self.publisher.publish_anew(index).map_err(failed)?;
            }
        }
        let sources = Sources { listing: &self.listing, knowledge: configured, active: &active, forced };
        let updated = storage::update(
            &role,
            self.index_dir.as_deref(),
            self.index.take(),
            sources,
            self.trust,
            &mut self.publisher,
        );
        let index = updated.map_err(failed)?;
        self.publisher.finish(&index).map_err(failed)?;
        self.index = Some(index);
        self.trust = Trust::Existing;
        self.shared.caught_up.store(true, Ordering::Release);
        Ok(())
    }

    /// The names of the role's thesauri, the active one first.
    fn thesauri(&self) -> Vec<String> {
        let configured = self.configured.iter().map(|configured| &configured.knowledge);
        let all = configured.chain(&self.loaded).rev();
        all.map(|knowledge| knowledge.thesaurus().name().to_owned()).collect()
    }

    fn load_thesaurus(&mut self, thesaurus: Option<Box<Thesaurus>>) -> Result<(), NotesError> {
        match thesaurus {
            Some(thesaurus) => {
                let knowledge = Knowledge::of(&self.role, *thesaurus, None)?;
                let name = knowledge.thesaurus().name();
                self.loaded.retain(|other| other.thesaurus().name() != name);
                if self.loaded.len() >= MAX_LOADED {
                    self.loaded.remove(0);
                }
                self.loaded.push(knowledge);
            }
            None => self.loaded.clear(),
        }
        let Some((index, configured)) = self.index.as_ref().zip(self.configured.as_ref()) else {
            return Ok(());
        };
        let active = self.loaded.last().unwrap_or(&configured.knowledge);
        self.publisher.prepare(&self.listing, active, self.thesauri());
        let failed = |source| NotesError::Index { role: self.role.name.clone(), source };
        self.publisher.publish_anew(index).map_err(failed)
    }

    fn load_autocomplete(&mut self, loaded: Option<Box<AutocompleteIndex>>) -> Result<(), NotesError> {
        self.publisher.replace_autocomplete(loaded)
    }
}

/// Takes what waits; after a first change for as long as more are told.
fn gather(queue: &Receiver<Request>, batch: &mut Vec<Request>) {
    let deadline = Instant::now() + GATHER_AT_MOST;
    while batch.iter().all(|request| matches!(request, Request::Files)) {
        let patience = QUIET.min(deadline.saturating_duration_since(Instant::now()));
        let Ok(next) = queue.recv_timeout(patience) else { return };
        batch.push(next);
    }
    batch.extend(queue.try_iter());
}
