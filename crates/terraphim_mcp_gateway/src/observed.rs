//! What calls were seen to answer: a type for each tool whose server declares
//! none, made from the results themselves, and the last errors.
//!
//! Shapes are kept, no values. The list of tools that generators see is made
//! anew only when a shape has widened, at most every [`SPACING`], so that runs
//! share one list; the numbers of observations in it are those of that moment.
//! How much is held is bounded for a tool (`shape`), a server and a gateway (`room`).

mod failures;
mod kept;
mod room;
mod sample;
mod shape;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use terraphim_types::{ObservedResult, ServerName, ToolDefinition};

use self::kept::{KeptFile, Known, KnownTool, Lock, now};
pub(crate) use self::room::Room;

/// How far changed lists of tools are apart.
const SPACING: Duration = Duration::from_millis(200);

/// Most tools of one server that are observed.
const TOOLS: usize = 2_000;

/// How much of one result is looked at, in bytes.
const LOOKED_AT: usize = 256 << 10;

/// A result that costs more than a glance, in bytes.
const LARGE: usize = 4 << 10;

/// Where it is kept what calls were seen to answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Observing {
    /// Nothing is observed.
    #[default]
    Off,
    /// It lasts as long as the gateway.
    InMemory,
    /// In files of this folder, for later gateways and others at the same time.
    InFolder(PathBuf),
}

/// The observed results of one server.
pub(crate) struct Observed {
    server: ServerName,
    file: Option<KeptFile>,
    room: Arc<Room>,
    state: Mutex<State>,
    /// Whether changes are being gathered to be written.
    is_gathering: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Whether what is on disk is in here.
    is_loaded: bool,
    tools: HashMap<String, Record>,
    /// What the tools take in memory.
    bytes: usize,
    dressed: Option<Dressed>,
    /// Whether the list shows less than is known.
    is_stale: bool,
}

#[derive(Default)]
struct Record {
    known: KnownTool,
    /// Observations that the disk does not know.
    added: u64,
    /// Whether shape or failures are not on disk.
    is_unsaved: bool,
    /// Results that went by, looked at or not.
    passed: u64,
    /// What it takes in memory.
    bytes: usize,
}

/// A list of tools with what is known of them.
struct Dressed {
    from: Arc<[ToolDefinition]>,
    tools: Arc<[ToolDefinition]>,
    at: Instant,
}

impl Observed {
    /// `identity` is a digest of what the server is; `None` where nothing is observed. `room` is shared by the
    /// servers of a gateway.
    pub(crate) fn new(
        observing: &Observing,
        server: &ServerName,
        identity: &str,
        room: &Arc<Room>,
    ) -> Option<Arc<Self>> {
        let file = match observing {
            Observing::Off => return None,
            Observing::InMemory => None,
            Observing::InFolder(folder) => Some(KeptFile::new(folder, identity)),
        };
        Some(Arc::new(Self {
            server: server.clone(),
            file,
            room: Arc::clone(room),
            state: Mutex::default(),
            is_gathering: AtomicBool::new(false),
        }))
    }

    /// The tools with what is known of them: the list itself where that is
    /// nothing, and the last one where nothing has changed since.
    pub(crate) fn dress(&self, tools: &Arc<[ToolDefinition]>) -> Arc<[ToolDefinition]> {
        let mut state = self.state();
        if let Some(dressed) = &state.dressed
            && Arc::ptr_eq(&dressed.from, tools)
            && (!state.is_stale || dressed.at.elapsed() < SPACING)
        {
            return Arc::clone(&dressed.tools);
        }
        let is_new = state.dressed.as_ref().is_none_or(|dressed| !Arc::ptr_eq(&dressed.from, tools));
        if is_new {
            state.forget_changed(tools, &self.room);
        }
        let dressed = state.dressed(tools);
        state.is_stale = false;
        state.dressed =
            Some(Dressed { from: Arc::clone(tools), tools: Arc::clone(&dressed), at: Instant::now() });
        dressed
    }

