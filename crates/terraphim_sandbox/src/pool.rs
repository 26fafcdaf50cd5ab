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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::SandboxError,
    process::RunProcess,
    zygote::{Jail, Zygote},
};

/// Sizes of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolConfig {
    /// Runs that may be under way at once.
    pub capacity: usize,
    /// Processes kept ready ahead of demand; they have the default limits.
    pub ready: usize,
    /// How long a checkout may wait for a place.
    pub queue_deadline: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self { capacity: 32, ready: 8, queue_deadline: Duration::from_secs(30) }
    }
}

/// Processes for runs. Cheap to clone; the last clone ends the zygote.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    config: PoolConfig,
    places: Arc<Semaphore>,
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
    _place: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool that starts nothing until it is used.
    pub fn new(config: PoolConfig) -> Self {
        let places = Arc::new(Semaphore::new(config.capacity));
        let inner = Inner {
            config,
            places,
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

    /// Lends a process. Waits for a place until the queue's deadline.
    pub async fn checkout(&self, limits: Limits) -> Result<Lease, SandboxError> {
        let asked = Instant::now();
        let place = Arc::clone(&self.inner.places).acquire_owned();
        let place = match tokio::time::timeout(self.inner.config.queue_deadline, place).await {
            Ok(Ok(place)) => place,
            _ => {
                let waited_ms = asked.elapsed().as_millis();
                return Err(SandboxError::Full { capacity: self.inner.config.capacity, waited_ms });
            }
        };
        let queued = asked.elapsed();
        let zygote = self.zygote().await?;
        let ready = if is_default(&limits) { self.take_ready() } else { None };
        let process = match ready {
            Some(process) => process,
            None => zygote.fork(limits.memory_bytes, limits.cpu.as_secs()).await?,
        };
        self.refill(zygote.clone());
        Ok(Lease { process, limits, queued, jail: zygote.jail, _place: place })
    }

    async fn zygote(&self) -> Result<Zygote, SandboxError> {
        let mut slot = self.inner.zygote.lock().await;
        match slot.as_ref() {
            Some(zygote) if zygote.is_alive() => Ok(zygote.clone()),
            _ => {
                self.lock_ready().clear();
                let zygote = Zygote::start().await?;
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
            if matches!(process.exit.try_recv(), Err(tokio::sync::oneshot::error::TryRecvError::Empty)) {
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
