//! An MCP server in a process of its own: started when it is first needed,
//! once however many ask, again after it has crashed, and with growing delay
//! after it could not be started.

mod call;
mod connection;
mod guard;
mod outbox;
mod parts;
mod process;
mod wire;

#[cfg(fuzzing)]
pub(crate) use wire::Wire;
#[cfg(fuzzing)]
pub use wire::fuzzing::Calls;

use std::{
    ffi::OsString,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Map, Value};
use terraphim_types::{ServerName, ToolDefinition, ToolReply};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

pub(crate) use self::guard::Guard;
pub use self::guard::{GuardCommand, serve_guard};
use self::{connection::Connection, process::Surroundings};
use crate::{
    config::StdioServer,
    definitions::{CacheFile, Definitions},
    gateway::Timeouts,
    provider::{CallContext, CallFuture, ListFuture, Provider, ProviderError},
};

/// From this depth of gateways within gateways on, nothing is started.
const MAX_DEPTH: u32 = 3;

/// What all upstreams of a gateway share.
pub(crate) struct Host {
    pub(crate) base_env: Vec<(OsString, OsString)>,
    pub(crate) depth: u32,
    pub(crate) timeouts: Timeouts,
    pub(crate) guard: Arc<Guard>,
    /// Everything that runs for an upstream; empty once all have ended.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the gateway is shut down or dropped.
    pub(crate) life: CancellationToken,
    /// Counts up when something that the catalogue shows has changed.
    pub(crate) changes: watch::Sender<u64>,
    /// How many servers may be started for the catalogue at once.
    pub(crate) starts: Semaphore,
}