    /// Takes a result in, as a program sees it; whether it is worth to be written soon.
    pub(crate) fn result(&self, tool: &ToolDefinition, json: &str) -> bool {
        if tool.output_schema.is_some() {
            return false;
        }
        let is_due = self.with(tool, |record| {
            record.passed += 1;
            is_due(record.passed, json.len())
        });
        if is_due != Some(true) {
            return false;
        }
        let seen = sample::shape_of(json, LOOKED_AT);
        let mut state = self.state();
        let Some(record) = state.tools.get_mut(&tool.name) else { return false };
        record.added += 1;
        record.known.observations = record.known.observations.saturating_add(1);
        record.known.at = now();
        if !record.known.shape.join(&seen) {
            return false;
        }
        record.known.shape = std::mem::take(&mut record.known.shape).bounded();
        record.is_unsaved = true;
        state.is_stale = true;
        state.weigh(&tool.name, &self.room);
        self.file.is_some()
    }

    /// Takes in what a call failed with; whether it is worth to be written soon.
    pub(crate) fn failure(&self, tool: &ToolDefinition, message: &str) -> bool {
        let message = failures::message(message);
        let is_new = self.with(tool, |record| {
            let is_new = failures::add(&mut record.known.failures, message);
            record.is_unsaved |= is_new;
            record.known.at = now();
            is_new
        });
        let is_new = is_new == Some(true);
        if is_new {
            let mut state = self.state();
            state.is_stale = true;
            state.weigh(&tool.name, &self.room);
        }
        is_new && self.file.is_some()
    }

    /// Whether nobody gathers changes yet; the caller does from now on.
    pub(crate) fn begin_gathering(&self) -> bool {
        !self.is_gathering.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn end_gathering(&self) {
        self.is_gathering.store(false, Ordering::Release);
    }

    /// Writes what the disk does not know, and takes over what others have written.
    pub(crate) fn save(&self) {
        Self::save_all(std::iter::once(self));
    }

    /// The same for the servers of a gateway, whose files are in one folder: its lock is waited for once.
    pub(crate) fn save_all<'o>(servers: impl Iterator<Item = &'o Self>) {
        let mut lock: Option<io::Result<Lock>> = None;
        for server in servers {
            let Some(file) = &server.file else { continue };
            let added = server.state().take_unsaved();
            if added.is_empty() {
                continue;
            }
            match lock.get_or_insert_with(|| file.lock()) {
                Ok(lock) => server.write(file, added, lock),
                Err(error) => server.put_back(&added, error),
            }
        }
    }

    fn write(&self, file: &KeptFile, added: Known, lock: &Lock) {
        let counts = |(name, tool): (&String, &KnownTool)| {
            (name.clone(), KnownTool { observations: tool.observations, ..KnownTool::default() })
        };
        let counted: Known = added.iter().map(counts).collect();
        match file.add(added, lock) {
            Ok(known) => self.state().take_over(known, &self.room),
            Err(error) => self.put_back(&counted, &error),
        }
    }

    /// What could not be written is to be written the next time.
    fn put_back(&self, added: &Known, error: &io::Error) {
        self.complain(error);
        let mut state = self.state();
        for (name, tool) in added {
            if let Some(record) = state.tools.get_mut(name) {
                record.added += tool.observations;
                record.is_unsaved = true;
            }
        }
    }

    fn complain(&self, error: &io::Error) {
        tracing::warn!(server = %self.server, %error, "what its tools answer could not be kept");
    }

    /// Looks at the record of a tool; `None` where there are too many.
    fn with<T>(&self, tool: &ToolDefinition, look: impl FnOnce(&mut Record) -> T) -> Option<T> {
        let mut state = self.state();
        if !state.tools.contains_key(&tool.name) {
            if state.tools.len() >= TOOLS {
                return None;
            }
            let known = KnownTool { definition: digest(tool), ..KnownTool::default() };
            state.tools.insert(tool.name.clone(), Record { known, ..Record::default() });
            state.weigh(&tool.name, &self.room);
        }
        state.tools.get_mut(&tool.name).map(look)
    }

    /// The state, with what is on disk.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.is_loaded {
            state.is_loaded = true;
            if let Some(file) = &self.file {
                state.take_over(file.load(), &self.room);
            }
        }
        state
    }
}

