//! Keeps one role's notes up to date, by a thread of its own.
//!
//! The thread opens the role's index, brings it up to date, and publishes a
//! [`RoleView`] after each step; whoever asks takes the newest view and never
//! waits for the thread. It ends with its [`Followed`].

use std::{
    collections::HashSet,
    mem,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use serde::Serialize;
use terraphim_kg::{AutocompleteIndex, Thesaurus};
use tokio::sync::{broadcast, oneshot};

use crate::{
    config::Role, error::NotesError, library::Change, storage::Trust, view::RoleView, worker::Worker,
};

/// Most requests that wait for the thread.
const MAX_REQUESTS: usize = 1_024;

/// Most changed paths that are remembered one by one.
const MAX_TOLD: usize = 20_000;

/// How long files may go unlooked-at while they are asked for: without, and
/// with, the system telling of changes. It tells none of other machines' changes.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOK_ANYWAY_EVERY: Duration = Duration::from_secs(30);

/// What a role's thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nobody has asked for the role yet.
    Unopened,
    /// It is looking which files there are.
    Looking,
    /// It is reading files.
    Reading,
    /// It has read all files and waits for changes.
    Ready,
}

/// How far the reading of a role's notes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How many of the files that are to be read are read.
    pub done: usize,
    /// How many files are to be read.
    pub total: usize,
}

impl Progress {
    pub(crate) const UNOPENED: Self = Self { phase: Phase::Unopened, done: 0, total: 0 };

    /// Whether what is found may not be all that there is.
    pub(crate) fn is_incomplete(self) -> bool {
        self.phase == Phase::Reading
    }
}

/// Where the answer to a request goes.
pub(crate) type Reply = oneshot::Sender<Result<(), NotesError>>;

/// What the thread is asked for.
pub(crate) enum Request {
    /// To look at all files.
    Look(Option<Reply>),
    /// To look at the files and folders that [`Told`] holds.
    Files,
    /// To take this thesaurus, or with none that of the configuration.
    Thesaurus(Option<Box<Thesaurus>>, Reply),
    /// To take this index for completion, or with none to make it anew.
    Autocomplete(Option<Box<AutocompleteIndex>>, Reply),
    /// To end.
    Stop,
    #[cfg(test)]
    Die,
}

/// Files and folders of which the system says that they changed, each once.
#[derive(Debug, Default)]
pub(crate) struct Told {
    paths: Mutex<HashSet<PathBuf>>,
    /// Whether anything may have changed.
    all: AtomicBool,
}

impl Told {
    /// Takes note; true if nothing was waiting before.
    pub(crate) fn tell(&self, changed: Vec<PathBuf>) -> bool {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        let first = paths.is_empty() && !self.is_all();
        if paths.len() + changed.len() > MAX_TOLD {
            self.all.store(true, Ordering::Relaxed);
        } else {
            paths.extend(changed);
        }
        first
    }

