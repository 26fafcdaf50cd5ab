//! What a client may ask, and who answers it.

use std::{future::pending, sync::Arc, time::Duration};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestMethod,
        CompleteRequestParams, CompleteResult, ConstString, GetPromptRequestMethod, GetPromptRequestParams,
        GetPromptResponse, Implementation, ListPromptsRequestMethod, ListPromptsResult,
        ListResourceTemplatesRequestMethod, ListResourceTemplatesResult, ListResourcesRequestMethod,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
        ProgressToken, ReadResourceRequestMethod, ReadResourceRequestParams, ReadResourceResponse,
        ServerCapabilities, ServerConfig, SubscribeRequestMethod, SubscribeRequestParams, SubscriptionFilter,
        UnsubscribeRequestMethod, UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::{Map, Value};
use terraphim_code_execution::{ExecuteRequest, Executor, LiveCatalogue, SessionRequest, tokens::FetchText};
use terraphim_mcp_codegen::nearest;
use terraphim_types::Limits;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{
    answer,
    arguments::{ArgumentError, Arguments, did_you_mean, quoted},
    config::{Expose, FaceConfig},
    definitions::{CODE_TOOLS, EXECUTE_CODE, GET_TOOL_DOCS, SEARCH_TOOLS, WAIT, code_tools},
    discovery,
    fetches::Fetches,
    first_party,
    instructions::instructions,
    prompts,
    resources::Documents,
    runs::{Run, Runs, Waited},
};

/// Between two progress notifications.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How long a program may run and a client may wait, in milliseconds.
const MAX_MS: u64 = 600_000;

/// The face that one client sees.
pub(crate) struct Face {
    executor: Executor,
    catalogue: LiveCatalogue,
    runs: Arc<Runs>,
    fetches: Fetches,
    soft_limit: Duration,
    expose: Expose,
    /// None where no first-party tools are shown.
    documents: Option<Documents>,
    info: ServerConfig,
}

type Context = RequestContext<RoleServer>;

impl Face {
    /// A face whose runs end with `life`, and which tells of no change once it is `quiet`.
    pub(crate) fn new(config: FaceConfig, life: CancellationToken, quiet: CancellationToken) -> Self {
        let FaceConfig { executor, soft_limit, expose, resources, .. } = config;
        let catalogue = executor.catalogue().clone();
        let identity = Implementation::new("terraphim", env!("CARGO_PKG_VERSION")).with_title("Terraphim");
        let documents = resources.filter(|_| expose.shows_tools());
        let documents = documents.map(|source| Documents::new(source, quiet));
        let capabilities = capabilities(expose, documents.is_some());
        let info = ServerConfig::new(capabilities)
            .with_server_info(identity)
            .with_instructions(instructions(catalogue.gateway(), expose));
        let runs = Arc::new(Runs::new(executor.clone(), life));
        Self { executor, catalogue, runs, fetches: Fetches::default(), soft_limit, expose, documents, info }
    }

    /// The runs of this client.
    pub(crate) fn runs(&self) -> Arc<Runs> {
        Arc::clone(&self.runs)
    }

    async fn answer(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: &Context,
    ) -> Result<CallToolResult, ErrorData> {
        let is_code = self.expose.shows_code() && CODE_TOOLS.contains(&name);
        if !is_code {
            return self.pass_on(name, arguments, context).await;
        }
        let answered = match name {
            EXECUTE_CODE => self.execute_code(arguments, context).await,
            SEARCH_TOOLS => self.search_tools(arguments).await,
            GET_TOOL_DOCS => self.get_tool_docs(arguments).await,
            _ => self.wait(arguments, context).await,
        };
        Ok(answered.unwrap_or_else(|error| answer::refused(error.to_string())))
    }

    /// Runs a program. Dropping this future kills the run, unless it was
    /// answered that the run goes on.
    async fn execute_code(
        &self,
        arguments: Map<String, Value>,
        context: &Context,
    ) -> Result<CallToolResult, ArgumentError> {
        let _open = self.runs.open_call();
        let mut request = execute_request(arguments)?;
        request.fetches = self.fetches.take();
        let run = match self.runs.start(request) {
            Ok(run) => run,
            Err(refused) => return Ok(answer::refused(refused.to_string())),
        };
        let kill = run.cancel.clone().drop_guard();
        let answer = self.follow(&run, self.soft_limit, context).await;
        kill.disarm();
        Ok(answer)
    }

