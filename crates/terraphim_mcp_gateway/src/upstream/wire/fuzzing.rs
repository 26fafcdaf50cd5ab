//! A connection's calls, without a connection.

use rmcp::model::{InitializeRequest, ListToolsRequest, NumberOrString};
use serde_json::Value;

use super::{ClientRequest, JsonRpcMessage, Ledger};

/// A listing with the id 7 and a greeting with the id 8 that wait for their replies.
pub struct Calls(Ledger);

impl Default for Calls {
    fn default() -> Self {
        let ledger = Ledger::default();
        let call = ClientRequest::ListToolsRequest(ListToolsRequest::default());
        let greeting = ClientRequest::InitializeRequest(InitializeRequest::new(Default::default()));
        for (id, request) in [(7, call), (8, greeting)] {
            ledger.register(&JsonRpcMessage::request(request, NumberOrString::Number(id)));
        }
        Self(ledger)
    }
}

impl Calls {
    /// What a line is handed on as.
    pub fn read(&self, line: &[u8]) -> Option<Value> {
        self.0.decode(line).map(|message| serde_json::to_value(message).unwrap_or_default())
    }

    /// The ids that still wait.
    pub fn waiting(&self) -> Vec<i64> {
        let ids = [7, 8].into_iter();
        ids.filter(|id| self.0.awaits(&NumberOrString::Number(*id))).collect()
    }

    /// Why the connection would be ended.
    pub fn fault(&self) -> Option<String> {
        self.0.fault()
    }

    /// The first line that was no message.
    pub fn noise(&self) -> Option<String> {
        self.0.noise()
    }
}
