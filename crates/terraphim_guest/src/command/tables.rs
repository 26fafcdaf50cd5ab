//! The tables of servers that a run has asked for: each command needs one, and
//! the host is asked once.

use std::collections::BTreeMap;

use super::mcp::member;
use crate::json;

/// Most that is kept, in bytes of questions and answers.
const BYTES: usize = 4 << 20;

/// Answers to imports.
#[derive(Default)]
pub(super) struct Tables {
    /// Answers by what was asked.
    known: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
    /// What was asked and is not answered, by the ids of the calls.
    asked: BTreeMap<u32, Vec<u8>>,
}

impl Tables {
    /// The answer to a question, if it is known.
    pub(super) fn answer(&self, question: &[u8]) -> Option<&[u8]> {
        self.known.get(question).map(Vec::as_slice)
    }

    /// The host is asked in the call of this id.
    pub(super) fn ask(&mut self, id: u32, question: Vec<u8>) {
        self.asked.insert(id, question);
    }

    /// The reply to a call, which may be of another kind.
    pub(super) fn on_reply(&mut self, id: u32, ok: bool, payload: &[u8]) {
        let Some(question) = self.asked.remove(&id) else { return };
        let bytes = question.len() + payload.len();
        if ok && self.bytes + bytes <= BYTES && is_whole(payload) {
            self.bytes += bytes;
            self.known.insert(question, payload.to_vec());
        }
    }
}

/// Whether every server is there: one that is not yet may be for the next command.
fn is_whole(payload: &[u8]) -> bool {
    let servers = std::str::from_utf8(payload).ok().and_then(|text| member(text, "servers"));
    servers
        .and_then(json::elements)
        .is_some_and(|servers| servers.iter().all(|server| member(server, "error").is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_has_answered_is_known() {
        let mut tables = Tables::default();
        for (id, question, ok, answer) in [
            (1, "a", true, r#"{"servers":[{"server":"a"}]}"#),
            (2, "b", true, r#"{"servers":[{"server":"b","error":"why"}]}"#),
            (3, "c", false, r#"{"servers":[]}"#),
            (4, "d", true, "nothing"),
        ] {
            tables.ask(id, question.into());
            tables.on_reply(id, ok, answer.as_bytes());
            assert_eq!(tables.answer(question.as_bytes()).is_some(), question == "a", "{question}");
        }
        tables.on_reply(1, true, b"{}");
        let long = format!("{{\"servers\":[\"{}\"]}}", "x".repeat(BYTES));
        tables.ask(5, b"long".to_vec());
        tables.on_reply(5, true, long.as_bytes());
        assert_eq!((tables.answer(b"long"), tables.known.len(), tables.asked.len()), (None, 1, 0));
    }
}