    /// Waits for a run; dropping this future ends the waiting, not the run.
    async fn wait(
        &self,
        arguments: Map<String, Value>,
        context: &Context,
    ) -> Result<CallToolResult, ArgumentError> {
        let _open = self.runs.open_call();
        let mut arguments = Arguments::new(WAIT, &["run_id", "timeout_ms"], arguments)?;
        let id = arguments.required_text("run_id", "as execute_code gave it")?;
        let patience = arguments.integer("timeout_ms", 0..=MAX_MS)?.map(Duration::from_millis);
        let Some(run) = self.runs.find(id.trim()) else {
            return Ok(answer::refused(format!(
                "there is no run `{}`: it was not started on this connection, was cancelled, or ended more than 10 minutes ago",
                quoted(&id)
            )));
        };
        Ok(self.follow(&run, patience.unwrap_or(self.soft_limit), context).await)
    }

    /// Waits for a run, telling of its progress.
    async fn follow(&self, run: &Run, patience: Duration, context: &Context) -> CallToolResult {
        let token = context.meta.get_progress_token();
        if let Some(token) = &token {
            // Awaited, so that it cannot come after the answer to a short run.
            notify(run, token, context).await;
        }
        let waited = tokio::select! {
            biased;
            waited = run.wait(patience) => waited,
            () = report_progress(run, token, context) => Waited::Running,
        };
        match waited {
            Waited::Ended(ended) => {
                self.runs.note_answered(run);
                answer::ended(&ended)
            }
            Waited::Running => answer::running(run),
            Waited::Killed if self.runs.is_ending() => answer::refused(format!(
                "the run {} was ended, because terraphim is ending: connect again, then send the program again",
                run.id
            )),
            Waited::Killed => answer::refused(format!("the run {} was cancelled", run.id)),
        }
    }

    async fn search_tools(&self, arguments: Map<String, Value>) -> Result<CallToolResult, ArgumentError> {
        let written = Value::Object(arguments.clone()).to_string();
        let (query, shown) = discovery::query(arguments)?;
        let (answer, text) = discovery::search(&self.catalogue, &query, shown).await;
        self.fetches.push(FetchText { arguments: written, answer: text });
        Ok(answer)
    }

    async fn get_tool_docs(&self, arguments: Map<String, Value>) -> Result<CallToolResult, ArgumentError> {
        let written = Value::Object(arguments.clone()).to_string();
        let query = discovery::names(arguments)?;
        let (answer, text) = discovery::docs(&self.catalogue, &query).await;
        self.fetches.push(FetchText { arguments: written, answer: text });
        Ok(answer)
    }

    /// Calls a tool of the first-party server, if it is shown and has it.
    async fn pass_on(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: &Context,
    ) -> Result<CallToolResult, ErrorData> {
        let shown = self.definitions().await?;
        if !shown.iter().any(|tool| tool.name == name) {
            return Err(unknown_tool(name, shown.iter().map(|tool| tool.name.as_str()), self.expose));
        }
        let called = first_party::call(self.catalogue.gateway(), name, arguments, context.ct.child_token());
        Ok(called.await.unwrap_or_else(|error| answer::refused(error.to_string())))
    }

    fn documents<M: ConstString>(&self) -> Result<&Documents, ErrorData> {
        self.documents.as_ref().ok_or_else(ErrorData::method_not_found::<M>)
    }

    /// Whatever composes prompts, where they are shown.
    fn prompts<M: ConstString>(&self) -> Result<&Executor, ErrorData> {
        Some(&self.executor).filter(|_| self.expose.shows_code()).ok_or_else(ErrorData::method_not_found::<M>)
    }

    /// Everything that is shown; a code-mode tool hides a first-party one of its name.
    async fn definitions(&self) -> Result<Vec<terraphim_types::ToolDefinition>, ErrorData> {
        let mut shown = Vec::new();
        if self.expose.shows_code() {
            shown.extend(code_tools());
        }
        if self.expose.shows_tools() {
            let own = first_party::definitions(self.catalogue.gateway()).await;
            let own = own.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
            let hidden = self.expose.shows_code();
            shown.extend(own.into_iter().filter(|tool| !hidden || !CODE_TOOLS.contains(&tool.name.as_str())));
        }
        Ok(shown)
    }
}

/// What the face can do: prompts tell of code mode, and are shown with its tools.
fn capabilities(expose: Expose, has_documents: bool) -> ServerCapabilities {
    let mut capabilities = ServerCapabilities::builder().enable_tools().build();
    if has_documents {
        let documents = ServerCapabilities::builder()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .build();
        capabilities.resources = documents.resources;
    }
    if expose.shows_code() {
        capabilities.prompts = ServerCapabilities::builder().enable_prompts().build().prompts;
    }
    if has_documents || expose.shows_code() {
        capabilities.completions = ServerCapabilities::builder().enable_completions().build().completions;
    }
    capabilities
}

