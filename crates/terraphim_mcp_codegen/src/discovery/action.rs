//! What kind of doing a tool's name and a query speak of: whoever wants to list
//! something seldom wants the tool that creates it.

use std::{collections::HashMap, ops::BitOr, sync::LazyLock};

use super::words;

/// The kinds, and the words that speak for each.
const KINDS: &[&str] = &[
    "get list read show describe view fetch display retrieve check see count query lookup search find browse explain \
     give tell provide know",
    "create add insert new make generate build write draft compose deploy provision",
    "delete remove drop purge destroy erase uninstall clear",
    "update edit set modify change patch rename move replace configure",
    "send post publish notify reply forward email",
];
/// How many words of a tool's name may be its verb: `jira_get_issue`.
const VERB_WORDS: usize = 3;

static BY_WORD: LazyLock<HashMap<String, Actions>> = LazyLock::new(|| {
    let mut by_word = HashMap::new();
    for (number, list) in KINDS.iter().enumerate() {
        for word in words::terms(list) {
            by_word.insert(word, Actions(1 << number));
        }
    }
    by_word
});

/// A set of kinds of doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Actions(u8);

impl Actions {
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Actions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The kind that one stem speaks of.
pub(super) fn of_term(term: &str) -> Actions {
    BY_WORD.get(term).copied().unwrap_or_default()
}

/// The kind of a tool, by the first of its name's stems that is a verb.
pub(super) fn of_name(name: &[String]) -> Actions {
    let kinds = name.iter().take(VERB_WORDS).map(|term| of_term(term));
    kinds.into_iter().find(|kind| !kind.is_empty()).unwrap_or_default()
}
