//! MCP messages as lines over a server's standard input and output.
//!
//! What the protocol library does not do stands here: lines are bounded, a
//! reply that is no reply fails its call at once, replies to tool calls and
//! listings pass through as they are (nothing that the library's types do not
//! know is lost), and silence to the first probe counts as an older peer. Tool
//! calls do not go through the library at all: they are most of the traffic,
//! and need nothing of it.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use rmcp::{
    RoleClient,
    model::{
        ClientNotification, ClientRequest, CustomResult, ErrorCode, ErrorData, JsonRpcMessage,
        JsonRpcNotification, JsonRpcRequest, RequestId, ServerResult,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    call::{Answer, CallMessage, PendingCall},
    outbox::{CallNumber, Line, Outbox, Refused},
    parts,
};

/// Longest line that is read: the largest tool reply and some room around it, in bytes.
const MAX_LINE_BYTES: usize = (64 << 20) + (1 << 20);

/// How much that is no message a server may write before its first message, in bytes.
const MAX_NOISE_BYTES: usize = 16 << 10;

/// Longest request or notification of a server, in bytes; nobody asked for it.
const MAX_UNASKED_BYTES: usize = 1 << 20;

/// Messages read ahead of the service.
const QUEUE: usize = 4;

/// Numbers of tool calls begin here, above those that the library counts up from
/// 0, and stay within what every server can read as a number.
const FIRST_CALL: CallNumber = 1 << 30;

type Incoming = RxJsonRpcMessage<RoleClient>;

/// The client's end of a connection.
pub(crate) struct Wire {
    incoming: mpsc::Receiver<Incoming>,
    ledger: Arc<Ledger>,
    probe: Option<(RequestId, Instant)>,
    probe_patience: Duration,
    _reader: AbortOnDropHandle<()>,
    _writer: AbortOnDropHandle<()>,
}

/// What both ends of the wire know of each other.
#[derive(Default)]
pub(crate) struct Ledger {
    state: Mutex<State>,
    outbox: Outbox,
    calls: AtomicI64,
}

#[derive(Default)]
struct State {
    pending: HashMap<RequestId, Passage>,
    fault: Option<String>,
    noise: Option<String>,
    noise_bytes: usize,
    spoke: bool,
    closed: bool,
}

/// How a reply is handed on.
enum Passage {
    /// As it is, to the library.
    Raw,
    /// In the library's types.
    Typed,
    /// To the call that waits for it.
    Call(oneshot::Sender<Answer>),
}

impl Wire {
    /// Connects to a server's output and input; the first probe waits for its
    /// answer so long before the peer counts as an older one.
    pub(crate) fn new<R, W>(output: R, input: W, probe_patience: Duration) -> (Self, Arc<Ledger>)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let ledger = Arc::new(Ledger::default());
        let (to_service, incoming) = mpsc::channel(QUEUE);
        let reader = tokio::spawn(read(output, Arc::clone(&ledger), to_service));
        let written = Arc::clone(&ledger);
        let writer = tokio::spawn(async move {
            written.outbox.write(input, |call| written.forget(&RequestId::Number(call))).await;
        });
        let wire = Self {
            incoming,
            ledger: Arc::clone(&ledger),
            probe: None,
            probe_patience,
            _reader: AbortOnDropHandle::new(reader),
            _writer: AbortOnDropHandle::new(writer),
        };
        (wire, ledger)
    }
}

impl Transport<RoleClient> for Wire {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        if let Some(probe) = self.ledger.register(&message) {
            self.probe = Some((probe, Instant::now() + self.probe_patience));
        }
        let line = serde_json::to_vec(&message).map_err(io::Error::other);
        let ledger = Arc::clone(&self.ledger);
        async move {
            let mut bytes = line?;
            bytes.push(b'\n');
            let (done, written) = oneshot::channel();
            let line = Line { bytes, call: None, written: Some(done) };
            ledger.push_aside(line).map_err(|_| io::ErrorKind::BrokenPipe)?;
            written.await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?
        }
    }

    async fn receive(&mut self) -> Option<Incoming> {
        let Some((probe, deadline)) = self.probe.clone() else { return self.incoming.recv().await };
        tokio::select! {
            biased;
            message = self.incoming.recv() => {
                if !self.ledger.awaits(&probe) {
                    self.probe = None;
                }
                message
            }
            () = sleep_until(deadline) => {
                self.probe = None;
                self.ledger.forget(&probe);
                let error = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "no answer", None);
                Some(JsonRpcMessage::error(error, Some(probe)))
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.ledger.close();
        Ok(())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.ledger.close();
    }
}

impl Ledger {
    /// Why the connection had to be ended from this side, if it had.
    pub(crate) fn fault(&self) -> Option<String> {
        self.lock().fault.clone()
    }

