//! The bridge: answers the calls of one run from the gateway, the catalogue
//! and the workspace. What comes from the guest is decoded with care and
//! checked against the limits; what goes back is a value or an error as JSON.

mod arguments;
mod lookups;
mod results;
mod rounded;
mod storage;

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use terraphim_mcp_gateway::{CallContext, GatewayError, ProviderError};
use terraphim_sandbox::{Call, HostCalls, HostReply};
use terraphim_types::{Language, Limits, RunId, ToolName, ToolReply};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::{
    arguments::{ToolCall, named},
    results::{Checks, Taken},
};
use crate::{
    advice,
    catalogue::LiveCatalogue,
    media,
    modules::{self, ImportError, ImportRequest},
    outcome::{SavedFile, with_causes},
    tokens::{CallLog, CallText, Excerpt},
    workspace::{Workspace, WorkspaceError},
};

/// Longest message that goes back into a program, in bytes.
const MESSAGE_BYTES: usize = 8 << 10;

/// What the replies in flight may hold in the whole host, in KiB, and the
/// arguments of calls under way as much again.
pub(crate) const IN_FLIGHT_KIB: u32 = 128 << 10;

/// What the arguments of the calls under way may hold in one run, in KiB.
const ARGUMENTS_KIB: u32 = 16 << 10;

/// JSON that is read and written elsewhere than on the threads that move bytes, in bytes.
const LONG_JSON: usize = 128 << 10;

/// What all runs of a host share, in KiB.
pub(crate) struct InFlight {
    pub(crate) replies: Arc<Semaphore>,
    pub(crate) arguments: Semaphore,
}

impl Default for InFlight {
    fn default() -> Self {
        let all = IN_FLIGHT_KIB as usize;
        Self { replies: Arc::new(Semaphore::new(all)), arguments: Semaphore::new(all) }
    }
}

/// One run's bridge.
pub(crate) struct Bridge {
    pub(crate) run_id: RunId,
    pub(crate) catalogue: LiveCatalogue,
    pub(crate) workspace: Workspace,
    pub(crate) language: Language,
    pub(crate) limits: Limits,
    pub(crate) cancel: CancellationToken,
    pub(crate) in_flight: Arc<InFlight>,
    /// Share of this run in what arguments may hold, in KiB.
    arguments: Semaphore,
    began: Instant,
    tool_calls: AtomicU32,
    replied_bytes: AtomicU64,
    /// Media that were given a number.
    media: AtomicU64,
    record: Mutex<Record>,
}

/// What a run left behind, for its outcome and its account.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) calls: CallLog,
    pub(crate) files: Vec<SavedFile>,
    /// What was seen of the program before it ran: the line, and what to write.
    pub(crate) advice: Vec<(u32, String)>,
    /// How the results of tools met what their servers declare.
    pub(crate) checks: Checks,
    /// The checkpoint that the workspace is to be when the program has ended.
    pub(crate) restore: Option<String>,
    /// Calls that have begun and not ended, by number, with their names and begin.
    under_way: BTreeMap<u64, (String, Duration)>,
    begun: u64,
}

impl Record {
    fn begin(&mut self, name: String, now: Duration) -> u64 {
        self.begun += 1;
        self.under_way.insert(self.begun, (name, now));
        self.begun
    }

    /// What had not ended at `now`, the longest first, at most five.
    pub(crate) fn waiting_for(&self, now: Duration) -> Vec<String> {
        let waiting = self.under_way.values().take(5);
        waiting
            .map(|(name, began)| format!("{name} ({:.1} s)", now.saturating_sub(*began).as_secs_f64()))
            .collect()
    }
}

/// Why a call fails, as the program sees it.
#[derive(Debug, Serialize)]
struct CallError {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    hint: String,
}

impl CallError {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        let mut message = message.into();
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES));
        Self { kind, server: None, tool: None, message, hint: String::new() }
    }

    fn with_hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }

    fn at(mut self, name: &ToolName) -> Self {
        self.server = Some(name.server().to_string());
        self.tool = Some(name.tool().to_owned());
        self
    }

    fn of_import(error: ImportError) -> Self {
        // The guest marks the import that the tool's name stands for.
        Self { tool: Some(error.name), ..Self::new("unknown", error.message) }.with_hint(&error.hint)
    }

    fn of_gateway(error: &GatewayError) -> Self {
        let kind = match error {
            GatewayError::Denied { .. } => "denied",
            GatewayError::UnknownServer { .. } | GatewayError::UnknownTool { .. } => "unknown",
            GatewayError::Provider(ProviderError::InvalidArguments { .. }) => "arguments",
            _ => "tool",
        };
        Self::new(kind, with_causes(error))
    }
}

