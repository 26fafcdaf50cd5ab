//! The main flow of a run.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::rand::GetRandomFlags;
use terraphim_mcp_gateway::Gateway;
use terraphim_sandbox::{ClientId, Ending, Lease, LogLevel, Pool, Program, SandboxError};
use terraphim_types::{Language, Limits, OutputBudget, RunId, SessionName};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

mod checking;
mod ends;

use self::ends::{advise, busy_error, gone_error, keep, restore, trace, unkept_error};
use crate::{
    bridge::{Bridge, InFlight, Record},
    catalogue::{LiveCatalogue, definitions_of},
    check::{CheckerPlaces, TypeChecker},
    outcome::{ErrorKind, Outcome, RunError, RunFacts, sandbox_error},
    prompt::{ComposedPrompt, PromptError, PromptRequest, compose_prompt},
    rust::{Asked, Compiled, Rust},
    sessions::{Begin, Sessions, State, why_ended},
    tokens::{
        CountedCatalogue, FetchText, HelperCommand, RunTexts, TokenCounter, TokenError, TokenReport,
        count_catalogue, count_run,
    },
    workspace::Workspace,
};

/// How long a program waits for those of its session that came before it.
const SESSION_PATIENCE: Duration = Duration::from_secs(30);

/// Time to find or to make a program that is not taken from the run's own.
const UNCOUNTED: Duration = Duration::from_millis(50);

/// How often it is looked for sessions that nobody uses.
const SESSIONS_EVERY: Duration = Duration::from_secs(30);

/// What an executor is made of.
pub struct ExecutorConfig {
    /// The processes that run programs.
    pub pool: Pool,
    /// The servers that programs import.
    pub gateway: Arc<Gateway>,
    /// The workspace of runs without a session.
    pub workspace: PathBuf,
    /// Where the checkpoints of all workspaces are; without it there are none.
    pub checkpoints: Option<PathBuf>,
    /// How the token helper is started.
    pub token_helper: HelperCommand,
    /// The code-mode tools as a model sees them, for the account.
    pub face: String,
    /// Where a type checker is looked for.
    pub checker: CheckerPlaces,
}

/// Runs programs.
#[derive(Clone)]
pub struct Executor {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    /// Whose runs those are that name no client.
    unnamed: ClientId,
    catalogue: LiveCatalogue,
    workspace: PathBuf,
    checkpoints: Option<PathBuf>,
    rust: Option<Rust>,
    in_flight: Arc<InFlight>,
    counter: TokenCounter,
    counted: tokio::sync::Mutex<Option<(u64, Arc<CountedCatalogue>)>>,
    face: String,
    checker: TypeChecker,
    sessions: Sessions,
    /// Whether somebody looks after the sessions.
    watched: AtomicBool,
}

/// One program to run.
#[derive(Debug, Clone)]
pub struct ExecuteRequest {
    /// Names the run.
    pub run_id: RunId,
    /// Whose run it is, for a fair share of the places; without one, that of
    /// all who name none.
    pub client: Option<ClientId>,
    /// Its text.
    pub code: String,
    /// Its language.
    pub language: Language,
    /// What it may use.
    pub limits: Limits,
    /// What of it may come out.
    pub budget: OutputBudget,
    /// What the model looked up before it wrote the program, for the account.
    pub fetches: Vec<FetchText>,
    /// Whether a program that fails leaves its workspace as it was.
    pub rollback_on_failure: bool,
    /// The session whose variables and files it finds.
    pub session: Option<SessionRequest>,
    /// Whether its types are checked before it runs, where that is possible.
    pub check: bool,
}

/// A session as a request names it.
#[derive(Debug, Clone)]
pub struct SessionRequest {
    /// Its name, of the client's own.
    pub name: SessionName,
    /// Whether to begin anew, with the files that are there.
    pub reset: bool,
}

impl ExecuteRequest {
    /// A program with the default limits and a new id.
    pub fn new(code: impl Into<String>, language: Language) -> Self {
        Self {
            run_id: new_run_id(),
            client: None,
            code: code.into(),
            language,
            limits: Limits::default(),
            budget: OutputBudget::default(),
            fetches: Vec::new(),
            rollback_on_failure: false,
            session: None,
            check: false,
        }
    }
}

/// An ended run: what comes out, and what its account needs.
pub struct Execution {
    /// What comes out.
    pub outcome: Outcome,
    texts: RunTexts,
}