    pub(crate) fn tell_all(&self) {
        self.all.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_all(&self) -> bool {
        self.all.load(Ordering::Relaxed)
    }

    /// Everything that was told, and whether anything may have changed.
    pub(crate) fn take(&self) -> (HashSet<PathBuf>, bool) {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        (mem::take(&mut *paths), self.all.swap(false, Ordering::Relaxed))
    }
}

/// What the thread and those who ask have in common.
pub(crate) struct Shared {
    pub(crate) view: ArcSwapOption<RoleView>,
    pub(crate) progress: Arc<Mutex<Progress>>,
    /// Whether all files have been looked at and read once.
    pub(crate) caught_up: AtomicBool,
    pub(crate) stop: AtomicBool,
    /// Whether the system tells of changes.
    pub(crate) told: AtomicBool,
    /// What the system told.
    pub(crate) changed: Arc<Told>,
    /// When all files were last looked at, or that was last asked for, in milliseconds since `began`.
    looked: AtomicU64,
    began: Instant,
}

impl Shared {
    fn new() -> Self {
        Self {
            view: ArcSwapOption::empty(),
            progress: Arc::new(Mutex::new(Progress::UNOPENED)),
            caught_up: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            told: AtomicBool::new(false),
            changed: Arc::default(),
            looked: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    pub(crate) fn set_progress(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    pub(crate) fn note_look(&self) {
        self.looked.store(self.milliseconds(), Ordering::Relaxed);
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether it is time to look again; true for one of those who ask.
    fn is_due(&self) -> bool {
        let every = if self.told.load(Ordering::Relaxed) { LOOK_ANYWAY_EVERY } else { LOOK_EVERY };
        let every = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        let (looked, now) = (self.looked.load(Ordering::Relaxed), self.milliseconds());
        let due = now.saturating_sub(looked) >= every || self.changed.is_all();
        due && self.looked.compare_exchange(looked, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// One role with the thread that follows its files. The thread is started by
/// the first request.
pub(crate) struct Followed {
    pub(crate) role: Arc<Role>,
    pub(crate) index_dir: Option<PathBuf>,
    changes: broadcast::Sender<Change>,
    shared: Arc<Shared>,
    thread: Mutex<Option<Thread>>,
}

struct Thread {
    requests: SyncSender<Request>,
    handle: JoinHandle<()>,
}

impl Followed {
    pub(crate) fn new(
        role: Arc<Role>,
        index_dir: Option<PathBuf>,
        changes: broadcast::Sender<Change>,
    ) -> Self {
        Self { role, index_dir, changes, shared: Arc::new(Shared::new()), thread: Mutex::default() }
    }

    pub(crate) fn progress(&self) -> Progress {
        *self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest view, if there is one.
    pub(crate) fn view(&self) -> Option<Arc<RoleView>> {
        self.shared.view.load_full()
    }

    /// Whether the newest view holds all that there was when it was last looked.
    pub(crate) fn has_caught_up(&self) -> bool {
        self.shared.caught_up.load(Ordering::Acquire)
    }

    /// Has the files looked at if that is due; waits for nothing.
    pub(crate) fn look_if_due(&self) {
        if self.shared.is_due() && self.send(Request::Look(None)).is_err() {
            self.shared.changed.tell_all();
        }
    }

    /// Makes a request and waits for its answer.
    pub(crate) async fn ask(&self, request: impl FnOnce(Reply) -> Request) -> Result<(), NotesError> {
        let (reply, answer) = oneshot::channel();
        self.send(request(reply))?;
        let broken = |_| NotesError::Broken { role: self.role.name.clone() };
        answer.await.map_err(broken)?
    }

    fn send(&self, request: Request) -> Result<(), NotesError> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        // A thread that died may have left a broken index behind.
        let dead = thread.take_if(|thread| thread.handle.is_finished());
        let trust = if dead.is_some() { Trust::Nothing } else { Trust::Existing };
        let running = match &mut *thread {
            Some(running) => running,
            None => thread.insert(self.start(trust)?),
        };
        match running.requests.try_send(request) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(NotesError::Busy { role: self.role.name.clone() }),
            Err(TrySendError::Disconnected(_)) => Err(NotesError::Broken { role: self.role.name.clone() }),
        }
    }

    fn start(&self, trust: Trust) -> Result<Thread, NotesError> {
        let (requests, queue) = mpsc::sync_channel(MAX_REQUESTS);
        let worker = Worker::new(
            Arc::clone(&self.role),
            self.index_dir.clone(),
            Arc::clone(&self.shared),
            self.changes.clone(),
            requests.clone(),
            trust,
        );
        let handle = thread::Builder::new()
            .name(format!("notes-{}", self.role.short_name))
            .spawn(move || worker.run(&queue))
            .map_err(|source| NotesError::Thread {
                role: self.role.name.clone(),
                source: Arc::new(source),
            })?;
        Ok(Thread { requests, handle })
    }

    #[cfg(test)]
    pub(crate) fn kill(&self) {
        self.send(Request::Die).expect("sent");
        let finished = || {
            let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
            thread.as_ref().is_none_or(|thread| thread.handle.is_finished())
        };
        while !finished() {
            thread::yield_now();
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread {
            // If the queue is full, the thread sees the mark before its next request.
            drop(thread.requests.try_send(Request::Stop));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_at_when_the_system_does_not_tell() {
        let before = |time| Instant::now().checked_sub(time).expect("a clock that has run for a while");
        let mut shared = Shared::new();
        assert!(!shared.is_due(), "they have just been looked at");
        shared.began = before(LOOK_EVERY);
        assert!(shared.is_due() && !shared.is_due(), "one of those who ask is enough");
        shared.looked = AtomicU64::new(0);
        shared.told.store(true, Ordering::Relaxed);
        assert!(!shared.is_due(), "the system tells");
        shared.began = before(LOOK_ANYWAY_EVERY);
        assert!(shared.is_due(), "but not of other machines' changes");
        shared.changed.tell_all();
        assert!(shared.is_due(), "something was missed");
    }

    #[test]
    fn what_is_told_is_bounded() {
        let told = Told::default();
        assert!(told.tell(vec!["a".into(), "b".into()]));
        assert!(!told.tell(vec!["a".into()]));
        assert_eq!(told.take(), (["a", "b"].map(PathBuf::from).into(), false));
        assert!(told.tell((0..=MAX_TOLD).map(|n| n.to_string().into()).collect()));
        let (paths, all) = told.take();
        assert!(paths.is_empty() && all);
    }
}
