//! One started server: the handshake, the listing of its tools, and calls.

use std::{sync::Arc, time::Duration};

use rmcp::{
    ClientHandler, Peer, RoleClient, ServiceError,
    model::{
        CancelledNotificationParam, ClientCapabilities, ClientConfig, ClientRequest, ErrorCode, ErrorData,
        Implementation, ListToolsRequest, PaginatedRequestParams, ProtocolVersion, RequestId,
        RequestMetaObject, ServerResult, SubscriptionFilter,
    },
    service::{
        ClientLifecycleMode, NotificationContext, PeerRequestOptions, RunningService,
        serve_client_with_lifecycle,
    },
};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use terraphim_types::{JsonText, ServerName, ToolDefinition, ToolReply};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    parts,
    process::{Process, Surroundings},
    wire::{Ledger, Wire},
};
use crate::{
    config::StdioServer,
    definitions::{Definitions, read_tool},
    gateway::Timeouts,
    measure::json_bytes,
    provider::ProviderError,
    wording::cut,
};

/// Most tools of one server; what it lists beyond is left out with a warning.
const MAX_TOOLS: usize = 10_000;

/// Most that one server's definitions may take together as JSON, in bytes.
const MAX_DEFINITION_BYTES: usize = 64 << 20;

/// Most pages of one listing.
const MAX_PAGES: usize = 100;

/// Longest message of a server that is passed on, in characters.
const MAX_MESSAGE: usize = 2_000;

/// Longest description of a server, in characters.
const MAX_DESCRIPTION: usize = 300;

/// How deep a structured result may be nested: as deep as the other side of
/// every bridge can still read.
const MAX_DEPTH: usize = 128;

/// How long the end of a process may take after its connection has ended.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long replies that were written before the end of a process may take to be read.
const LAST_REPLIES: Duration = Duration::from_millis(500);

/// How long telling a server that a call is cancelled may take.
const CANCELLATION: Duration = Duration::from_secs(5);

/// A server that has been started and greeted. Dropping it ends its process.
pub(crate) struct Connection {
    server: ServerName,
    service: RunningService<RoleClient, Listener>,
    process: Process,
    ledger: Arc<Ledger>,
    /// What a server of the newer era wants to be told with every request.
    call_meta: Option<Value>,
    /// Told when the server says that its tools have changed.
    pub(crate) changed: Arc<Notify>,
    gone: CancellationToken,
    _gone_on_drop: DropGuard,
}

/// What the server may tell us without being asked.
struct Listener {
    changed: Arc<Notify>,
}

impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), own_name())
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }
}

fn own_name() -> Implementation {
    Implementation::new("terraphim", env!("CARGO_PKG_VERSION"))
}

/// Version, name and capabilities, which the newer era repeats with every request.
fn call_meta(service: &RunningService<RoleClient, Listener>) -> Option<Value> {
    let version = service.peer_info()?.protocol_version.clone();
    let meta = (!version.has_initialize()).then(|| {
        RequestMetaObject::with_client_context(version, own_name(), ClientCapabilities::default())
    })?;
    serde_json::to_value(meta).ok()
}

