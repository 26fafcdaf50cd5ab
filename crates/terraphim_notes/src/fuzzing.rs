//! What the fuzz targets reach of this crate; it exists in their builds alone.

use std::collections::HashMap;

use crate::{front_matter, note, query, snippet};

/// What is looked for, as the reader of queries understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// A word; of a script without blanks, two neighbours.
    Word(Vec<String>),
    /// Words side by side.
    Phrase(Vec<String>),
    /// All words that begin so.
    Prefix(String),
    /// What must occur, and of which more is better.
    List {
        /// All of these.
        must: Vec<Query>,
        /// Some of these.
        should: Vec<Query>,
    },
}

impl From<query::Expr> for Query {
    fn from(expr: query::Expr) -> Self {
        let all = |items: Vec<query::Expr>| items.into_iter().map(Self::from).collect();
        match expr {
            query::Expr::Word(words) => Self::Word(words),
            query::Expr::Phrase(words) => Self::Phrase(words),
            query::Expr::Prefix(word) => Self::Prefix(word),
            query::Expr::List { must, should } => Self::List { must: all(must), should: all(should) },
        }
    }
}

/// Reads a query; none if it holds nothing that could be found.
pub fn read_query(text: &str) -> Option<Query> {
    query::parse(text).map(Query::from)
}

/// A note as it is indexed.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    /// Its title.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The front matter's address.
    pub url: Option<String>,
    /// The text without its markup.
    pub body: String,
    /// Where what follows the front matter begins, in bytes.
    pub text_from: usize,
}

/// Makes a note of the text of the file at `path`.
pub fn read_note(path: &str, text: &str) -> Note {
    let (_, rest) = front_matter::split(text);
    let note::Note { title, tags, url, body } = note::Note::read(path, text);
    Note { title, tags, url, body, text_from: text.len() - rest.len() }
}

/// The piece of a text that shows best where words stand, all of the same weight.
pub fn snippet(text: &str, words: &[&str]) -> String {
    let words: HashMap<_, _> = words.iter().map(|word| ((*word).to_owned(), 1.0)).collect();
    snippet::snippet(text, &words)
}
