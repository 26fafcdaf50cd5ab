//! One tool call on its way over the wire.

use std::sync::Arc;

use rmcp::model::ErrorData;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};
use tokio::sync::oneshot;

use super::{outbox::CallNumber, wire::Ledger};

/// The answer to a tool call: its result as it came, or why there is none.
pub(crate) type Answer = Result<Box<RawValue>, ErrorData>;

/// A tool call on its way. Dropping it before its answer came takes its line
/// back, or tells the server that nobody waits any more.
pub(crate) struct PendingCall {
    ledger: Arc<Ledger>,
    number: CallNumber,
    answered: bool,
    answer: oneshot::Receiver<Answer>,
}

impl PendingCall {
    pub(super) fn new(ledger: Arc<Ledger>, number: CallNumber, answer: oneshot::Receiver<Answer>) -> Self {
        Self { ledger, number, answered: false, answer }
    }

    /// Waits for the answer; `None` if the connection ended first.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let answer = (&mut self.answer).await;
        self.answered = true;
        answer.ok()
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        if !self.answered {
            self.ledger.give_up(self.number);
        }
    }
}

/// What a tool call says.
#[derive(Serialize)]
pub(super) struct CallMessage<'a> {
    jsonrpc: &'static str,
    id: CallNumber,
    method: &'static str,
    params: CallParams<'a>,
}

#[derive(Serialize)]
struct CallParams<'a> {
    name: &'a str,
    arguments: &'a Map<String, Value>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Value>,
}

impl CallMessage<'_> {
    /// The line of a call.
    pub(super) fn line(
        id: CallNumber,
        name: &str,
        arguments: &Map<String, Value>,
        meta: Option<&Value>,
    ) -> Option<Vec<u8>> {
        let params = CallParams { name, arguments, meta };
        let message = CallMessage { jsonrpc: "2.0", id, method: "tools/call", params };
        // Maps with text keys always serialise.
        let mut line = serde_json::to_vec(&message).ok()?;
        line.push(b'\n');
        Some(line)
    }
}