impl From<WorkspaceError> for CallError {
    fn from(error: WorkspaceError) -> Self {
        let kind = if matches!(error, WorkspaceError::Full { .. }) { "limit" } else { "tool" };
        Self::new(kind, with_causes(&error))
    }
}

impl HostCalls for Bridge {
    fn call(&self, call: Call) -> Pin<Box<dyn Future<Output = HostReply> + Send + '_>> {
        Box::pin(async move {
            match self.answer(call).await {
                Ok(payload) => self.admit(payload).await,
                Err(error) => refusal(&error),
            }
        })
    }
}

fn refusal(error: &impl Serialize) -> HostReply {
    // A struct of texts always serialises.
    HostReply { ok: false, payload: serde_json::to_vec(error).unwrap_or_default(), hold: None }
}

impl Bridge {
    pub(crate) fn new(
        run_id: RunId,
        catalogue: LiveCatalogue,
        workspace: Workspace,
        language: Language,
        limits: Limits,
        cancel: CancellationToken,
        in_flight: Arc<InFlight>,
    ) -> Self {
        Self {
            run_id,
            catalogue,
            workspace,
            language,
            limits,
            cancel,
            in_flight,
            arguments: Semaphore::new(ARGUMENTS_KIB as usize),
            began: Instant::now(),
            tool_calls: AtomicU32::new(0),
            replied_bytes: AtomicU64::new(0),
            media: AtomicU64::new(0),
            record: Mutex::default(),
        }
    }

