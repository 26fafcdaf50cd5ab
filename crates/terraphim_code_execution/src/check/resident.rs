//! One checker that stays: started when it is first needed, asked about one
//! program at a time, ended when nobody needs it, when it takes too long, or
//! when it has read so much that it is better to begin anew.

use std::{
    future::Future,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{
    report::{Diagnostic, Greeting, Report},
    wire::{Wire, WireError},
};

/// Programs that one process reads before another takes its place: what it
/// keeps of them is its own affair.
const MOST_CHECKS: u32 = 1_000;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// The start, until the language's own library is read.
    pub(super) start: Duration,
    /// One check.
    pub(super) check: Duration,
    /// The checks of others.
    pub(super) turn: Duration,
    /// How long a checker without work stays.
    pub(super) idle: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(10),
            check: Duration::from_secs(2),
            turn: Duration::from_secs(10),
            idle: Duration::from_secs(120),
        }
    }
}

/// Starts checkers.
pub(super) trait Start: Send + Sync + 'static {
    /// What a checker is spoken with; it ends when this is dropped.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    /// Starts one, or says why that is not possible.
    fn start(&self) -> impl Future<Output = Result<Self::Stream, String>> + Send;

    /// The folder, in the checker's own words, that holds its project.
    fn folder(&self) -> &str;
}

/// What a checker is to read.
pub(super) struct Texts<'t> {
    /// What every program finds.
    pub(super) runtime: &'static str,
    /// The modules that this one imports.
    pub(super) modules: &'t str,
    pub(super) program: &'t str,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unchecked {
    #[error("the type checker cannot be started: {0}")]
    Start(String),
    #[error("the type checker is not one that can be used: {0}")]
    Version(String),
    #[error("the types of the program take the checker more than {0:?}")]
    Late(Duration),
    #[error("the type checker has been busy with other programs for {0:?}")]
    Busy(Duration),
    #[error("the type checker failed")]
    Wire(#[from] WireError),
}

/// A checker of a host.
pub(super) struct Resident<T: Start> {
    shared: Arc<Shared<T>>,
    watched: AtomicBool,
}

struct Shared<T: Start> {
    start: T,
    deadlines: Deadlines,
    running: Mutex<Option<Running<T::Stream>>>,
}

/// A checker that has read the language's library.
struct Running<S> {
    wire: Wire<S>,
    folder: String,
    modules: String,
    /// Versions of documents that were told.
    version: u32,
    checks: u32,
    used: Instant,
    said: String,
}

impl<T: Start> Resident<T> {
    pub(super) fn new(start: T, deadlines: Deadlines) -> Self {
        let shared = Shared { start, deadlines, running: Mutex::new(None) };
        Self { shared: Arc::new(shared), watched: AtomicBool::new(false) }
    }

    /// Starts the checker if it is not there; gives its name and version.
    pub(super) async fn warm_up(&self, runtime: &'static str) -> Result<String, Unchecked> {
        let turn = self.shared.deadlines.turn;
        let mut slot = timeout(turn, self.shared.running.lock()).await.map_err(|_| Unchecked::Busy(turn))?;
        if let Some(running) = slot.as_ref() {
            return Ok(running.said.clone());
        }
        let running = slot.insert(self.shared.start(runtime).await?);
        let said = running.said.clone();
        drop(slot);
        self.watch();
        Ok(said)
    }

    /// What is wrong with a program. A checker that had served others and died
    /// is replaced once; whoever drops the future ends the checker that it asked.
    pub(super) async fn check(&self, texts: &Texts<'_>) -> Result<Vec<Diagnostic>, Unchecked> {
        let deadlines = self.shared.deadlines;
        let lock = timeout(deadlines.turn, self.shared.running.lock()).await;
        let mut slot = lock.map_err(|_| Unchecked::Busy(deadlines.turn))?;
        loop {
            // Not in its place while it works: what is left of a future that is dropped is dropped with it.
            let mut running = match slot.take() {
                Some(running) => running,
                None => self.shared.start(texts.runtime).await?,
            };
            let is_new = running.checks == 0;
            match timeout(deadlines.check, running.check(texts)).await {
                Err(_) => return Err(Unchecked::Late(deadlines.check)),
                Ok(Ok(found)) => {
                    if running.checks < MOST_CHECKS {
                        *slot = Some(running);
                        drop(slot);
                        self.watch();
                    }
                    return Ok(found);
                }
                Ok(Err(error)) if is_new => return Err(error.into()),
                Ok(Err(error)) => tracing::warn!(%error, "type checker lost, another one is started"),
            }
        }
    }