fn unknown_tool<'n>(name: &str, shown: impl Iterator<Item = &'n str>, expose: Expose) -> ErrorData {
    let near = did_you_mean(&nearest(name, shown));
    let hint = if expose.shows_code() && name.contains('.') {
        "; tools of connected servers are called in a program of execute_code"
    } else {
        ""
    };
    ErrorData::invalid_params(format!("there is no tool `{}`{near}{hint}", quoted(name)), None)
}

/// Reads the arguments of `execute_code`.
fn execute_request(arguments: Map<String, Value>) -> Result<ExecuteRequest, ArgumentError> {
    let known = &["code", "language", "session_id", "reset_session", "timeout_ms", "memory_mb", "check"];
    let mut arguments = Arguments::new(EXECUTE_CODE, known, arguments)?;
    let code = arguments.required_text("code", "the text of the program")?;
    let language = arguments.choice("language", discovery::LANGUAGES)?.unwrap_or_default();
    let mut limits = Limits::default();
    if let Some(milliseconds) = arguments.integer("timeout_ms", 100..=MAX_MS)? {
        limits.wall = Duration::from_millis(milliseconds);
        // A program that was given more time may also compute for longer.
        limits.cpu = limits.cpu.max(limits.wall);
    }
    if let Some(megabytes) = arguments.integer("memory_mb", 16..=1024)? {
        limits.memory_bytes = megabytes << 20;
    }
    let reset = arguments.flag("reset_session")?.unwrap_or_default();
    let session = arguments.parsed("session_id")?.map(|name| SessionRequest { name, reset });
    let check = arguments.flag("check")?.unwrap_or_default();
    Ok(ExecuteRequest { limits, session, check, ..ExecuteRequest::new(code, language) })
}

/// Notifies every second, if the client asked for it; never ends.
async fn report_progress(run: &Run, token: Option<ProgressToken>, context: &Context) {
    let Some(token) = token else { return pending().await };
    let mut ticks = interval_at(Instant::now() + PROGRESS_EVERY, PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        notify(run, &token, context).await;
    }
}

async fn notify(run: &Run, token: &ProgressToken, context: &Context) {
    let elapsed = run.began.elapsed();
    let message = format!("running for {} s", elapsed.as_secs());
    let progress = ProgressNotificationParam::new(token.clone(), elapsed.as_secs_f64()).with_message(message);
    if let Err(error) = context.peer.notify_progress(progress).await {
        // A client that is gone ends the run by other ways.
        tracing::debug!(%error, "progress was not notified");
    }
}

impl ServerHandler for Face {
    fn get_info(&self) -> ServerConfig {
        self.info.clone()
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        let definitions = self.definitions().await?;
        Ok(ListToolsResult::with_all_items(definitions.iter().filter_map(first_party::tool).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        tokio::select! {
            biased;
            () = context.ct.cancelled() => Err(ErrorData::internal_error("the call was cancelled", None)),
            answered = self.answer(&request.name, arguments, &context) => answered.map(Into::into),
        }
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        self.documents::<ListResourcesRequestMethod>()?.list(cursor.as_deref()).await
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(self.documents::<ListResourceTemplatesRequestMethod>()?.templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let documents = self.documents::<ReadResourceRequestMethod>()?;
        documents.read(&request.uri).await.map(Into::into)
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.prompts::<ListPromptsRequestMethod>().map(|_| prompts::list())
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let executor = self.prompts::<GetPromptRequestMethod>()?;
        tokio::select! {
            biased;
            () = context.ct.cancelled() => Err(ErrorData::internal_error("the request was cancelled", None)),
            composed = prompts::get(executor, request) => composed.map(Into::into),
        }
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _context: Context,
    ) -> Result<CompleteResult, ErrorData> {
        if let Some(name) = request.r#ref.as_prompt_name().filter(|_| self.expose.shows_code()) {
            return prompts::complete(name, &request.argument);
        }
        self.documents::<CompleteRequestMethod>()?.complete(request).await
    }

    async fn subscribe(&self, request: SubscribeRequestParams, context: Context) -> Result<(), ErrorData> {
        self.documents::<SubscribeRequestMethod>()?.watch(&request.uri, &context.peer).await
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: Context,
    ) -> Result<(), ErrorData> {
        self.documents::<UnsubscribeRequestMethod>()?.unwatch(&request.uri)
    }

    /// A client of the older era is told of changed lists without asking for it.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        if let Some(documents) = &self.documents {
            documents.tell(&context.peer);
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.documents.as_ref().map(|documents| documents.accepted(requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        match &self.documents {
            Some(documents) => documents.listen(&context).await,
            None => Ok(()),
        }
    }
}
