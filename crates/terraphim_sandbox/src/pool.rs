//! Warm processes, lent for one run each.

use std::{
    collections::VecDeque,
    ffi::OsString,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use terraphim_types::{Language, Limits};

use crate::{
    error::{SandboxError, start},
    image::GuestImage,
    places::{ClientId, Place, Places},
    process::RunProcess,
    queue::QueueBounds,
    run::{Before, Kept},
    runtime::{Runtime, Toolchain},
    store::Store,
    zygote::{Jail, Zygote},
};

/// Zygotes that a checkout may lose before it gives up.
const MOST_ZYGOTES: usize = 2;

/// Processes of node that are kept ready: each has begun and holds some 40 MiB.
const READY_NODES: usize = 2;

/// CPU time of all programs of a session.
const SESSION_CPU: Duration = Duration::from_secs(24 * 60 * 60);

/// Sizes of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolConfig {
    /// Runs that may be under way at once.
    pub capacity: usize,
    /// Processes kept ready ahead of demand; they have the default limits.
    pub ready: usize,
    /// How long a checkout may wait for a place.
    pub queue_deadline: Duration,
    /// How much may wait for a place.
    pub queue: QueueBounds,
    /// How long a zygote may stay silent while it starts, or owes a process.
    pub patience: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            capacity: 32,
            ready: 8,
            queue_deadline: Duration::from_secs(30),
            queue: QueueBounds::default(),
            patience: PATIENCE,
        }
    }
}

/// How long a zygote may stay silent, where nothing else is asked for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What languages need that run in the machine's own runtimes.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// The folder of the folders of runs: each sees its own below it, as it is,
    /// and what it writes is given back in [`crate::RunEnd`].
    pub store: PathBuf,
    /// Whether the store is there for nothing else. Where the host is root, it
    /// and what is in it is given to the jail's own id; a store that is not
    /// there for this alone has to be empty for that.
    pub is_own: bool,
    /// Where runtimes are looked for, as in `PATH`.
    pub search_path: OsString,
    /// Where compiled programs are kept, outside the store; without it no language
    /// that is compiled can be run.
    pub cache: Option<PathBuf>,
}

/// Processes for runs. Cheap to clone; the last clone ends the zygote.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    config: PoolConfig,
    /// Another guest than the embedded one.
    guest: Option<GuestImage>,
    /// What languages need that run in the machine's own runtimes.
    runtimes: Option<RuntimeConfig>,
    places: Arc<Places>,
    /// Whose runs those are that nobody is named for.
    nobody: ClientId,
    interpreter: Line,
    python: Line,
    bash: Line,
    rust: Line,
    node: Line,
}

/// Device and number of the cache's folder, which a zygote sees also when another
/// one has taken its place; none where the language has no cache.
type SeenCache = Option<(u64, u64)>;

/// The processes of one runtime.
#[derive(Default)]
struct Line {
    /// Held only while a zygote is looked up or started, never during a run.
    zygote: tokio::sync::Mutex<Option<(Zygote, SeenCache)>>,
    /// Where the runtime is, once it was looked for and found.
    runtime: tokio::sync::OnceCell<Runtime>,
    ready: Mutex<VecDeque<RunProcess>>,
    refilling: AtomicBool,
}

impl Line {
    fn lock_ready(&self) -> std::sync::MutexGuard<'_, VecDeque<RunProcess>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process that waits; one that has died meanwhile is left out.
    fn take_ready(&self) -> Option<RunProcess> {
        let mut ready = self.lock_ready();
        while let Some(mut process) = ready.pop_front() {
            if process.is_running() {
                return Some(process);
            }
        }
        None
    }
}

impl Inner {
    /// How many processes of a language are kept ready.
    fn ready(&self, language: Language) -> usize {
        match language {
            Language::Node => self.config.ready.min(READY_NODES),
            _ => self.config.ready,
        }
    }

    fn line(&self, language: Language) -> &Line {
        match language {
            Language::TypeScript | Language::JavaScript => &self.interpreter,
            Language::Python => &self.python,
            Language::Bash => &self.bash,
            Language::Rust => &self.rust,
            Language::Node => &self.node,
        }
    }
}

/// A process that is lent for one run; dropping it kills the process.
pub struct Lease {
    pub(crate) process: RunProcess,
    pub(crate) limits: Limits,
    pub(crate) queued: Duration,
    /// The wall that the process is behind.
    pub jail: Arc<Jail>,
    /// Of a process that has run programs before.
    pub(crate) kept: Option<Before>,
    /// Dropped last: the process is killed before its place is free.
    pub(crate) place: Place,
}

impl Pool {
    /// A pool that starts nothing until it is used.
    pub fn new(config: PoolConfig) -> Self {
        Self::over(config, None, None)
    }

