//! What the model looked up since its last program, for that program's account.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use terraphim_code_execution::tokens::FetchText;

/// Most look-ups that are remembered; older ones are forgotten first.
const MAX_FETCHES: usize = 50;

/// Most bytes of arguments and answers that are remembered.
const MAX_BYTES: usize = 1 << 20;

/// The look-ups of one connection.
#[derive(Debug, Default)]
pub(crate) struct Fetches {
    held: Mutex<VecDeque<FetchText>>,
}

impl Fetches {
    /// Remembers a look-up, and forgets the oldest ones that no longer fit.
    pub(crate) fn push(&self, fetch: FetchText) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push_back(fetch);
        let mut bytes: usize = held.iter().map(length).sum();
        while held.len() > MAX_FETCHES || bytes > MAX_BYTES {
            let Some(oldest) = held.pop_front() else { break };
            bytes -= length(&oldest);
        }
    }

    /// The look-ups so far; they are forgotten with that.
    pub(crate) fn take(&self) -> Vec<FetchText> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *held).into()
    }
}

fn length(fetch: &FetchText) -> usize {
    fetch.arguments.len() + fetch.answer.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(answer: usize) -> FetchText {
        FetchText { arguments: String::new(), answer: "x".repeat(answer) }
    }

    #[test]
    fn the_newest_are_kept_within_both_bounds() {
        let fetches = Fetches::default();
        for size in 0..80 {
            fetches.push(fetch(size));
        }
        let taken = fetches.take();
        assert_eq!((taken.len(), taken[0].answer.len()), (50, 30));
        assert!(fetches.take().is_empty());
        for _ in 0..3 {
            fetches.push(fetch(400 << 10));
        }
        assert_eq!(fetches.take().len(), 2);
        fetches.push(fetch(2 << 20));
        assert!(fetches.take().is_empty());
    }
}