impl Host {
    fn note_change(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// A configured server; cheap until it is used.
pub(crate) struct Upstream {
    shared: Arc<Shared>,
    _end_on_drop: DropGuard,
}

struct Shared {
    name: ServerName,
    server: StdioServer,
    host: Arc<Host>,
    cache: Option<CacheFile>,
    life: CancellationToken,
    state: Mutex<State>,
    known: Mutex<Option<Definitions>>,
    warming: AtomicBool,
}

/// Where the process stands.
enum State {
    Stopped,
    /// Could not be started so many times in a row; not tried again before `until`.
    Failed {
        reason: String,
        times: u32,
        until: Instant,
    },
    Starting(watch::Receiver<Option<Started>>),
    Running(Arc<Connection>),
}

/// A connection to use, or one to wait for.
enum Attempt {
    Running(Arc<Connection>),
    Starting(watch::Receiver<Option<Started>>),
}

type Started = Result<Arc<Connection>, String>;

impl Upstream {
    pub(crate) fn new(
        name: ServerName,
        server: StdioServer,
        host: Arc<Host>,
        cache: Option<CacheFile>,
    ) -> Self {
        let life = host.life.child_token();
        let known = cache.as_ref().and_then(|cache| cache.load(&name));
        let shared = Shared {
            name,
            server,
            host,
            cache,
            life: life.clone(),
            state: Mutex::new(State::Stopped),
            known: Mutex::new(known),
            warming: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), _end_on_drop: life.drop_guard() }
    }

    /// Its definitions: those known, else it is started for them.
    pub(crate) async fn definitions(&self) -> Result<Definitions, ProviderError> {
        self.shared.definitions().await
    }

    /// Its definitions from a running server, started for them if need be.
    pub(crate) async fn live_definitions(&self) -> Result<Definitions, ProviderError> {
        self.shared.connection().await?;
        self.shared.definitions().await
    }

    /// What is known now, and why it could not be started, without waiting for anything.
    pub(crate) fn glimpse(&self) -> (Option<Definitions>, Option<String>) {
        let failure = match &*self.shared.state() {
            State::Failed { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        (self.shared.known(), failure)
    }

    /// Starts getting the definitions in the background where they are not
    /// known, and where a failed start may be tried again.
    pub(crate) fn warm(&self) {
        let shared = &self.shared;
        let retry_later = matches!(&*shared.state(), State::Failed { until, .. } if Instant::now() < *until);
        if shared.known().is_some() || retry_later || shared.warming.swap(true, Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        self.shared.host.tasks.spawn(async move {
            tokio::select! {
                () = shared.life.cancelled() => {}
                () = async {
                    // The semaphore is never closed.
                    let _permit = shared.host.starts.acquire().await;
                    if let Err(error) = shared.definitions().await {
                        tracing::debug!(server = %shared.name, %error, "its tools are not known");
                    }
                } => {}
            }
            shared.warming.store(false, Ordering::SeqCst);
            shared.host.note_change();
        });
    }

    /// Whether the definitions are still being fetched.
    pub(crate) fn is_warming(&self) -> bool {
        self.shared.warming.load(Ordering::SeqCst)
    }

    /// Ends the process and waits until it has ended.
    pub(crate) async fn shutdown(&self) {
        self.shared.life.cancel();
        let state = std::mem::replace(&mut *self.shared.state(), State::Stopped);
        if let State::Running(connection) = state {
            connection.close(self.shared.host.timeouts.stop * 2).await;
        }
    }
}

impl Provider for Upstream {
    fn name(&self) -> &ServerName {
        &self.shared.name
    }

    fn description(&self) -> Option<String> {
        self.shared.known()?.description
    }

    fn list_tools(&self) -> ListFuture<'_> {
        Box::pin(async { Ok(self.definitions().await?.tools) })
    }

    fn call_tool<'a>(
        &'a self,
        tool: &'a str,
        arguments: Map<String, Value>,
        context: CallContext,
    ) -> CallFuture<'a> {
        Box::pin(async move {
            let connection = tokio::select! {
                biased;
                () = context.cancel.cancelled() => return Err(ProviderError::Cancelled),
                connection = self.shared.connection() => connection?,
            };
            let answer: Result<ToolReply, _> =
                connection.call(tool, arguments, self.shared.host.timeouts.call, &context.cancel).await;
            if matches!(answer, Err(ProviderError::Disconnected { .. })) {
                self.shared.forget(&connection);
            }
            answer
        })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> Option<Definitions> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn definitions(self: &Arc<Self>) -> Result<Definitions, ProviderError> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        // A start is not complete without the definitions.
        self.connection().await?;
        self.known().ok_or_else(|| self.not_started("its tools are not known".into()))
    }

    /// The running connection, started if there is none.
    async fn connection(self: &Arc<Self>) -> Result<Arc<Connection>, ProviderError> {
        let mut starting = match self.running_or_starting()? {
            Attempt::Running(connection) => return Ok(connection),
            Attempt::Starting(starting) => starting,
        };
        let started = match starting.wait_for(Option::is_some).await {
            Ok(started) => started.clone(),
            Err(_) => None,
        };
        started
            .unwrap_or_else(|| Err("it is being shut down".into()))
            .map_err(|reason| self.not_started(reason))
    }

    /// Either the running connection or the start to wait for.
    fn running_or_starting(self: &Arc<Self>) -> Result<Attempt, ProviderError> {
        if self.life.is_cancelled() {
            return Err(self.not_started("it is being shut down".into()));
        }
        let mut state = self.state();
        let failures = match &*state {
            State::Running(connection) if connection.is_usable() => {
                return Ok(Attempt::Running(Arc::clone(connection)));
            }
            State::Starting(starting) => return Ok(Attempt::Starting(starting.clone())),
            State::Failed { reason, until, times } => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    let reason = format!("{reason}\n(it is tried again in {} s)", left.as_secs_f32().ceil());
                    return Err(self.not_started(reason));
                }
                *times
            }
            State::Running(_) | State::Stopped => 0,
        };
        let (done, starting) = watch::channel(None);
        *state = State::Starting(starting.clone());
        drop(state);
        self.spawn_start(done, failures);
        Ok(Attempt::Starting(starting))
    }

    /// The start has a task of its own, so that it outlives whoever asked first.
    fn spawn_start(self: &Arc<Self>, done: watch::Sender<Option<Started>>, failures: u32) {
        let shared = Arc::clone(self);
        self.host.tasks.spawn(async move {
            let started = tokio::select! {
                () = shared.life.cancelled() => Err("it is being shut down".to_owned()),
                started = shared.start() => started,
            };
            *shared.state() = match &started {
                _ if shared.life.is_cancelled() => State::Stopped,
                Ok(connection) => State::Running(Arc::clone(connection)),
                Err(reason) => {
                    tracing::warn!(server = %shared.name, reason, "the server did not start");
                    shared.failed(reason, failures)
                }
            };
            done.send_replace(Some(started));
            shared.host.note_change();
        });
    }

    fn failed(&self, reason: &str, failures: u32) -> State {
        let timeouts = &self.host.timeouts;
        let delay = timeouts.first_retry.saturating_mul(1 << failures.min(16)).min(timeouts.last_retry);
        State::Failed { reason: reason.to_owned(), times: failures + 1, until: Instant::now() + delay }
    }

    async fn start(self: &Arc<Self>) -> Started {
        let host = &self.host;
        if host.depth >= MAX_DEPTH {
            return Err(format!(
                "terraphim runs inside terraphim {} times already: remove the loop from the MCP configuration",
                host.depth
            ));
        }
        let surroundings = Surroundings {
            base_env: &host.base_env,
            depth: host.depth,
            grace: host.timeouts.stop,
            tasks: &host.tasks,
            guard: &host.guard,
        };
        let connection =
            Connection::open(&self.name, &self.server, &surroundings, &host.timeouts, &self.life).await?;
        let connection = Arc::new(connection);
        if self.known().is_some() {
            connection.changed.notify_one();
        } else {
            let definitions = connection.list(host.timeouts.list).await.map_err(reason_of)?;
            self.learn(definitions).await;
        }
        self.spawn_refresher(&connection);
        Ok(connection)
    }

    /// Lists the tools anew whenever the server says that they have changed,
    /// and at once where only cached ones are known.
    fn spawn_refresher(self: &Arc<Self>, connection: &Arc<Connection>) {
        let (gone, changed) = (connection.gone(), Arc::clone(&connection.changed));
        let (shared, weak) = (Arc::clone(self), Arc::downgrade(connection));
        let patience = self.host.timeouts.list;
        self.host.tasks.spawn(gone.clone().run_until_cancelled_owned(async move {
            loop {
                changed.notified().await;
                let Some(connection) = weak.upgrade() else { return };
                match connection.list(patience).await {
                    Ok(definitions) => shared.learn(definitions).await,
                    Err(error) => tracing::warn!(%error, "its tools could not be listed again"),
                }
                drop(connection);
                connection::settle().await;
            }
        }));
        let follower = Arc::downgrade(connection);
        self.host.tasks.spawn(gone.run_until_cancelled_owned(async move {
            if let Some(changes) = follower.upgrade().and_then(|connection| connection.changes()) {
                changes.follow().await;
            }
        }));
    }

    /// Takes new definitions over, into the cache too if they differ.
    async fn learn(&self, definitions: Definitions) {
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.as_ref() == Some(&definitions) {
                return;
            }
            *known = Some(definitions.clone());
        }
        self.host.note_change();
        let Some(cache) = self.cache.clone() else { return };
        let stored = tokio::task::spawn_blocking(move || cache.store(&definitions)).await;
        if let Ok(Err(error)) = stored {
            tracing::warn!(server = %self.name, %error, "its definitions could not be cached");
        }
    }

    /// Drops a connection that has ended, so that the next call starts anew.
    fn forget(&self, ended: &Arc<Connection>) {
        let mut state = self.state();
        if matches!(&*state, State::Running(connection) if Arc::ptr_eq(connection, ended)) {
            *state = State::Stopped;
        }
    }

    fn not_started(&self, reason: String) -> ProviderError {
        ProviderError::NotStarted { server: self.name.clone(), reason }
    }
}

/// What is wrong, without the server's name, which the failed start adds.
fn reason_of(error: ProviderError) -> String {
    match error {
        ProviderError::Disconnected { reason, .. } => reason,
        ProviderError::Protocol { tool, message, .. } => {
            format!("it answered `{tool}` with an error: {message}")
        }
        ProviderError::TimedOut { request, seconds, .. } => {
            format!("it did not answer `{request}` within {seconds} s")
        }
        other => other.to_string(),
    }
}

/// The tool of that name.
pub(crate) fn find<'a>(tools: &'a [ToolDefinition], name: &str) -> Option<&'a ToolDefinition> {
    tools.iter().find(|tool| tool.name == name)
}
