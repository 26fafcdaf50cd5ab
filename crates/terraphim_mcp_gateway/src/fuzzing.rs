//! What the fuzz targets reach of this crate; it exists in their builds alone.

use std::{io::Cursor, time::Duration};

use rmcp::transport::Transport;
use serde_json::Value;
use terraphim_types::{ServerName, ToolDefinition};

pub use crate::upstream::Calls;
use crate::{definitions, upstream::Wire};

/// One listed tool, or nothing if it is none.
pub fn read_tool(server: &ServerName, listed: Value) -> Option<ToolDefinition> {
    definitions::read_tool(server, listed)
}

/// What a connection made of everything that a server wrote.
#[derive(Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The messages that were handed on, as JSON.
    pub messages: Vec<Value>,
    /// Why the connection was ended.
    pub fault: Option<String>,
    /// The first line that was no message.
    pub noise: Option<String>,
}

/// Reads all that a server wrote, from which nobody asked anything.
pub async fn transcript(written: Vec<u8>) -> Transcript {
    let (mut wire, ledger) = Wire::new(Cursor::new(written), tokio::io::sink(), Duration::from_secs(600));
    let mut messages = Vec::new();
    while let Some(message) = wire.receive().await {
        messages.push(serde_json::to_value(message).unwrap_or_default());
    }
    Transcript { messages, fault: ledger.fault(), noise: ledger.noise() }
}
