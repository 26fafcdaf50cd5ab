//! What calls of a run were refused with: a program that ends by a failed `mcp`
//! is known to by the words of it, and these say more than the words.

use std::collections::VecDeque;

use terraphim_sandbox_protocol::FailureKind;

use super::refusal::CallError;

/// How many are kept: the last ones.
const KEPT: usize = 16;

/// Longest answer that is looked at, in bytes.
const ANSWER_BYTES: usize = 64 << 10;

/// A call that failed.
pub(super) struct Told {
    pub(super) kind: FailureKind,
    pub(super) message: String,
    pub(super) hint: String,
}

/// The last calls that failed.
#[derive(Default)]
pub(super) struct AllTold(VecDeque<Told>);

impl AllTold {
    /// Keeps what the host says of a call that failed.
    pub(super) fn keep(&mut self, payload: &[u8]) {
        let Some(text) = std::str::from_utf8(payload).ok().filter(|text| text.len() <= ANSWER_BYTES) else {
            return;
        };
        let CallError { kind, message, hint } = CallError::read(text);
        let kind = match kind.as_str() {
            "denied" => FailureKind::Denied,
            "limit" => FailureKind::Limit,
            _ => FailureKind::Tool,
        };
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Told { kind, message, hint });
    }

    /// The last one.
    pub(super) fn newest(&self) -> Option<&Told> {
        self.0.back()
    }

    /// The newest one that ends with these words, whatever space stands between them.
    pub(super) fn with_words(&self, words: &str) -> Option<&Told> {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = plain(words);
        self.0.iter().rev().find(|told| {
            let told = plain(&told.message);
            !told.is_empty() && words.ends_with(&told) || !words.is_empty() && told.ends_with(&words)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_says_it_is_found() {
        let mut all = AllTold::default();
        all.keep(b"{\"kind\":\"denied\",\"message\":\"no\\n  never\",\"hint\":\"ask\"}");
        all.keep(b"{\"kind\":\"tool\",\"message\":\"it failed\"}");
        let found = all.with_words("up.x: no\nnever").expect("one");
        assert_eq!((found.kind, found.hint.as_str()), (FailureKind::Denied, "ask"));
        assert_eq!(all.with_words("never").map(|told| told.kind), Some(FailureKind::Denied));
        assert!(all.with_words("else").is_none() && all.with_words("").is_none());
        all.keep(&vec![b'x'; ANSWER_BYTES + 1]);
        all.keep(b"\xff");
        assert_eq!(all.newest().map(|told| told.message.as_str()), Some("it failed"));
        for _ in 0..100 {
            all.keep(b"[]");
        }
        assert_eq!(all.0.len(), KEPT);
        assert!(all.with_words("x").is_none());
    }
}