impl State {
    /// Forgets what was observed under other definitions.
    fn forget_changed(&mut self, tools: &[ToolDefinition], room: &Room) {
        if self.tools.is_empty() {
            return;
        }
        let mut now_listed: HashMap<&str, &ToolDefinition> = HashMap::new();
        for tool in tools {
            now_listed.entry(&tool.name).or_insert(tool);
        }
        // A tool that is not listed now may be listed again.
        let is_changed = |(name, record): &(&String, &Record)| {
            now_listed.get(name.as_str()).is_some_and(|tool| digest(tool) != record.known.definition)
        };
        let changed: Vec<String> =
            self.tools.iter().filter(is_changed).map(|(name, _)| name.clone()).collect();
        changed.iter().for_each(|name| self.forget(name, room));
    }

    fn dressed(&self, tools: &Arc<[ToolDefinition]>) -> Arc<[ToolDefinition]> {
        let known = |tool: &ToolDefinition| {
            let record = self.tools.get(&tool.name)?;
            (record.known.observations > 0 || !record.known.failures.is_empty()).then_some(&record.known)
        };
        if !tools.iter().any(|tool| known(tool).is_some()) {
            return Arc::clone(tools);
        }
        let dressed = tools.iter().map(|tool| {
            let mut tool = tool.clone();
            if let Some(known) = known(&tool) {
                let is_typed = known.observations > 0 && tool.output_schema.is_none();
                tool.observed = is_typed.then(|| {
                    let (schema, observations) = (known.shape.schema(), known.observations);
                    Arc::new(ObservedResult { schema, observations })
                });
                tool.failures = known.failures.iter().cloned().collect();
            }
            tool
        });
        dressed.collect()
    }

    /// What the disk does not know, marked as if it did.
    fn take_unsaved(&mut self) -> Known {
        let unsaved = self.tools.iter_mut().filter(|(_, record)| record.is_unsaved || record.added > 0);
        let taken = unsaved.map(|(name, record)| {
            record.is_unsaved = false;
            let observations = std::mem::take(&mut record.added);
            (name.clone(), KnownTool { observations, ..record.known.clone() })
        });
        taken.collect()
    }

    /// Takes over what is on disk, to which all that is known here was added
    /// but for what came since.
    fn take_over(&mut self, known: Known, room: &Room) {
        for (name, theirs) in known {
            let Some(record) = self.tools.get_mut(&name) else {
                if self.tools.len() < TOOLS && self.has_room(&name, &theirs, room) {
                    self.is_stale = true;
                    self.tools.insert(name.clone(), Record { known: theirs, ..Record::default() });
                    self.weigh(&name, room);
                }
                continue;
            };
            if record.known.definition != theirs.definition {
                continue;
            }
            record.known.observations = theirs.observations.saturating_add(record.added);
            let mut is_new = record.known.shape.join(&theirs.shape);
            if is_new {
                record.known.shape = std::mem::take(&mut record.known.shape).bounded();
            }
            for message in theirs.failures.into_iter().rev() {
                is_new |= failures::add(&mut record.known.failures, message);
            }
            if is_new {
                self.is_stale = true;
                self.weigh(&name, room);
            }
        }
    }
}

/// Whether a result is looked at: the first ones, then ever fewer.
fn is_due(passed: u64, bytes: usize) -> bool {
    let (first, rare) = if bytes > LARGE { (8, 64) } else { (64, 16) };
    passed <= first || passed.is_multiple_of(if passed > 2_048 { 8 * rare } else { rare })
}

/// SHA-256 of everything that a server says of a tool.
fn digest(tool: &ToolDefinition) -> String {
    struct Hasher(Sha256);

    impl io::Write for Hasher {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut hasher = Hasher(Sha256::new());
    // A definition always has a text, and the hasher takes all of it.
    let _ = serde_json::to_writer(&mut hasher, tool);
    hex(&hasher.0.finalize())
}

/// The identity of a server of this process.
pub(crate) fn own_identity(server: &ServerName) -> String {
    hex(&Sha256::digest(format!("in process\n{server}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