impl Executor {
    /// An executor that starts nothing until it is used.
    pub fn new(config: ExecutorConfig) -> Self {
        let shared = Shared {
            rust: Rust::new(&config.pool),
            pool: config.pool,
            unnamed: ClientId::new("this client"),
            catalogue: LiveCatalogue::new(config.gateway),
            workspace: config.workspace,
            checkpoints: config.checkpoints,
            in_flight: Arc::default(),
            counter: TokenCounter::new(config.token_helper),
            counted: tokio::sync::Mutex::new(None),
            face: config.face,
            checker: TypeChecker::new(config.checker),
            sessions: Sessions::default(),
            watched: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The tools that programs may call.
    pub fn catalogue(&self) -> &LiveCatalogue {
        &self.shared.catalogue
    }

    /// The processes that run programs.
    pub fn pool(&self) -> &Pool {
        &self.shared.pool
    }

    /// Starts the token helper in the background.
    pub fn warm_up_counter(&self) {
        self.shared.counter.warm_up();
    }

    /// Runs a program to its end. Whatever goes wrong is in the outcome.
    /// Dropping the future, or cancelling, kills the program's process.
    pub async fn execute(&self, request: ExecuteRequest, cancel: &CancellationToken) -> Execution {
        let run_id = request.run_id.clone();
        let client = request.client.as_ref().unwrap_or(&self.shared.unnamed);
        let span = tracing::info_span!(
            "run",
            id = run_id.as_str(),
            language = %request.language,
            client = client.name(),
            session = request.session.as_ref().map(|session| session.name.as_str()),
        );
        let running = async {
            let ended = match check(&request) {
                Ok(()) => self.run(&request, &run_id, cancel).await,
                Err(error) => Err(error),
            };
            let (outcome, record) = match ended {
                Ok(ended) => ended,
                Err(error) => (Outcome::refused(run_id.clone(), error), Record::default()),
            };
            trace(&outcome);
            (outcome, record)
        };
        let (outcome, record) = running.instrument(span).await;
        let texts = self.texts(request, &outcome, record);
        Execution { outcome, texts }
    }

    async fn run(
        &self,
        request: &ExecuteRequest,
        run_id: &RunId,
        cancel: &CancellationToken,
    ) -> Result<(Outcome, Record), RunError> {
        let (type_check, told) =
            self.check_types(request, cancel).await?.map(|checked| (checked.state, checked.told)).unzip();
        let compiled = self.compile(request, cancel).await?;
        let (compiling, compilers) = compiled.as_ref().map(|made| (made.took, made.cpu)).unwrap_or_default();
        let limits = after_compiling(request.limits, compiling);
        // Whoever waits for a place holds the request and nothing else.
        let (lease, session) = self.lease(request, limits, cancel).await?;
        let (workspace, relative) = self.workspace(request);
        if request.language.has_files() {
            workspace.prepare().map_err(|error| unkept_error(&error))?;
        }
        // Calls that are still under way when the program ends are ended with it.
        let calls = cancel.child_token();
        let _end_calls = calls.clone().drop_guard();
        let bridge = Arc::new(Bridge::new(
            run_id.clone(),
            self.shared.catalogue.clone(),
            workspace.clone(),
            request.language,
            limits,
            calls,
            Arc::clone(&self.shared.in_flight),
        ));
        let (stage, warnings) = compiled.map(|compiled| (compiled.stage, compiled.warnings)).unzip();
        // What is compiled is not read again.
        let source = if stage.is_some() { String::new() } else { request.code.clone() };
        let program = Program { source, language: request.language, folder: relative, stage };
        let log_bytes = request.budget.log_bytes;
        let (mut end, kept) = match session {
            None => (lease.run(program, bridge.clone(), cancel, log_bytes).await, None),
            Some(mut state) => {
                // Known from here on: a run that is dropped leaves this behind.
                state.end("its last program was cancelled".to_owned());
                let (end, kept) = lease.run_keeping(program, bridge.clone(), cancel, log_bytes).await;
                if kept.is_none() {
                    state.end(why_ended(&end.ending));
                }
                (end, kept.map(|kept| (state, kept)))
            }
        };
        for warning in told.into_iter().flatten().chain(warnings.into_iter().flatten()) {
            end.logs.push(LogLevel::Warn, &warning);
        }
        let (tool_calls, waiting_for, mut record) = bridge.finish();
        let unkept = match end.written.take() {
            Some(_) if request.rollback_on_failure && !matches!(end.ending, Ending::Result(_)) => None,
            // Somebody may still write.
            Some(_) if matches!(end.ending, Ending::Lost) => None,
            Some(written) => keep(&workspace, written, &mut end, &mut record).await.err(),
            None => None,
        };
        advise(&mut end, &mut record);
        let restored = record.restore.take();
        if let Some((mut state, kept)) = kept {
            match &restored {
                // What its process sees is no longer what there is.
                Some(name) => state.end(format!("its workspace was put back to `{name}`")),
                None => state.keep(kept),
            }
            drop(state);
            self.shared.sessions.clear();
        }
        end.usage.wall += compiling;
        end.usage.cpu += compilers;
        let unkept = match (unkept, restored) {
            (None, Some(name)) => restore(&workspace, name, &mut record).await.err(),
            (unkept, _) => unkept,
        };
        let facts = RunFacts {
            run_id: run_id.clone(),
            source: &request.code,
            limits: &request.limits,
            budget: request.budget,
            workspace: &workspace,
            tool_calls,
            waiting_for,
            files: std::mem::take(&mut record.files),
        };
        let mut outcome = Outcome::of_run(end, facts);
        outcome.type_check = type_check;
        if let Some(error) = unkept {
            outcome.error.get_or_insert(unkept_error(&error));
        }
        Ok((outcome, record))
    }

    /// The workspace of a request, and where it is in the pool's store.
    fn workspace(&self, request: &ExecuteRequest) -> (Workspace, String) {
        let (folder, relative) = self.folder(request);
        let limits = &request.limits;
        let workspace = Workspace::new(folder, limits.workspace_bytes, limits.workspace_files);
        match &self.shared.checkpoints {
            Some(all) => (workspace.with_checkpoints_in(all, &relative), relative),
            None => (workspace, relative),
        }
    }

    /// The program of a language that is compiled, made or found; none in other languages.
    async fn compile(
        &self,
        request: &ExecuteRequest,
        cancel: &CancellationToken,
    ) -> Result<Option<Compiled>, RunError> {
        if request.language != Language::Rust {
            return Ok(None);
        }
        let no_cache = || sandbox_error(&SandboxError::NoCache);
        let rust = self.shared.rust.as_ref().ok_or_else(no_cache)?;
        let asked = Asked {
            pool: &self.shared.pool,
            gateway: self.shared.catalogue.gateway(),
            client: request.client.as_ref().unwrap_or(&self.shared.unnamed),
            source: &request.code,
            limits: request.limits,
            cancel,
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancelled()),
            compiled = Box::pin(rust.compile(&asked)) => compiled.map(Some),
        }
    }

    /// A process for the run, and what is known of its session; a cancelled run
    /// waits for none.
    async fn lease(
        &self,
        request: &ExecuteRequest,
        limits: Limits,
        cancel: &CancellationToken,
    ) -> Result<(Lease, Option<OwnedMutexGuard<State>>), RunError> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancelled()),
            lease = self.lease_uncancelled(request, limits) => lease,
        }
    }

    async fn lease_uncancelled(
        &self,
        request: &ExecuteRequest,
        limits: Limits,
    ) -> Result<(Lease, Option<OwnedMutexGuard<State>>), RunError> {
        let client = request.client.as_ref().unwrap_or(&self.shared.unnamed);
        let fetched = request.fetches.iter().map(|fetch| fetch.arguments.len() + fetch.answer.len());
        let held = request.code.len() + fetched.sum::<usize>();
        let (pool, language) = (&self.shared.pool, request.language);
        let Some(session) = request.session.as_ref().filter(|_| language.keeps_variables()) else {
            let lease = pool.checkout_for(client, language, limits, held).await;
            return lease.map(|lease| (lease, None)).map_err(|error| sandbox_error(&error));
        };
        self.watch_sessions();
        let slot = self.shared.sessions.slot(client, &session.name, language);
        // Programs of one session follow one another.
        let busy = tokio::time::timeout(SESSION_PATIENCE, slot.lock_owned()).await;
        let mut state = busy.map_err(|_| busy_error(&session.name))?;
        let lease = match state.begin(session.reset) {
            Begin::Gone(why) => return Err(gone_error(&session.name, &why)),
            Begin::New => pool.checkout_session(client, language, limits, held).await,
            Begin::Kept(kept) => match pool.resume(client, *kept, limits, held).await {
                Ok(lease) => Ok(lease),
                Err((error, kept)) => {
                    state.keep(kept);
                    Err(error)
                }
            },
        };
        lease.map(|lease| (lease, Some(state))).map_err(|error| sandbox_error(&error))
    }

    /// The folder of a request's workspace, and where it is in the pool's store.
    fn folder(&self, request: &ExecuteRequest) -> (PathBuf, String) {
        let common = &self.shared.workspace;
        let Some(store) = self.shared.pool.store() else { return (common.clone(), String::new()) };
        match common.strip_prefix(store) {
            // A folder that the user has named is that of all sessions.
            Ok(own) if !own.as_os_str().is_empty() => match &request.session {
                Some(session) => (store.join(session.name.as_str()), session.name.as_str().to_owned()),
                None => (common.clone(), own.to_string_lossy().into_owned()),
            },
            _ => (common.clone(), String::new()),
        }
    }

    /// Ends sessions that nobody uses, for as long as there is this executor.
    fn watch_sessions(&self) {
        if self.shared.watched.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SESSIONS_EVERY).await;
                let Some(shared) = shared.upgrade() else { return };
                shared.sessions.clear();
            }
        });
    }

    fn texts(&self, request: ExecuteRequest, outcome: &Outcome, record: Record) -> RunTexts {
        let outcome_text = match &outcome.error {
            None => outcome.result_json(),
            Some(error) => error.render("program"),
        };
        RunTexts {
            face: self.shared.face.clone(),
            fetches: request.fetches,
            program: request.code,
            outcome: outcome_text + &outcome.logs,
            calls: record.calls,
        }
    }

    /// The prompt that tells a model how to work in code with the connected tools.
    ///
    /// # Errors
    /// See [`compose_prompt`].
    pub async fn prompt(&self, request: &PromptRequest) -> Result<ComposedPrompt, PromptError> {
        let Shared { catalogue, counter, face, .. } = self.shared.as_ref();
        compose_prompt(catalogue, counter, face, request).await
    }

    /// Counts what a run cost and what the same calls would have cost without code.
    ///
    /// # Errors
    /// [`TokenError`] if the helper cannot count; there is no partial account.
    pub async fn account(&self, execution: &mut Execution) -> Result<(), TokenError> {
        let catalogue = self.counted_catalogue().await?;
        let texts = std::mem::take(&mut execution.texts);
        let run = count_run(&self.shared.counter, texts).await?;
        execution.outcome.tokens = Some(TokenReport::new(&run, &catalogue));
        Ok(())
    }

    /// The tokens of every known definition, counted once per catalogue.
    async fn counted_catalogue(&self) -> Result<Arc<CountedCatalogue>, TokenError> {
        let snapshot = self.shared.catalogue.known().await;
        let mut counted = self.shared.counted.lock().await;
        if let Some((version, catalogue)) = counted.as_ref()
            && *version == snapshot.version
        {
            return Ok(Arc::clone(catalogue));
        }
        let definitions = definitions_of(&snapshot);
        let catalogue = Arc::new(count_catalogue(&self.shared.counter, definitions).await?);
        *counted = Some((snapshot.version, Arc::clone(&catalogue)));
        Ok(catalogue)
    }
}

/// What is left of the limits once the program is made.
fn after_compiling(limits: Limits, took: Duration) -> Limits {
    if took <= UNCOUNTED {
        return limits;
    }
    Limits { wall: limits.wall.saturating_sub(took).max(UNCOUNTED), ..limits }
}

fn cancelled() -> RunError {
    RunError::new(ErrorKind::Limit, "the run was cancelled", "")
}

fn check(request: &ExecuteRequest) -> Result<(), RunError> {
    let (length, limit) = (request.code.len(), request.limits.program_bytes);
    if length > limit {
        return Err(RunError::new(
            ErrorKind::Limit,
            format!("the program has {length} bytes, its limit is {limit}"),
            "load data with a tool instead of writing it into the program",
        ));
    }
    Ok(())
}

fn new_run_id() -> RunId {
    let mut bytes = [0; 16];
    // The kernel's source never fails once the machine has booted; an id need not be secret.
    let _ = rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty());
    RunId::from_random(bytes)
}