    /// The first line that was no message, if there was one.
    pub(crate) fn noise(&self) -> Option<String> {
        self.lock().noise.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a tool call; `None` if the connection has ended.
    pub(crate) fn call(
        self: &Arc<Self>,
        tool: &str,
        arguments: &Map<String, Value>,
        meta: Option<&Value>,
    ) -> Option<PendingCall> {
        let number = FIRST_CALL + self.calls.fetch_add(1, Ordering::Relaxed) % FIRST_CALL;
        let bytes = CallMessage::line(number, tool, arguments, meta)?;
        let (sender, answer) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.closed {
                return None;
            }
            state.pending.insert(RequestId::Number(number), Passage::Call(sender));
        }
        let call = PendingCall::new(Arc::clone(self), number, answer);
        self.outbox.push(Line { bytes, call: Some(number), written: None }).ok()?;
        Some(call)
    }

    /// Nobody waits for a call any more.
    pub(super) fn give_up(&self, number: CallNumber) {
        let known = self.lock().pending.remove(&RequestId::Number(number)).is_some();
        if !known || self.outbox.withdraw(number) {
            return;
        }
        let params = serde_json::json!({ "requestId": number, "reason": "the caller no longer waits" });
        let note =
            serde_json::json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
        // A server that reads no more need not be told.
        let _ = self.push_aside(Line { bytes: format!("{note}\n").into_bytes(), call: None, written: None });
    }

    /// Sends what is no call. A server that makes more of it than it reads has its connection ended.
    fn push_aside(&self, line: Line) -> Result<(), Refused> {
        let pushed = self.outbox.push(line);
        if pushed == Err(Refused::Full) {
            let fault = "it sends requests, or is sent notes, and does not read what is written to it";
            self.lock().fault.get_or_insert_with(|| fault.to_owned());
            self.close();
        }
        pushed
    }

    /// Ends every call that waits, and refuses new ones.
    fn close(&self) {
        self.outbox.close();
        let mut state = self.lock();
        state.closed = true;
        state.pending.clear();
    }

    /// Notes what an outgoing message expects; answers its id if it is the probe.
    fn register(&self, message: &TxJsonRpcMessage<RoleClient>) -> Option<RequestId> {
        match message {
            JsonRpcMessage::Request(JsonRpcRequest { id, request, .. }) => {
                let passage = match request {
                    ClientRequest::ListToolsRequest(_) => Passage::Raw,
                    _ => Passage::Typed,
                };
                self.lock().pending.insert(id.clone(), passage);
                matches!(request, ClientRequest::DiscoverRequest(_)).then(|| id.clone())
            }
            JsonRpcMessage::Notification(JsonRpcNotification {
                notification: ClientNotification::CancelledNotification(cancelled),
                ..
            }) => {
                if let Some(id) = &cancelled.params.request_id {
                    self.forget(id);
                }
                None
            }
            _ => None,
        }
    }

    fn awaits(&self, id: &RequestId) -> bool {
        self.lock().pending.contains_key(id)
    }

    fn forget(&self, id: &RequestId) {
        self.lock().pending.remove(id);
    }

    /// The pending request that a reply's id means, which some servers send as text.
    fn settle(&self, id: RequestId) -> Option<(RequestId, Passage)> {
        let mut state = self.lock();
        state.spoke = true;
        if let Some(passage) = state.pending.remove(&id) {
            return Some((id, passage));
        }
        let RequestId::String(text) = &id else { return None };
        let number = RequestId::Number(text.parse().ok()?);
        state.pending.remove(&number).map(|passage| (number, passage))
    }

