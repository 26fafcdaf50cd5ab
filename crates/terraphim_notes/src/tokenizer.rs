//! Cuts notes and queries into the tokens that the index holds.
//!
//! A token is a word without case, accents and English plural, or a single
//! character of a script that puts no blanks between words.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use terraphim_kg::{fold, is_combining, is_spaceless};

/// The name under which indexes know the tokenizer.
pub(crate) const TOKENIZER: &str = "notes";

/// Longest token that is indexed, in bytes; longer ones are data, not words.
const MAX_TOKEN_BYTES: usize = 128;

#[derive(Clone, Default)]
pub(crate) struct NoteTokenizer {
    token: Token,
}

pub(crate) struct NoteTokenStream<'a> {
    text: &'a str,
    at: usize,
    token: &'a mut Token,
}

impl Tokenizer for NoteTokenizer {
    type TokenStream<'a> = NoteTokenStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> NoteTokenStream<'a> {
        self.token.reset();
        NoteTokenStream { text, at: 0, token: &mut self.token }
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
            self.token.text = normal_form(word);
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
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokenizer = NoteTokenizer::default();
    let mut stream = tokenizer.token_stream(text);
    let mut tokens = Vec::new();
    while stream.advance() {
        tokens.push(stream.token().clone());
    }
    tokens
}

fn normal_form(word: &str) -> String {
    if word.is_ascii() {
        return singular(word.to_ascii_lowercase());
    }
    if word.chars().next().is_some_and(is_spaceless) {
        return word.to_owned();
    }
    let bare: String = fold(word).chars().filter(|c| !is_combining(*c)).collect();
    if bare.is_ascii() { singular(bare) } else { bare }
}

/// Unites the English singular and plural of most words, and leaves all else
/// apart: queries and query, classes and class, caches and cache, stats but not state.
fn singular(mut word: String) -> String {
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    let (cut, ending) = match word.len() {
        0..=3 => (0, ""),
        5.. if ends(&["ies"]) => (3, "y"),
        _ if ends(&["sses", "shes", "xes"]) => (2, ""),
        _ if ends(&["s"]) && !ends(&["us", "ss", "is"]) => (1, ""),
        _ => (0, ""),
    };
    word.truncate(word.len() - cut);
    word.push_str(ending);
    // What is left of `matches` and `match` differs by an e, which short words need.
    if word.len() >= 6 && word.ends_with('e') {
        word.pop();
    }
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn singular_and_plural_are_one() {
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
        ] {
            let both = words(pair);
            assert_eq!(both[0], both[1], "{pair}");
        }
        for pair in ["state stats", "plane plan", "use us", "status statu", "redis redi"] {
            let both = words(pair);
            assert_ne!(both[0], both[1], "{pair}");
        }
    }

    #[test]
    fn words_lose_case_accents_and_plural() {
        assert_eq!(
            words("Async-Patterns, queries: ÉCLAIR e\u{301}clair Straße class bus TLS don't"),
            ["async", "pattern", "query", "eclair", "eclair", "strass", "class", "bus", "tls", "don", "t"]
        );
        assert_eq!(words("用Rust检索 русский"), ["用", "rust", "检", "索", "русскии"]);
        assert_eq!(words(&format!("a {} b", "x".repeat(200))), ["a", "b"]);
        assert_eq!(words(" \u{301}?! "), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn offsets_are_those_of_the_text(text in any::<String>()) {
            let mut last = 0;
            for token in tokens(&text) {
                prop_assert!(token.offset_from >= last && token.offset_from < token.offset_to);
                prop_assert!(text.get(token.offset_from..token.offset_to).is_some());
                last = token.offset_to;
            }
        }
    }
}
