//! The words of all tools as small numbers. Shared by the snapshots of an index:
//! a word keeps its number while snapshots are made from each other.

use std::{collections::HashMap, sync::Arc};

use crate::distance::letters;

/// How many new words are put in their places one by one.
const FEW: usize = 100;

/// Terms with their numbers, and in order for completion and correction.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    numbers: HashMap<Arc<str>, u32>,
    words: Vec<Word>,
    /// Numbers in the order of their words.
    sorted: Vec<u32>,
}

/// A term and the set of its letters.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: Arc<str>,
    pub(super) letters: u64,
}

impl Vocabulary {
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn number(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    pub(super) fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |word| &word.text)
    }

    /// The number of each word, new ones given to those that have none. Copies the vocabulary only for these.
    pub(super) fn intern<'a>(this: &mut Arc<Self>, words: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let mut numbers = Vec::new();
        let mut fresh = Vec::new();
        for word in words {
            if let Some(number) = this.number(word) {
                numbers.push(number);
                continue;
            }
            let vocabulary = Arc::make_mut(this);
            let number = u32::try_from(vocabulary.words.len()).unwrap_or(u32::MAX);
            let text: Arc<str> = word.into();
            vocabulary.numbers.insert(Arc::clone(&text), number);
            vocabulary.words.push(Word { letters: letters(word), text });
            fresh.push(number);
            numbers.push(number);
        }
        if !fresh.is_empty() {
            Arc::make_mut(this).order(fresh);
        }
        numbers
    }

    /// Brings new numbers into the order of words: a few one by one, many by sorting.
    fn order(&mut self, fresh: Vec<u32>) {
        let words = std::mem::take(&mut self.words);
        let text = |number: &u32| words.get(*number as usize).map_or("", |word| &word.text);
        if fresh.len() <= FEW {
            for number in fresh {
                let at = self.sorted.partition_point(|known| text(known) < text(&number));
                self.sorted.insert(at, number);
            }
        } else {
            self.sorted.extend(fresh);
            self.sorted.sort_by(|a, b| text(a).cmp(text(b)));
        }
        self.words = words;
    }

    /// The words that begin with `head`, in order.
    pub(super) fn begun_by<'a>(&'a self, head: &'a str) -> impl Iterator<Item = (u32, &'a Word)> {
        let from = self.sorted.partition_point(|number| self.word(*number) < head);
        let rest = self.sorted.iter().skip(from);
        let words = rest.filter_map(|number| Some((*number, self.words.get(*number as usize)?)));
        words.take_while(move |(_, word)| word.text.starts_with(head))
    }

    /// Every word, as they came.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &Word)> {
        (0_u32..).zip(&self.words)
    }
}