    /// Reads one line; what is no message is noted and passed over.
    fn decode(&self, line: &[u8]) -> Option<Incoming> {
        // A list would be taken for the fields of a message in their order.
        if !line.trim_ascii_start().starts_with(b"{") {
            self.note_noise(line);
            return None;
        }
        let envelope: Envelope<'_> = match serde_json::from_slice(line) {
            Ok(envelope) => envelope,
            Err(error) => return self.undecodable(line, &error),
        };
        let Some(id) = envelope.id.filter(|_| envelope.method.is_none()) else {
            return self.typed(line);
        };
        let (id, passage) = self.settle(id)?;
        if let Some(error) = envelope.error {
            return refuse(passage, id, read_error(error));
        }
        match (passage, envelope.result) {
            (Passage::Call(waiting), Some(result)) => {
                // Whoever gave up waiting does not need to know.
                let _ = waiting.send(Ok(result.to_owned()));
                None
            }
            (passage @ (Passage::Raw | Passage::Typed), Some(result)) if parts::too_many(result.get()) => {
                refuse(passage, id, not_a_reply(parts::TOO_MANY))
            }
            (Passage::Raw, Some(result)) => match serde_json::from_str(result.get()) {
                Ok(result) => {
                    Some(JsonRpcMessage::response(ServerResult::CustomResult(CustomResult(result)), id))
                }
                Err(error) => refuse(Passage::Raw, id, not_a_reply(&error.to_string())),
            },
            (Passage::Typed, Some(_)) => match serde_json::from_slice::<Incoming>(line) {
                Ok(JsonRpcMessage::Response(mut response)) => {
                    response.id = id;
                    Some(JsonRpcMessage::Response(response))
                }
                _ => refuse(
                    Passage::Typed,
                    id,
                    not_a_reply("its result has another shape than the protocol's"),
                ),
            },
            (passage, None) => refuse(passage, id, not_a_reply("it has neither a result nor an error")),
        }
    }

    /// Requests, notifications and errors without an id.
    fn typed(&self, line: &[u8]) -> Option<Incoming> {
        if line.len() > MAX_UNASKED_BYTES {
            tracing::debug!(bytes = line.len(), "a request or notification that is too long is ignored");
            return None;
        }
        match serde_json::from_slice(line) {
            Ok(message) => {
                self.lock().spoke = true;
                Some(message)
            }
            Err(error) => {
                tracing::debug!(%error, "a message of unknown shape is ignored");
                self.note_noise(line);
                None
            }
        }
    }

    fn undecodable(&self, line: &[u8], error: &serde_json::Error) -> Option<Incoming> {
        // Skipping values has no depth limit, so that the id of a reply that
        // is nested too deeply is found, and its call told.
        #[derive(Deserialize)]
        struct OnlyId {
            id: RequestId,
        }
        if let Ok(OnlyId { id }) = serde_json::from_slice(line)
            && let Some((id, passage)) = self.settle(id)
        {
            return refuse(passage, id, not_a_reply(&error.to_string()));
        }
        self.note_noise(line);
        None
    }

    fn note_noise(&self, line: &[u8]) {
        const SHOWN: usize = 120;
        let mut state = self.lock();
        state.noise_bytes = state.noise_bytes.saturating_add(line.len());
        if state.noise.is_none() {
            let start = line.get(..line.len().min(4 * SHOWN)).unwrap_or_default();
            let text = String::from_utf8_lossy(start);
            state.noise = Some(text.chars().filter(|c| !c.is_control()).take(SHOWN).collect());
        }
        if !state.spoke && state.noise_bytes > MAX_NOISE_BYTES {
            let example = state.noise.clone().unwrap_or_default();
            state.fault = Some(format!("it writes text that is not MCP to its standard output: `{example}`"));
        }
    }
}

/// The outside of a message. What is inside is kept as it is.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: Option<RequestId>,
    method: Option<String>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

fn read_error(error: &RawValue) -> ErrorData {
    let read = if parts::too_many(error.get()) { None } else { serde_json::from_str(error.get()).ok() };
    let error = read.unwrap_or_else(|| Value::from("it cannot be read"));
    let code = error.get("code").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok());
    let message =
        error.get("message").and_then(Value::as_str).map_or_else(|| error.to_string(), str::to_owned);
    let code = code.map_or(ErrorCode::INTERNAL_ERROR, ErrorCode);
    ErrorData::new(code, message, error.get("data").cloned())
}

fn not_a_reply(complaint: &str) -> ErrorData {
    ErrorData::new(ErrorCode::INTERNAL_ERROR, format!("the answer is not a reply: {complaint}"), None)
}

/// Hands an error to whoever waits: a call, or the library.
fn refuse(passage: Passage, id: RequestId, error: ErrorData) -> Option<Incoming> {
    match passage {
        Passage::Call(waiting) => {
            // Whoever gave up waiting does not need to know.
            let _ = waiting.send(Err(error));
            None
        }
        Passage::Raw | Passage::Typed => Some(JsonRpcMessage::error(error, Some(id))),
    }
}

async fn read<R: AsyncRead + Unpin>(output: R, ledger: Arc<Ledger>, service: mpsc::Sender<Incoming>) {
    let mut output = BufReader::with_capacity(64 << 10, output);
    let mut line = Vec::new();
    while let Ok(true) = read_line(&mut output, &mut line, &ledger).await {
        let message = if line.trim_ascii().is_empty() { None } else { ledger.decode(&line) };
        if line.capacity() > 1 << 20 {
            line = Vec::new();
        }
        if let Some(message) = message
            && service.send(message).await.is_err()
        {
            return;
        }
        if ledger.fault().is_some() {
            return;
        }
    }
}

/// Reads one whole line; `false` at the end of the stream or beyond the limit.
async fn read_line<R: AsyncRead + Unpin>(
    output: &mut BufReader<R>,
    line: &mut Vec<u8>,
    ledger: &Ledger,
) -> io::Result<bool> {
    line.clear();
    loop {
        let available = output.fill_buf().await?;
        if available.is_empty() {
            if !line.is_empty() {
                ledger.note_noise(line);
            }
            return Ok(false);
        }
        let end = available.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(available.len(), |end| end + 1);
        line.extend_from_slice(available.get(..taken).unwrap_or_default());
        output.consume(taken);
        if line.len() > MAX_LINE_BYTES {
            ledger.lock().fault = Some(format!("it sent a message of more than {} MB", MAX_LINE_BYTES >> 20));
            return Ok(false);
        }
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(fuzzing)]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;