impl Connection {
    /// Starts the process and greets it, in whichever era of the protocol it
    /// speaks; `life` is the time for which it may be used.
    ///
    /// # Errors
    /// Why it is not usable, with the end of its standard error.
    pub(crate) async fn open(
        server: &ServerName,
        configured: &StdioServer,
        surroundings: &Surroundings<'_>,
        timeouts: &Timeouts,
        life: &CancellationToken,
    ) -> Result<Self, String> {
        let (process, input, output) = Process::spawn(configured, surroundings)?;
        let (wire, ledger) = Wire::new(output, input, timeouts.discover);
        let changed = Arc::new(Notify::new());
        let lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
        };
        let greeting =
            serve_client_with_lifecycle(Listener { changed: Arc::clone(&changed) }, wire, lifecycle);
        match timeout(timeouts.start, greeting).await {
            Ok(Ok(service)) => {
                let gone = life.child_token();
                Ok(Self {
                    server: server.clone(),
                    call_meta: call_meta(&service),
                    service,
                    process,
                    ledger,
                    changed,
                    _gone_on_drop: gone.clone().drop_guard(),
                    gone,
                })
            }
            Ok(Err(error)) => Err(obituary(&bounded(&error.to_string()), &process, &ledger).await),
            Err(_) => {
                let cause = format!("it did not answer within {} s", timeouts.start.as_secs_f32());
                Err(last_words(&cause, &process, &ledger).await)
            }
        }
    }

    /// Whether a call can still be sent.
    pub(crate) fn is_usable(&self) -> bool {
        !self.service.is_transport_closed() && !self.process.has_ended() && self.ledger.fault().is_none()
    }

    /// Is cancelled when the connection is dropped or `life` is over.
    pub(crate) fn gone(&self) -> CancellationToken {
        self.gone.clone()
    }

    /// Ends the process and waits until it has ended.
    pub(crate) async fn close(&self, within: Duration) {
        self.process.stop();
        self.process.ended(within).await;
    }

    /// Lists the tools, page by page, with what the server says of itself.
    pub(crate) async fn list(&self, patience: Duration) -> Result<Definitions, ProviderError> {
        let tools = match timeout(patience, self.list_pages()).await {
            Ok(tools) => tools?,
            Err(_) => return Err(self.timed_out("tools/list", patience)),
        };
        Ok(Definitions { tools: tools.into(), description: self.description() })
    }

    async fn list_pages(&self) -> Result<Vec<ToolDefinition>, ProviderError> {
        let mut tools: Vec<ToolDefinition> = Vec::new();
        let (mut cursor, mut bytes) = (None, 0);
        for page in 0..MAX_PAGES {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let request = ClientRequest::ListToolsRequest(ListToolsRequest::with_param(params));
            let result = match self.request("tools/list", request).await {
                Err(Unanswered::Refused { code: ErrorCode::METHOD_NOT_FOUND, .. }) if page == 0 => {
                    return Ok(tools);
                }
                Err(why) => return Err(self.error("tools/list", why).await),
                Ok(result) => result,
            };
            let Value::Object(mut result) = result else {
                return Err(self.protocol("tools/list", "the answer is not an object".into()));
            };
            let Some(Value::Array(listed)) = result.remove("tools") else {
                return Err(self.protocol("tools/list", "the answer has no list `tools`".into()));
            };
            for tool in listed.into_iter().filter_map(|tool| read_tool(&self.server, tool)) {
                bytes += json_bytes(&tool);
                if tools.len() == MAX_TOOLS || bytes > MAX_DEFINITION_BYTES {
                    tracing::warn!(server = %self.server, used = tools.len(), "it lists more tools than are used");
                    return Ok(unique(&self.server, tools));
                }
                tools.push(tool);
            }
            cursor = match result.remove("nextCursor") {
                Some(Value::String(next)) if !next.is_empty() => Some(next),
                _ => return Ok(unique(&self.server, tools)),
            };
        }
        tracing::warn!(server = %self.server, "only the first {MAX_PAGES} pages of tools are used");
        Ok(unique(&self.server, tools))
    }

    /// What the server says it is for, cut to a sentence or two.
    fn description(&self) -> Option<String> {
        let info = self.service.peer_info()?;
        let own = info.server_info.as_ref().and_then(|info| info.description.clone());
        let text = own.or_else(|| info.instructions.clone())?;
        let first = text.trim().lines().next().unwrap_or_default().trim_start_matches('#').trim();
        (!first.is_empty()).then(|| cut(first, MAX_DESCRIPTION))
    }

    /// Calls a tool; dropping the future, the time-out and the token all tell
    /// the server that nobody waits any more.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        patience: Duration,
        cancel: &CancellationToken,
    ) -> Result<ToolReply, ProviderError> {
        let answer = tokio::select! {
            biased;
            answer = timeout(patience, self.request_call(tool, arguments)) => answer,
            () = cancel.cancelled() => return Err(ProviderError::Cancelled),
        };
        let result = match answer {
            Ok(Ok(result)) => result,
            Ok(Err(why)) => return Err(self.error(tool, why).await),
            Err(_) => return Err(self.timed_out(tool, patience)),
        };
        read_reply(&result).map_err(|message| self.protocol(tool, message))
    }

    /// Sends a call and waits for its answer.
    async fn request_call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> Result<Box<RawValue>, Unanswered> {
        let call = self.ledger.call(tool, &arguments, self.call_meta.as_ref());
        drop(arguments);
        let mut call = call.ok_or(Unanswered::Closed)?;
        // What left the process group may hold the pipes open after its end.
        let answer = tokio::select! {
            biased;
            answer = call.answer() => answer,
            () = self.process.end() => timeout(LAST_REPLIES, call.answer()).await.ok().flatten(),
        };
        answer.ok_or(Unanswered::Closed)?.map_err(Unanswered::refused)
    }

    /// Sends one request of the library's and waits for its answer.
    async fn request(&self, name: &str, request: ClientRequest) -> Result<Value, Unanswered> {
        let peer = self.service.peer();
        let sent = peer.send_request_with_option(request, PeerRequestOptions::no_options()).await;
        let mut handle = sent.map_err(Unanswered::from)?;
        let mut waiting = Waiting { peer, id: Some(handle.id.clone()) };
        // What left the process group may hold the pipes open after its end.
        let answer = tokio::select! {
            biased;
            answer = &mut handle.rx => answer,
            () = self.process.end() => match timeout(LAST_REPLIES, &mut handle.rx).await {
                Ok(answer) => answer,
                Err(_) => return Err(Unanswered::Closed),
            },
        };
        waiting.id = None;
        match answer {
            Ok(Ok(ServerResult::CustomResult(result))) => Ok(result.0),
            Ok(Ok(_)) => Err(Unanswered::Refused {
                code: ErrorCode::INTERNAL_ERROR,
                message: format!("the answer to `{name}` has another shape"),
            }),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Unanswered::Closed),
        }
    }

    /// For servers that tell of changed tools only where they are asked to.
    pub(crate) fn changes(&self) -> Option<Changes> {
        let info = self.service.peer_info()?;
        let announces = info.capabilities.tools.as_ref()?.list_changed == Some(true);
        (announces && !info.protocol_version.has_initialize()).then(|| Changes {
            server: self.server.clone(),
            peer: self.service.peer().clone(),
            changed: Arc::clone(&self.changed),
        })
    }

    async fn error(&self, request: &str, why: Unanswered) -> ProviderError {
        match why {
            Unanswered::Closed => {
                let reason = obituary("it closed its standard output", &self.process, &self.ledger).await;
                ProviderError::Disconnected { server: self.server.clone(), reason }
            }
            Unanswered::Refused { message, .. } => self.protocol(request, message),
        }
    }

    fn protocol(&self, request: &str, message: String) -> ProviderError {
        ProviderError::Protocol { server: self.server.clone(), tool: request.to_owned(), message }
    }

    fn timed_out(&self, request: &str, patience: Duration) -> ProviderError {
        let seconds = patience.as_secs_f64().ceil() as u64;
        ProviderError::TimedOut { server: self.server.clone(), request: request.to_owned(), seconds }
    }
}

