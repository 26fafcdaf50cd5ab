//! Warm processes, lent for one run each.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use terraphim_types::Limits;

use crate::{
    error::SandboxError,
    image::GuestImage,
    places::{ClientId, Place, Places},
    process::RunProcess,
    queue::QueueBounds,
    zygote::{Jail, Zygote},
};

/// Zygotes that a checkout may lose before it gives up.
const MOST_ZYGOTES: usize = 2;

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
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            capacity: 32,
            ready: 8,
            queue_deadline: Duration::from_secs(30),
            queue: QueueBounds::default(),
        }
    }
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
    places: Arc<Places>,
    /// Whose runs those are that nobody is named for.
    nobody: ClientId,
    /// Held only while a zygote is looked up or started, never during a run.
    zygote: tokio::sync::Mutex<Option<Zygote>>,
    ready: Mutex<VecDeque<RunProcess>>,
    refilling: AtomicBool,
}

/// A process that is lent for one run; dropping it kills the process.
pub struct Lease {
    pub(crate) process: RunProcess,
    pub(crate) limits: Limits,
    pub(crate) queued: Duration,
    /// The wall that the process is behind.
    pub jail: Arc<Jail>,
    /// Dropped last: the process is killed before its place is free.
    _place: Place,
}

impl Pool {
    /// A pool that starts nothing until it is used.
    pub fn new(config: PoolConfig) -> Self {
        Self::over(config, None)
    }

    /// A pool of another guest than the one that was built with this crate.
    pub fn with_guest(config: PoolConfig, guest: GuestImage) -> Self {
        Self::over(config, Some(guest))
    }

    fn over(config: PoolConfig, guest: Option<GuestImage>) -> Self {
        let inner = Inner {
            config,
            guest,
            places: Places::new(config.capacity, config.queue),
            nobody: ClientId::new("this client"),
            zygote: tokio::sync::Mutex::new(None),
            ready: Mutex::default(),
            refilling: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts the zygote if it is not running and makes the first processes ready.
    pub async fn warm_up(&self) -> Result<Arc<Jail>, SandboxError> {
        let zygote = self.zygote().await?;
        self.refill(zygote.clone());
        Ok(zygote.jail)
    }

    /// The id of the process that holds the jail, if it is running.
    pub async fn jail_pid(&self) -> Option<u32> {
        self.inner.zygote.lock().await.as_ref().map(|zygote| zygote.pid)
    }

    /// How many places are free.
    pub fn free(&self) -> usize {
        self.inner.places.free()
    }

    /// How many runs wait for a place.
    pub fn waiting(&self) -> usize {
        self.inner.places.waiting()
    }

    /// Lends a process to the pool's one client; see [`Pool::checkout_for`].
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn checkout(&self, limits: Limits) -> Result<Lease, SandboxError> {
        self.checkout_for(&self.inner.nobody, limits, 0).await
    }

    /// Lends a process to a client. Waits for a place until the queue's
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
        limits: Limits,
        waiting_bytes: usize,
    ) -> Result<Lease, SandboxError> {
        let asked = Instant::now();
        let place = self.inner.places.take(client, waiting_bytes, self.inner.config.queue_deadline).await?;
        let queued = asked.elapsed();
        let (process, jail) = self.process(&limits).await?;
        Ok(Lease { process, limits, queued, jail, _place: place })
    }

    /// A process with these limits. A zygote that is lost meanwhile has done
    /// nothing for this run yet, so another one is started.
    async fn process(&self, limits: &Limits) -> Result<(RunProcess, Arc<Jail>), SandboxError> {
        let mut lost = 0;
        loop {
            let zygote = self.zygote().await?;
            let ready = if is_default(limits) { self.take_ready() } else { None };
            let process = match ready {
                Some(process) => Ok(process),
                None => zygote.fork(limits.memory_bytes, limits.cpu.as_secs()).await,
            };
            match process {
                Ok(process) => {
                    self.refill(zygote.clone());
                    return Ok((process, zygote.jail));
                }
                Err(SandboxError::ZygoteGone) if lost + 1 < MOST_ZYGOTES => lost += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn zygote(&self) -> Result<Zygote, SandboxError> {
        let mut slot = self.inner.zygote.lock().await;
        match slot.as_ref() {
            Some(zygote) if zygote.is_alive() => Ok(zygote.clone()),
            _ => {
                self.lock_ready().clear();
                let zygote = Zygote::start(self.inner.guest.clone()).await?;
                *slot = Some(zygote.clone());
                Ok(zygote)
            }
        }
    }

    fn lock_ready(&self) -> std::sync::MutexGuard<'_, VecDeque<RunProcess>> {
        self.inner.ready.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Makes processes ready in the background, many at once when half are gone,
    /// so that most runs have the machine to themselves.
    fn refill(&self, zygote: Zygote) {
        let enough = self.lock_ready().len() > self.inner.config.ready / 2;
        if enough || self.inner.refilling.swap(true, Ordering::AcqRel) {
            return;
        }
        let pool = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            let limits = Limits::default();
            while let Some(inner) = pool.upgrade() {
                let pool = Self { inner };
                if pool.lock_ready().len() >= pool.inner.config.ready {
                    pool.inner.refilling.store(false, Ordering::Release);
                    return;
                }
                match zygote.fork(limits.memory_bytes, limits.cpu.as_secs()).await {
                    Ok(process) => pool.lock_ready().push_back(process),
                    Err(error) => {
                        tracing::debug!(%error, "no process made ready");
                        pool.inner.refilling.store(false, Ordering::Release);
                        return;
                    }
                }
            }
        });
    }
}

/// Whether the limits that are fixed when a process is made are the default ones.
fn is_default(limits: &Limits) -> bool {
    let default = Limits::default();
    limits.memory_bytes == default.memory_bytes && limits.cpu == default.cpu
}
