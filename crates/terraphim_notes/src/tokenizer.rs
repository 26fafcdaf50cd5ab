//! Cuts notes and queries into the tokens that the index holds.
//!
//! A token is a word without case and accents, or a single character of a
//! script that puts no blanks between words. It has two forms: as it is
//! written, for prefixes, and its English stem (the Snowball project's
//! algorithm, known as Porter2), for all else.

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use terraphim_kg::{fold, is_combining, is_spaceless};

/// The names under which indexes know the tokenizers of stems and of written words.
pub(crate) const STEMS: &str = "notes-stems";
pub(crate) const WRITTEN: &str = "notes-written";

/// Longest token that is indexed, in bytes; longer ones are data, not words.
const MAX_TOKEN_BYTES: usize = 128;

/// In which form tokens are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Stem,
    Written,
}

#[derive(Clone)]
pub(crate) struct NoteTokenizer {
    form: Form,
    token: Token,
}

impl NoteTokenizer {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, token: Token::default() }
    }
}

pub(crate) struct NoteTokenStream<'a> {
    text: &'a str,
    at: usize,
    form: Form,
    token: &'a mut Token,
}

impl Tokenizer for NoteTokenizer {
    type TokenStream<'a> = NoteTokenStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> NoteTokenStream<'a> {
        self.token.reset();
        NoteTokenStream { text, at: 0, form: self.form, token: &mut self.token }
    }
}

impl TokenStream for NoteTokenStream<'_> {
    fn advance(&mut self) -> bool {
        while let Some((from, length)) = self.next_word() {
            self.at = from + length;
            self.token.position = self.token.position.wrapping_add(1);
            let word = self.text.get(from..self.at).unwrap_or_default();
            if word.len() > MAX_TOKEN_BYTES {
                continue;
            }
            self.token.offset_from = from;
            self.token.offset_to = self.at;
            self.token.text = match self.form {
                Form::Stem => stem(written(word)),
                Form::Written => written(word),
            };
            if !self.token.text.is_empty() {
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

impl NoteTokenStream<'_> {
    /// Where the next word begins and how long it is.
    fn next_word(&self) -> Option<(usize, usize)> {
        let rest = self.text.get(self.at..)?;
        let skipped = rest.find(char::is_alphanumeric)?;
        let word = rest.get(skipped..)?;
        let first = word.chars().next()?;
        let length = if is_spaceless(first) {
            first.len_utf8()
        } else {
            let part = |c: char| (c.is_alphanumeric() || is_combining(c)) && !is_spaceless(c);
            word.find(|c| !part(c)).unwrap_or(word.len())
        };
        Some((self.at + skipped, length))
    }
}

/// All tokens of a text with their places in it.
pub(crate) fn tokens(text: &str, form: Form) -> Vec<Token> {
    let mut tokenizer = NoteTokenizer::new(form);
    let mut stream = tokenizer.token_stream(text);
    let mut tokens = Vec::new();
    while stream.advance() {
        tokens.push(stream.token().clone());
    }
    tokens
}

/// A word without case and accents.
fn written(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    if word.chars().next().is_some_and(is_spaceless) {
        return word.to_owned();
    }
    fold(word).chars().filter(|c| !is_combining(*c)).collect()
}

/// The stem of a written word. Words with digits in them are names, and what is
/// not ASCII is not English.
pub(crate) fn stem(written: String) -> String {
    if written.len() < 3 || !written.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return written;
    }
    match Stemmer::new(Algorithm::English).stem(&written) {
        Cow::Owned(stem) => stem,
        Cow::Borrowed(stem) => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text, Form::Stem).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn the_forms_of_a_word_are_one() {
        for pair in [
            "pattern patterns",
            "query queries",
            "class classes",
            "process processes",
            "index indexes",
            "box boxes",
            "match matches",
            "cache caches",
            "hash hashes",
            "tree trees",
            "database databases",
            "tomato tomatoes",
            "type types",
            "queue queues",
            "cancel cancelling",
            "connected connection",
        ] {
            let both = words(pair);
            assert_eq!(both[0], both[1], "{pair}");
        }
        for pair in ["state stats", "plane plan", "use us", "news new", "ipv4 ipv"] {
            let both = words(pair);
            assert_ne!(both[0], both[1], "{pair}");
        }
    }

    #[test]
    fn words_lose_case_accents_and_plural() {
        assert_eq!(
            words("Async-Patterns, queries: ÉCLAIR e\u{301}clair Straße class bus TLS don't"),
            ["async", "pattern", "queri", "eclair", "eclair", "strass", "class", "bus", "tls", "don", "t"]
        );
        assert_eq!(words("用Rust检索 русский"), ["用", "rust", "检", "索", "русскии"]);
        assert_eq!(words(&format!("a {} b", "x".repeat(200))), ["a", "b"]);
        assert_eq!(words(" \u{301}?! "), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn offsets_are_those_of_the_text(text in any::<String>()) {
            let mut last = 0;
            for token in tokens(&text, Form::Written) {
                prop_assert!(token.offset_from >= last && token.offset_from < token.offset_to);
                prop_assert!(text.get(token.offset_from..token.offset_to).is_some());
                last = token.offset_to;
            }
        }
    }
}