/// A subscription to be made. It does not keep the connection.
pub(crate) struct Changes {
    server: ServerName,
    peer: Peer<RoleClient>,
    changed: Arc<Notify>,
}

impl Changes {
    /// Subscribes and passes announcements on until the subscription ends.
    pub(crate) async fn follow(self) {
        let filter = SubscriptionFilter::builder().tools_list_changed().build();
        match self.peer.listen(filter).await {
            Ok(mut subscription) => {
                while let Ok(Some(_)) = subscription.next().await {
                    self.changed.notify_one();
                }
            }
            Err(error) => {
                tracing::debug!(server = %self.server, %error, "changes of its tools cannot be followed");
            }
        }
    }
}

/// Why a request has no result.
enum Unanswered {
    /// The connection has ended.
    Closed,
    /// The server answered with an error, or with no reply.
    Refused { code: ErrorCode, message: String },
}

impl Unanswered {
    fn refused(error: ErrorData) -> Self {
        let message = format!("{} ({})", bounded(&error.message), error.code.0);
        Self::Refused { code: error.code, message }
    }
}

impl From<ServiceError> for Unanswered {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::TransportClosed | ServiceError::TransportSend(_) => Self::Closed,
            ServiceError::McpError(error) => Self::refused(error),
            other => Self::Refused { code: ErrorCode::INTERNAL_ERROR, message: bounded(&other.to_string()) },
        }
    }
}

