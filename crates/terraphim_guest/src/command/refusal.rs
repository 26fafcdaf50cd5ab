//! Why a command fails: what it says on standard error, and its exit code.

use std::io::{self, Write};

use crate::json;

/// The tool failed, or the host did.
pub(super) const FAILED: i32 = 1;

/// The command line asks for what does not exist.
pub(super) const USAGE: i32 = 2;

/// The policy does not permit the call.
const DENIED: i32 = 3;

/// Why a command fails.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Refusal {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: String::new() }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    pub(super) fn tell(&self) {
        // What goes on in a further line is told from what follows.
        let lines = |text: &str| text.trim_end().replace('\n', "\n  ");
        let mut text = format!("mcp: {}\n", lines(&self.message));
        if !self.hint.is_empty() {
            text.push_str(&format!("hint: {}\n", lines(&self.hint)));
        }
        // Nobody is left to be told that this failed.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// What the host says of a call that failed.
pub(super) struct CallError {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) hint: String,
}

impl CallError {
    /// From the payload of a reply.
    pub(super) fn read(payload: &str) -> Self {
        let members = json::members(payload).unwrap_or_default();
        let text = |name: &str| {
            let value = members.iter().find(|(known, _)| known == name);
            value.and_then(|(_, value)| json::string(value)).unwrap_or_default()
        };
        Self { kind: text("kind"), message: text("message"), hint: text("hint") }
    }

    /// `about` names the tool, unless the message does.
    pub(super) fn refusal(&self, about: &str) -> Refusal {
        let code = match self.kind.as_str() {
            "denied" => DENIED,
            "arguments" | "unknown" => USAGE,
            _ => FAILED,
        };
        let message = if self.message.contains(about) {
            self.message.clone()
        } else {
            format!("{about}: {}", self.message)
        };
        Refusal::new(code, message).hint(self.hint.clone())
    }
}