    /// Tool calls made, those that had not ended, and what the others left.
    pub(crate) fn finish(&self) -> (u32, Vec<String>, Record) {
        let calls = self.tool_calls.load(Ordering::Acquire).min(self.limits.tool_calls);
        let now = self.began.elapsed();
        let record = std::mem::take(&mut *self.record());
        (calls, record.waiting_for(now), record)
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a reply against the budgets of the run and of the host.
    async fn admit(&self, payload: Vec<u8>) -> HostReply {
        let bytes = payload.len() as u64;
        let total = self.replied_bytes.fetch_add(bytes, Ordering::AcqRel).saturating_add(bytes);
        let over = if payload.len() > self.limits.reply_bytes {
            Some(format!(
                "the reply has {} MiB, its limit is {} MiB",
                bytes >> 20,
                self.limits.reply_bytes >> 20
            ))
        } else if total > self.limits.replies_bytes {
            Some(format!("the replies of this run have more than {} MiB", self.limits.replies_bytes >> 20))
        } else {
            None
        };
        if let Some(message) = over {
            return refusal(&CallError::new("limit", message).with_hint("ask the tool for less"));
        }
        let share = kib(payload.len(), IN_FLIGHT_KIB);
        match Arc::clone(&self.in_flight.replies).acquire_many_owned(share).await {
            Ok(share) => HostReply { ok: true, payload, hold: Some(Box::new(share)) },
            Err(_) => refusal(&CallError::new("tool", "the host is shutting down")),
        }
    }

    async fn answer(&self, call: Call) -> Result<Vec<u8>, CallError> {
        // Held until the call ends, so that the calls of a run, and those of all
        // runs, hold a bounded amount together.
        let share = kib(call.payload.len(), ARGUMENTS_KIB);
        let _of_run = self.arguments.acquire_many(share).await;
        let _of_host = self.in_flight.arguments.acquire_many(share).await;
        if call.name == "tool" {
            return self.tool(decode(call.payload).await?).await;
        }
        // The others are rare, and would make every call's future larger.
        Box::pin(self.other(call)).await
    }

    async fn other(&self, call: Call) -> Result<Vec<u8>, CallError> {
        let payload = call.payload;
        match call.name.as_str() {
            "import" => {
                let request: ImportRequest = decode(payload).await?;
                let wait = self.limits.wall * 2 / 3;
                match modules::resolve(self.catalogue.gateway(), &request, wait).await {
                    Ok(reply) => {
                        let advice =
                            advice::of_calls(self.catalogue.gateway(), &request.calls, self.language).await;
                        self.record().advice.extend(advice);
                        encode(&reply)
                    }
                    Err(error) => Err(CallError::of_import(error)),
                }
            }
            "misgiven" => Err(self.misgiven(decode(payload).await?).await),
            "search_tools" => self.search(decode(payload).await?).await,
            "tool_docs" => self.docs(decode(payload).await?).await,
            name if name.starts_with("workspace.") => self.storage(name, payload, call.written).await,
            _ => Err(CallError::new("unknown", "the host has no such function")),
        }
    }

    async fn tool(&self, call: ToolCall) -> Result<Vec<u8>, CallError> {
        if self.tool_calls.fetch_add(1, Ordering::AcqRel) >= self.limits.tool_calls {
            let message = format!("the program has used all of its {} tool calls", self.limits.tool_calls);
            return Err(CallError::new("limit", message).with_hint("ask for more in one call"));
        }
        let name = named(&call.server, &call.tool)?;
        let whole = call.raw;
        let (arguments, arguments_text) = self.arguments(&name, call).await?;
        let started = self.began.elapsed();
        let number = self.record().begin(name.to_string(), started);
        let context = CallContext { cancel: self.cancel.child_token() };
        let gateway = self.catalogue.gateway();
        let replied = gateway.call(&name, arguments, context).await;
        self.record().under_way.remove(&number);
        let mut reply = match replied {
            Ok(reply) => reply,
            Err(error) => {
                let error = CallError::of_gateway(&error).at(&name);
                return Err(Box::pin(self.with_keywords(error, &name)).await);
            }
        };
        let ended = self.began.elapsed();
        let long = is_long(&reply);
        let read = if long {
            let (given_back, read) = blocking(move || {
                let read = as_read_by_a_model(&reply);
                (reply, read)
            })
            .await?;
            reply = given_back;
            read
        } else {
            as_read_by_a_model(&reply)
        };
        self.record().calls.push(CallText {
            tool: name.clone(),
            arguments: arguments_text,
            reply: read,
            started,
            ended,
        });
        if reply.is_error {
            self.observe_failure(&name, &reply.text()).await;
            return Err(CallError::new("tool", format!("{name} failed: {}", reply.text())).at(&name));
        }
        self.to_value(&name, reply, whole).await
    }

    /// The value of a reply by the rules of its tool's output schema.
    async fn to_value(
        &self,
        name: &ToolName,
        mut reply: ToolReply,
        whole: bool,
    ) -> Result<Vec<u8>, CallError> {
        let media = media::count(&reply);
        if media > 0 {
            let first = self.media.fetch_add(media, Ordering::AcqRel) + 1;
            let (workspace, run) = (self.workspace.clone(), self.run_id.clone());
            let (given_back, made) = blocking(move || {
                let made = media::keep(&mut reply, &workspace, &run, first);
                (reply, made)
            })
            .await?;
            reply = given_back;
            self.record().files.extend(made?);
        }
        let gateway = self.catalogue.gateway();
        let tools = gateway.tools(name.server()).await;
        let tools = tools.map_err(|error| CallError::of_gateway(&error).at(name))?;
        let long = is_long(&reply);
        let is_checked = self.record().checks.is_due(name);
        let doubles = rounded::reads_doubles(self.language);
        let taken =
            Taken { gateway: Arc::clone(gateway), tools, name: name.clone(), whole, is_checked, doubles };
        let take = move || taken.value(reply);
        let (json, complaints) = if long { blocking(take).await? } else { take() };
        self.record().checks.tell(name, complaints);
        Ok(json.into_string().into_bytes())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CallError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| CallError::new("tool", format!("the host failed: {error}")))
}

/// Whether a reply is long enough to be worked on elsewhere; a look at the texts, not at everything.
fn is_long(reply: &ToolReply) -> bool {
    fn walk(value: &Value, room: &mut usize) {
        *room = room.saturating_sub(8);
        match value {
            Value::String(text) => *room = room.saturating_sub(text.len()),
            Value::Array(items) => items.iter().for_each(|item| {
                if *room > 0 {
                    walk(item, room);
                }
            }),
            Value::Object(members) => members.values().for_each(|item| {
                if *room > 0 {
                    walk(item, room);
                }
            }),
            _ => {}
        }
    }
    let mut room = LONG_JSON;
    let structured = reply.structured_content.as_ref().map_or(0, |json| json.get().len());
    room = room.saturating_sub(structured);
    for value in &reply.content {
        walk(value, &mut room);
    }
    room == 0
}

/// A share of a budget, in KiB; never more than all of it.
fn kib(bytes: usize, most: u32) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(most).min(most)
}

async fn decode<T: DeserializeOwned + Send + 'static>(payload: Vec<u8>) -> Result<T, CallError> {
    let long = payload.len() > LONG_JSON;
    let read = move || serde_json::from_slice(&payload);
    let read = if long { blocking(read).await? } else { read() };
    read.map_err(|error| {
        let hint = "pass plain values, nested at most 100 levels deep";
        CallError::new("arguments", format!("the arguments cannot be read: {error}")).with_hint(hint)
    })
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, CallError> {
    serde_json::to_vec(&value)
        .map_err(|error| CallError::new("tool", format!("the reply is not JSON: {error}")))
}

/// The text of a reply that a client without code gives its model: clients that
/// know structured results show those and leave the content out.
fn as_read_by_a_model(reply: &ToolReply) -> Excerpt {
    match &reply.structured_content {
        Some(structured) => structured.get().into(),
        None => reply.text().into(),
    }
}