    /// A pool whose processes run a guest other than the one that is built in.
    /// It must speak the protocol of the same version.
    pub fn with_guest(config: PoolConfig, image: GuestImage) -> Self {
        Self::over(config, Some(image), None)
    }

    /// A pool for all languages, those of the machine's own runtimes included.
    pub fn with_runtimes(config: PoolConfig, runtimes: RuntimeConfig) -> Self {
        Self::over(config, None, Some(runtimes))
    }

    fn over(config: PoolConfig, guest: Option<GuestImage>, runtimes: Option<RuntimeConfig>) -> Self {
        let inner = Inner {
            config,
            guest,
            runtimes,
            places: Places::new(config.capacity, config.queue),
            nobody: ClientId::new("this client"),
            interpreter: Line::default(),
            python: Line::default(),
            bash: Line::default(),
            rust: Line::default(),
            node: Line::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts the zygote of a language if it is not running and makes the first processes ready.
    pub async fn warm_up(&self, language: Language) -> Result<Arc<Jail>, SandboxError> {
        let zygote = self.zygote(language).await?;
        self.refill(language, zygote.clone());
        Ok(zygote.jail)
    }

    /// The id of the process that holds the interpreter's jail, if it is running.
    pub async fn jail_pid(&self) -> Option<u32> {
        self.inner.interpreter.zygote.lock().await.as_ref().map(|(zygote, _)| zygote.pid)
    }

    /// The folder in which the folders of runs are, if it was made with one.
    pub fn store(&self) -> Option<&Path> {
        self.inner.runtimes.as_ref().map(|runtimes| runtimes.store.as_path())
    }

    /// The folder of compiled programs, if it was made with one.
    pub fn cache(&self) -> Option<&Path> {
        self.inner.runtimes.as_ref()?.cache.as_deref()
    }

    /// The machine's compiler for Rust.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NoRuntime`] if there is none that can be used.
    pub async fn toolchain(&self) -> Result<&Toolchain, SandboxError> {
        let runtime = self.runtime(Language::Rust).await?;
        let missing = || SandboxError::NoRuntime { language: "Rust", reason: "it is no compiler".into() };
        runtime.toolchain.as_ref().ok_or_else(missing)
    }

    /// Where the runtime of a language is.
    async fn runtime(&self, language: Language) -> Result<&Runtime, SandboxError> {
        let RuntimeConfig { store, search_path, cache, .. } =
            self.inner.runtimes.as_ref().ok_or(SandboxError::NoStore)?;
        let find = async || match language {
            Language::Bash => Runtime::bash(search_path, store).await,
            Language::Rust => {
                let cache = cache.as_ref().ok_or(SandboxError::NoCache)?;
                make_cache(cache).map_err(start("cache"))?;
                Runtime::rust(search_path, store, cache).await
            }
            Language::Node => Runtime::node(search_path, store).await,
            _ => Runtime::python(search_path, store).await,
        };
        self.inner.line(language).runtime.get_or_try_init(find).await
    }

    /// How many places are free.
    pub fn free(&self) -> usize {
        self.inner.places.free()
    }

    /// How many runs wait for a place.
    pub fn waiting(&self) -> usize {
        self.inner.places.waiting()
    }

    /// Lends a process for TypeScript to the pool's one client; see [`Pool::checkout_for`].
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn checkout(&self, limits: Limits) -> Result<Lease, SandboxError> {
        self.checkout_for(&self.inner.nobody, Language::TypeScript, limits, 0).await
    }

    /// Lends a process for a language to a client. Waits for a place until the queue's
    /// deadline; places are given round robin to the clients that wait, and to
    /// one client in the order of its asking. Dropping the future leaves the
    /// queue. `waiting_bytes` is what the caller keeps in memory while it waits.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Full`] if there is no place or too much waits, and the
    /// others if no process can be made; the pool stays usable.
    pub async fn checkout_for(
        &self,
        client: &ClientId,
        language: Language,
        limits: Limits,
        waiting_bytes: usize,
    ) -> Result<Lease, SandboxError> {
        self.lend(client, language, (limits, limits.cpu), waiting_bytes).await
    }

    /// A process that may use so much CPU time in all.
    async fn lend(
        &self,
        client: &ClientId,
        language: Language,
        (limits, cpu): (Limits, Duration),
        waiting_bytes: usize,
    ) -> Result<Lease, SandboxError> {
        let asked = Instant::now();
        let place = self.inner.places.take(client, waiting_bytes, self.inner.config.queue_deadline).await?;
        let queued = asked.elapsed();
        let (process, jail) = self.process(language, &limits, cpu).await?;
        Ok(Lease { process, limits, queued, jail, kept: None, place })
    }

    /// Lends a process whose program may be followed by others: see [`Lease::run_keeping`].
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn checkout_session(
        &self,
        client: &ClientId,
        language: Language,
        limits: Limits,
        waiting_bytes: usize,
    ) -> Result<Lease, SandboxError> {
        // Each program's share is kept by the host.
        self.lend(client, language, (limits, SESSION_CPU), waiting_bytes).await
    }

    /// Lends a process that rests, to go on with `limits` where they can change:
    /// its memory stays what it was.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Full`], with the process.
    pub async fn resume(
        &self,
        client: &ClientId,
        mut kept: Kept,
        limits: Limits,
        waiting_bytes: usize,
    ) -> Result<Lease, (SandboxError, Kept)> {
        let asked = Instant::now();
        match self.inner.places.take(client, waiting_bytes, self.inner.config.queue_deadline).await {
            Ok(place) => {
                kept.limits = Limits { memory_bytes: kept.limits.memory_bytes, ..limits };
                Ok(kept.lease(asked.elapsed(), place))
            }
            Err(full) => Err((full.into(), kept)),
        }
    }

    /// A process with these limits. A zygote that is lost meanwhile has done
    /// nothing for this run yet, so another one is started.
    async fn process(
        &self,
        language: Language,
        limits: &Limits,
        cpu: Duration,
    ) -> Result<(RunProcess, Arc<Jail>), SandboxError> {
        let mut lost = 0;
        loop {
            let zygote = self.zygote(language).await?;
            let line = self.inner.line(language);
            let ready = if is_default(limits, cpu) { line.take_ready() } else { None };
            let process = match ready {
                Some(process) => Ok(process),
                None => zygote.fork(limits.memory_bytes, cpu.as_secs()).await,
            };
            match process {
                Ok(process) => {
                    self.refill(language, zygote.clone());
                    return Ok((process, zygote.jail));
                }
                Err(SandboxError::ZygoteGone) if lost + 1 < MOST_ZYGOTES => lost += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn zygote(&self, language: Language) -> Result<Zygote, SandboxError> {
        let line = self.inner.line(language);
        let mut slot = line.zygote.lock().await;
        match slot.as_ref() {
            Some((zygote, cache)) if zygote.is_alive() && *cache == self.seen_cache(language) => {
                Ok(zygote.clone())
            }
            _ => {
                line.lock_ready().clear();
                let runtime = match language {
                    Language::TypeScript | Language::JavaScript => None,
                    Language::Python | Language::Bash | Language::Rust | Language::Node => {
                        let runtime = self.runtime(language).await?;
                        let runtimes = self.inner.runtimes.as_ref().ok_or(SandboxError::NoStore)?;
                        if let Some(cache) = &runtime.cache {
                            // Somebody may have removed it since the runtime was found.
                            make_cache(cache).map_err(start("cache"))?;
                        }
                        let store = Store::prepare(&runtimes.store, runtimes.is_own);
                        Some((runtime, Some(store.map_err(start("workspace"))?)))
                    }
                };
                let zygote =
                    Zygote::start(self.inner.guest.clone(), runtime, self.inner.config.patience).await?;
                *slot = Some((zygote.clone(), self.seen_cache(language)));
                Ok(zygote)
            }
        }
    }

    fn seen_cache(&self, language: Language) -> SeenCache {
        let cache = self.cache().filter(|_| language == Language::Rust)?;
        cache.metadata().ok().map(|about| (about.dev(), about.ino()))
    }

    /// Makes processes ready in the background, many at once when half are gone,
    /// so that most runs have the machine to themselves.
    fn refill(&self, language: Language, zygote: Zygote) {
        let line = self.inner.line(language);
        let enough = line.lock_ready().len() > self.inner.ready(language) / 2;
        if enough || line.refilling.swap(true, Ordering::AcqRel) {
            return;
        }
        let pool = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            let limits = Limits::default();
            while let Some(inner) = pool.upgrade() {
                let line = inner.line(language);
                if line.lock_ready().len() >= inner.ready(language) {
                    line.refilling.store(false, Ordering::Release);
                    return;
                }
                match zygote.fork(limits.memory_bytes, limits.cpu.as_secs()).await {
                    Ok(process) => line.lock_ready().push_back(process),
                    Err(error) => {
                        tracing::debug!(%error, "no process made ready");
                        line.refilling.store(false, Ordering::Release);
                        return;
                    }
                }
            }
        });
    }
}

/// Makes the folders of compiled programs, which a jail with another id may read.
fn make_cache(cache: &Path) -> std::io::Result<()> {
    for folder in ["lib", "bin"] {
        std::fs::DirBuilder::new().recursive(true).mode(0o755).create(cache.join(folder))?;
    }
    Ok(())
}

/// Whether the limits that are fixed when a process is made are the default ones.
fn is_default(limits: &Limits, cpu: Duration) -> bool {
    let default = Limits::default();
    limits.memory_bytes == default.memory_bytes && cpu == default.cpu
}