    /// Ends a checker that nobody uses, for as long as there is this one.
    fn watch(&self) {
        if self.watched.swap(true, Ordering::AcqRel) {
            return;
        }
        let idle = self.shared.deadlines.idle;
        let shared: Weak<Shared<T>> = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(idle / 4).await;
                let Some(shared) = shared.upgrade() else { return };
                let mut slot = shared.running.lock().await;
                slot.take_if(|running| running.used.elapsed() >= idle);
            }
        });
    }

    /// Whether a checker waits for work.
    #[cfg(test)]
    pub(super) async fn is_running(&self) -> bool {
        self.shared.running.lock().await.is_some()
    }
}

impl<T: Start> Shared<T> {
    async fn start(&self, runtime: &'static str) -> Result<Running<T::Stream>, Unchecked> {
        let limit = self.deadlines.start;
        let begin = async {
            let stream = self.start.start().await.map_err(Unchecked::Start)?;
            Running::begin(stream, self.start.folder(), runtime).await
        };
        let late = |_| Unchecked::Start(format!("it is not ready after {limit:?}"));
        timeout(limit, begin).await.map_err(late)?
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Running<S> {
    /// Greets a checker, and has it read what all programs find.
    async fn begin(stream: S, folder: &str, runtime: &str) -> Result<Self, Unchecked> {
        let mut wire = Wire::new(stream);
        let capabilities = json!({ "textDocument": { "diagnostic": {} } });
        let greeting = json!({ "processId": null, "rootUri": null, "capabilities": capabilities });
        let answer: Greeting = wire.request("initialize", greeting).await?;
        let said = usable(&answer).map_err(Unchecked::Version)?;
        wire.notify("initialized", json!({})).await?;
        let folder = folder.to_owned();
        let (modules, version, checks, used) = (String::new(), 1, 0, Instant::now());
        let mut running = Self { wire, folder, modules, version, checks, used, said };
        for (name, text) in [("runtime.d.ts", runtime), ("modules.d.ts", ""), ("program.ts", "")] {
            let uri = running.uri(name);
            let document = json!({ "uri": uri, "languageId": "typescript", "version": 1, "text": text });
            running.wire.notify("textDocument/didOpen", json!({ "textDocument": document })).await?;
        }
        running.diagnostics("program.ts").await?;
        Ok(running)
    }

    async fn check(&mut self, texts: &Texts<'_>) -> Result<Vec<Diagnostic>, WireError> {
        self.checks += 1;
        if self.modules != texts.modules {
            self.change("modules.d.ts", texts.modules).await?;
            texts.modules.clone_into(&mut self.modules);
        }
        self.change("program.ts", texts.program).await?;
        let found = self.diagnostics("program.ts").await?;
        self.used = Instant::now();
        Ok(found)
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.folder)
    }

    async fn change(&mut self, name: &str, text: &str) -> Result<(), WireError> {
        self.version = self.version.wrapping_add(1);
        let document = json!({ "uri": self.uri(name), "version": self.version });
        let changes = json!([{ "text": text }]);
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.wire.notify("textDocument/didChange", params).await
    }

    async fn diagnostics(&mut self, name: &str) -> Result<Vec<Diagnostic>, WireError> {
        let params = json!({ "textDocument": { "uri": self.uri(name) } });
        let report: Report = self.wire.request("textDocument/diagnostic", params).await?;
        Ok(report.items.0)
    }
}

/// The name and version of a checker that can be used, by its answer to the greeting.
fn usable(answer: &Greeting) -> Result<String, String> {
    let (name, version) = (answer.about.name.as_str(), answer.about.version.as_str());
    let shown = |text: &str| text.chars().filter(|c| !c.is_control()).take(60).collect::<String>();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < super::find::OLDEST) {
        return Err(format!(
            "it calls itself {} {}, and TypeScript {} is the oldest that works",
            shown(name),
            shown(version),
            super::find::OLDEST
        ));
    }
    // The one encoding of positions that every version of the protocol has.
    match answer.capabilities.encoding.as_str() {
        "" | "utf-16" => {}
        other => return Err(format!("it counts positions in {}", shown(other))),
    }
    if answer.capabilities.diagnostics.is_none() {
        return Err("it does not answer what is wrong with a program".to_owned());
    }
    Ok(format!("{} {}", shown(name), shown(version)))
}
