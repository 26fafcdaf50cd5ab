//! Sessions: interpreters that wait for another program, by name and client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use terraphim_sandbox::{ClientId, Ending, Kept};
use terraphim_types::{Language, SessionName};

/// Most interpreters that wait for another program; the one that waited longest goes first.
pub(crate) const MAX_LIVE: usize = 16;

/// Most names that are known, of which most have no interpreter any more.
const MAX_KNOWN: usize = 1_024;

/// How long an interpreter waits for another program.
const MAX_IDLE: Duration = Duration::from_secs(15 * 60);

type Key = (ClientId, SessionName, Runtime);

/// What keeps a session's variables. One session may have one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Runtime {
    Interpreter,
    Python,
    Bash,
    Rust,
    Node,
}

/// What is known of one session in one runtime. Held while it runs a program,
/// so that its programs follow one another.
pub(crate) type Slot = Arc<tokio::sync::Mutex<State>>;

/// A session's interpreter, or how it ended.
#[derive(Default)]
pub(crate) struct State {
    kept: Option<Kept>,
    /// Told to the next program, once.
    ended: Option<String>,
}

struct Entry {
    slot: Slot,
    used: Instant,
}

/// All sessions of a host.
#[derive(Clone, Default)]
pub(crate) struct Sessions {
    entries: Arc<Mutex<HashMap<Key, Entry>>>,
}

/// What a program of a session begins with.
pub(crate) enum Begin {
    /// Nothing came before it.
    New,
    /// What the programs before it left behind.
    Kept(Box<Kept>),
    /// That is gone: why.
    Gone(String),
}

impl State {
    /// What the next program begins with.
    pub(crate) fn begin(&mut self, resets: bool) -> Begin {
        let kept = self.kept.take();
        let ended = self.ended.take();
        if resets {
            return Begin::New;
        }
        match (kept, ended) {
            (Some(mut kept), _) => {
                if kept.is_alive() {
                    Begin::Kept(Box::new(kept))
                } else {
                    Begin::Gone("its process is gone".to_owned())
                }
            }
            (None, Some(why)) => Begin::Gone(why),
            (None, None) => Begin::New,
        }
    }

    /// Takes back what a program left behind.
    pub(crate) fn keep(&mut self, kept: Kept) {
        self.kept = Some(kept);
    }

    /// Notes how the interpreter ended.
    pub(crate) fn end(&mut self, why: String) {
        self.ended = Some(why);
    }
}

impl Sessions {
    /// The session of a name; it begins with the first program that asks for it.
    pub(crate) fn slot(&self, client: &ClientId, name: &SessionName, language: Language) -> Slot {
        let runtime = match language {
            Language::TypeScript | Language::JavaScript => Runtime::Interpreter,
            Language::Python => Runtime::Python,
            Language::Bash => Runtime::Bash,
            Language::Rust => Runtime::Rust,
            Language::Node => Runtime::Node,
        };
        let mut entries = self.lock();
        let now = Instant::now();
        let key = (client.clone(), name.clone(), runtime);
        if entries.len() >= MAX_KNOWN && !entries.contains_key(&key) {
            forget_oldest(&mut entries);
        }
        let entry = entries.entry(key).or_insert_with(|| Entry { slot: Slot::default(), used: now });
        entry.used = now;
        Arc::clone(&entry.slot)
    }

    /// Ends the interpreters that have waited for too long, and those that are too many.
    pub(crate) fn clear(&self) {
        let mut entries = self.lock();
        let now = Instant::now();
        // One whose lock is held runs a program.
        let mut waiting: Vec<_> = entries
            .values_mut()
            .filter_map(|entry| Some((entry.used, Arc::clone(&entry.slot).try_lock_owned().ok()?)))
            .filter(|(_, state)| state.kept.is_some())
            .collect();
        waiting.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        for (place, (used, mut state)) in waiting.into_iter().enumerate() {
            let why = if now.duration_since(used) > MAX_IDLE {
                format!("no program used it for {} minutes", MAX_IDLE.as_secs() / 60)
            } else if place >= MAX_LIVE {
                format!("at most {MAX_LIVE} sessions are kept, and others were used since")
            } else {
                continue;
            };
            state.kept = None;
            state.ended = Some(why);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the name that was not used for longest and has no program under way.
fn forget_oldest(entries: &mut HashMap<Key, Entry>) {
    let free = entries.iter().filter(|(_, entry)| Arc::strong_count(&entry.slot) == 1);
    let oldest = free.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
    if let Some(key) = oldest {
        entries.remove(&key);
    }
}

/// Why a session has nothing for the next program, in words that follow "because".
pub(crate) fn why_ended(ending: &Ending) -> String {
    match ending {
        Ending::Deadline => "its last program ran longer than its limit and was killed",
        Ending::Cpu => "its last program used more CPU time than its limit and was killed",
        Ending::Memory => "its last program ran out of memory and was killed",
        Ending::TooManyThreads { .. } => "its last program had too many threads and was killed",
        Ending::Cancelled => "its last program was cancelled",
        Ending::Forbidden => "its last program made a system call that is not permitted and was killed",
        Ending::Failed(_) => "its last program reached a limit that its interpreter did not survive",
        Ending::Result(_) => "its last program left threads behind that did not come to rest",
        _ => "its last program ended with its process",
    }
    .to_owned()
}
