//! Messages of the language server protocol over a pair of streams. The other
//! side reads what an agent wrote, so everything that it sends is bounded and
//! nothing of it is trusted.

use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use serde_json::{Value, json, value::RawValue};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest head of a message, in bytes.
const MAX_HEAD: usize = 4 << 10;

/// Longest message that is taken, in bytes: ten thousand complaints of usual length.
const MAX_MESSAGE: usize = 4 << 20;

/// Longest number or text by which a question is answered, in bytes.
const MAX_ID: usize = 256;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

/// How much of what is no message is repeated, in characters.
const REPEATED: usize = 200;

/// Why nothing more is to be had from a checker.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("it ended without a word")]
    Ended,
    #[error("it ended: {0}")]
    EndedSaying(String),
    #[error("it says what is no message: {0}")]
    Nonsense(String),
    #[error("it sent a message of {0} bytes")]
    TooLong(usize),
    #[error("it refused the request: {0}")]
    Refused(String),
    #[error("it cannot be written to: {0}")]
    Write(#[source] std::io::Error),
}

/// A message as far as it is looked at: its parts stay texts until it is known what they are to be.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    id: Option<Box<RawValue>>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    params: Option<Box<RawValue>>,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Box<RawValue>>,
}

/// One side of a conversation.
pub(super) struct Wire<S> {
    stream: S,
    /// What was read and belongs to later messages.
    bytes: Vec<u8>,
    last: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, bytes: Vec::new(), last: 0 }
    }

    /// Says something that has no answer.
    pub(super) async fn notify(&mut self, method: &str, params: Value) -> Result<(), WireError> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await
    }

    /// Asks something, and gives the answer. What the other side asks or tells
    /// meanwhile is answered with nothing.
    pub(super) async fn request<T: DeserializeOwned + Default>(
        &mut self,
        method: &str,
        params: Value,
    ) -> Result<T, WireError> {
        self.last += 1;
        let id = self.last;
        let sent =
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        if sent.is_err() {
            // Its last words say more than that it is gone.
            return Err(self.last_words().await);
        }
        loop {
            let message = self.receive().await?;
            match (message.method, message.id) {
                (Some(method), Some(id)) => {
                    let result = nothing(&method, message.params.as_deref());
                    self.send(&json!({ "jsonrpc": "2.0", "id": own_id(&id)?, "result": result })).await?;
                }
                (None, Some(answered)) if answered.get() == id.to_string() => {
                    return match (message.error, message.result) {
                        (Some(error), _) => Err(WireError::Refused(said(error.get().as_bytes()))),
                        (None, None) => Ok(T::default()),
                        (None, Some(result)) => serde_json::from_str(result.get())
                            .map_err(|error| WireError::Nonsense(format!("a report: {error}"))),
                    };
                }
                // Notes, and answers to what nobody asked.
                _ => {}
            }
        }
    }

    async fn send(&mut self, message: &Value) -> Result<(), WireError> {
        let body = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.stream.write_all(text.as_bytes()).await.map_err(WireError::Write)?;
        self.stream.flush().await.map_err(WireError::Write)
    }

    async fn receive(&mut self) -> Result<Message, WireError> {
        let (head, length) = loop {
            if let Some(found) = head(&self.bytes)? {
                break found;
            }
            self.read().await?;
        };
        if length > MAX_MESSAGE {
            return Err(WireError::TooLong(length));
        }
        while self.bytes.len() < head + length {
            self.read().await?;
        }
        let body = self.bytes.get(head..head + length).unwrap_or_default();
        let message = serde_json::from_slice(body).map_err(|_| WireError::Nonsense(said(body)));
        self.bytes.drain(..head + length);
        message
    }

    async fn read(&mut self) -> Result<(), WireError> {
        self.bytes.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.bytes).await {
            Ok(1..) => Ok(()),
            Ok(0) | Err(_) if self.bytes.is_empty() => Err(WireError::Ended),
            Ok(0) | Err(_) => Err(WireError::EndedSaying(said(&self.bytes))),
        }
    }

    async fn last_words(&mut self) -> WireError {
        loop {
            if self.bytes.len() > MAX_HEAD {
                return WireError::Nonsense(said(&self.bytes));
            }
            if let Err(error) = self.read().await {
                return error;
            }
        }
    }
}

/// How long the head of the first message is, and how long its body is; `None`
/// as long as the head is not whole.
fn head(bytes: &[u8]) -> Result<Option<(usize, usize)>, WireError> {
    const END: &[u8] = b"\r\n\r\n";
    let nonsense = || WireError::Nonsense(said(bytes));
    let shown = bytes.get(..bytes.len().min(MAX_HEAD)).unwrap_or_default();
    let Some(end) = shown.windows(END.len()).position(|window| window == END) else {
        let begins = b"Content-".iter().zip(bytes).all(|(a, b)| a.eq_ignore_ascii_case(b));
        return if begins && bytes.len() <= MAX_HEAD { Ok(None) } else { Err(nonsense()) };
    };
    let text = std::str::from_utf8(shown.get(..end).unwrap_or_default()).map_err(|_| nonsense())?;
    let length = text.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok(Some((end + END.len(), length.ok_or_else(nonsense)?)))
}

/// The name of a question as it is to be answered.
fn own_id(id: &RawValue) -> Result<Value, WireError> {
    let text = id.get();
    let nonsense = |_| WireError::Nonsense(said(text.as_bytes()));
    match text.len() {
        0..=MAX_ID => serde_json::from_str(text).map_err(nonsense),
        _ => Err(WireError::Nonsense(said(text.as_bytes()))),
    }
}

/// The answer that says nothing.
fn nothing(method: &str, params: Option<&RawValue>) -> Value {
    #[derive(Deserialize)]
    struct Asked {
        items: Vec<IgnoredAny>,
    }

    match method {
        "workspace/configuration" => {
            let asked = params.and_then(|params| serde_json::from_str::<Asked>(params.get()).ok());
            Value::Array(vec![Value::Null; asked.map_or(0, |asked| asked.items.len()).min(64)])
        }
        _ => Value::Null,
    }
}

/// The beginning of what was said, on one line.
fn said(bytes: &[u8]) -> String {
    let shown = bytes.get(..bytes.len().min(REPEATED * 4)).unwrap_or_default();
    let text = String::from_utf8_lossy(shown);
    let text = text.trim();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REPEATED).collect()
}