/// A request whose answer is awaited. If the wait ends without one, the server is told.
struct Waiting<'a> {
    peer: &'a Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let peer = self.peer.clone();
        runtime.spawn(async move {
            let reason = Some("the caller no longer waits".to_owned());
            let note = CancelledNotificationParam::new(Some(id), reason);
            let _ = timeout(CANCELLATION, peer.notify_cancelled(note)).await;
        });
    }
}

/// Why a connection has ended: its process's own end, or else `complaint`.
async fn obituary(complaint: &str, process: &Process, ledger: &Ledger) -> String {
    // A process that ends by itself is given a moment to, so that its status is known.
    const OWN_END: Duration = Duration::from_millis(300);
    let own_end = process.ended(OWN_END).await;
    last_words(&own_end.unwrap_or_else(|| complaint.to_owned()), process, ledger).await
}

/// Ends what is left of the process and adds what it wrote to the cause. What
/// made this side give the connection up stands before any other cause.
async fn last_words(cause: &str, process: &Process, ledger: &Ledger) -> String {
    process.stop();
    process.ended(FAREWELL).await;
    let cause = ledger.fault().unwrap_or_else(|| cause.to_owned());
    let noise = match ledger.noise() {
        Some(line) if !cause.contains(&line) => {
            format!("; its standard output holds text that is not MCP: `{line}`")
        }
        _ => String::new(),
    };
    format!("{cause}{noise}{}", process.last_words())
}

/// Reads a `tools/call` result; the `Err` says what is wrong with it.
fn read_reply(result: &RawValue) -> Result<ToolReply, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct CallResult<'a> {
        #[serde(default, borrow)]
        result_type: Option<&'a RawValue>,
        #[serde(default, borrow)]
        content: Option<&'a RawValue>,
        #[serde(default)]
        structured_content: Option<JsonText>,
        #[serde(default)]
        is_error: bool,
    }

    let text = result.get();
    if !text.starts_with('{') {
        return Err(format!("the answer is not an object: {}", cut(text, 80)));
    }
    let no_result = |error: serde_json::Error| bounded(&format!("the answer is no tool result: {error}"));
    let result: CallResult<'_> = serde_json::from_str(text).map_err(no_result)?;
    let result_type = result.result_type.and_then(|text| serde_json::from_str::<String>(text.get()).ok());
    match result_type.as_deref() {
        None | Some("complete") => {}
        Some("input_required") => return Err("it asks for input, which is not supported here".into()),
        Some(other) => {
            return Err(format!("it answers with a `{}`, which is not supported here", cut(other, 40)));
        }
    }
    let CallResult { content, structured_content, is_error, .. } = result;
    if structured_content.as_ref().is_some_and(|structured| structured.is_deeper_than(MAX_DEPTH)) {
        return Err(format!("the answer is nested more than {MAX_DEPTH} levels deep"));
    }
    let content = content.map_or("[]", RawValue::get);
    if parts::too_many(content) {
        return Err(format!("the content of the answer is of no use: {}", parts::TOO_MANY));
    }
    let content = serde_json::from_str(content).map_err(no_result)?;
    Ok(ToolReply { content, structured_content, is_error })
}

/// The first of several tools of one name is kept.
fn unique(server: &ServerName, mut tools: Vec<ToolDefinition>) -> Vec<ToolDefinition> {
    let mut seen = std::collections::HashSet::new();
    let listed = tools.len();
    tools.retain(|tool| seen.insert(tool.name.clone()));
    if tools.len() < listed {
        tracing::warn!(%server, repeated = listed - tools.len(), "tools of a name already listed are skipped");
    }
    tools
}

fn bounded(text: &str) -> String {
    cut(text, MAX_MESSAGE)
}

/// Waits between two listings that a server's announcements cause.
pub(crate) async fn settle() {
    const SPACING: Duration = Duration::from_millis(100);
    sleep(SPACING).await;
}
