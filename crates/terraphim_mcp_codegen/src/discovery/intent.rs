//! What a query asks for: its words, its sentences, and the files that it
//! names. An agent may send a whole task, so that one page has to serve several wishes.

use std::{collections::HashSet, sync::LazyLock};

use super::{
    action::{self, Actions},
    words,
};

/// Most characters, different words and sentences of a query that are looked at.
const MAX_CHARS: usize = 2_000;
const MAX_WORDS: usize = 48;
const MAX_SENTENCES: usize = 8;
/// Fewest different words of a sentence that is searched for on its own.
const MIN_SENTENCE_WORDS: usize = 3;
/// Longest run of ASCII characters without a space that may be words: longer ones are data.
const MAX_RUN: usize = 60;
/// How many words before a file may tell whether it is read or written.
const VERB_DISTANCE: usize = 10;

/// Endings of file names and what a tool calls such a file.
const FILE_KINDS: &[(&str, &str)] = &[
    ("csv", "csv data"),
    ("doc", "word document"),
    ("docx", "word document"),
    ("gif", "image"),
    ("htm", "html page"),
    ("html", "html page"),
    ("jpeg", "image"),
    ("jpg", "image"),
    ("json", "json"),
    ("log", "log text"),
    ("md", "markdown"),
    ("mp3", "audio"),
    ("mp4", "video"),
    ("parquet", "parquet data"),
    ("pdf", "pdf"),
    ("png", "image"),
    ("ppt", "powerpoint presentation"),
    ("pptx", "powerpoint presentation"),
    ("py", "python code"),
    ("sql", "sql"),
    ("sqlite", "sqlite database"),
    ("svg", "svg image"),
    ("toml", "toml"),
    ("tsv", "csv data"),
    ("txt", "text"),
    ("wav", "audio"),
    ("xls", "excel spreadsheet"),
    ("xlsx", "excel spreadsheet"),
    ("xml", "xml"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
    ("zip", "archive"),
];
/// Words that say, before a file's name, that it is written or read.
static WRITING: LazyLock<HashSet<String>> =
    LazyLock::new(|| words::terms("save write written store export output put title").into_iter().collect());
static READING: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let verbs = "read open load analyze analyse parse from under convert extract summarize summarise";
    words::terms(verbs).into_iter().collect()
});

/// A word of the query, as it stands and as it is looked up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) written: String,
    pub(super) term: String,
}

/// Words that are searched for together: numbers in the list of all words, and how much each counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Clause {
    pub(super) words: Vec<(usize, f32)>,
    pub(super) actions: Actions,
}

/// What is asked for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Intent {
    /// Every different word, in order.
    pub(super) words: Vec<Word>,
    /// The whole query.
    pub(super) whole: Clause,
    /// Its sentences, where there are several.
    pub(super) sentences: Vec<Clause>,
    /// The reading and writing of files that it names.
    pub(super) files: Vec<Clause>,
}

impl Intent {
    pub(super) fn of(query: &str) -> Self {
        let mut intent = Self::default();
        let head = match query.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => query.get(..end).unwrap_or(query),
            None => query,
        };
        let mut sentences: Vec<Clause> = Vec::new();
        let mut files: Vec<&str> = Vec::new();
        for line in head.lines() {
            let mut before: Vec<String> = Vec::new();
            let mut sentence = Clause::default();
            for run in line.split_whitespace() {
                match Run::of(run) {
                    Run::Words => {
                        intent.read(run, &mut sentence);
                        words::split(run, |word| before.push(words::stem(word)));
                    }
                    Run::File(kind) => {
                        intent.read(kind, &mut sentence);
                        files.extend(verb(&before));
                    }
                    Run::Stands(for_words) => intent.read(for_words, &mut sentence),
                    Run::Data => {}
                }
                if run.ends_with(['.', '!', '?', ';', '。', '！', '？', '；']) {
                    join(&mut sentences, std::mem::take(&mut sentence));
                }
            }
            join(&mut sentences, sentence);
        }
        if sentences.len() > 1 {
            let is_short = sentences.last().is_some_and(|last| last.words.len() < MIN_SENTENCE_WORDS);
            if is_short && let Some(last) = sentences.pop() {
                join(&mut sentences, last);
            }
        }
        if sentences.len() > 1 {
            intent.sentences = sentences;
        }
        files.sort_unstable();
        files.dedup();
        for file in files {
            let mut clause = Clause::default();
            let whole = std::mem::take(&mut intent.whole);
            intent.read(file, &mut clause);
            intent.whole = whole;
            intent.files.push(clause);
        }
        intent
    }

    /// Reads words into the whole query and into a sentence of it. A repeated
    /// word counts more, but less than twice.
    fn read(&mut self, text: &str, sentence: &mut Clause) {
        words::split(text, |written| {
            let term = words::stem(written);
            let actions = action::of_term(&term);
            self.whole.actions = self.whole.actions | actions;
            sentence.actions = sentence.actions | actions;
            if words::is_stop_word(written) {
                return;
            }
            let known = self.words.iter().position(|word| word.term == term);
            let number = match known {
                Some(number) => number,
                None if self.words.len() < MAX_WORDS => {
                    self.words.push(Word { written: written.to_owned(), term });
                    self.words.len() - 1
                }
                None => return,
            };
            for clause in [&mut self.whole, sentence] {
                match clause.words.iter_mut().find(|(known, _)| *known == number) {
                    Some((_, weight)) => *weight += 0.5 / *weight,
                    None => clause.words.push((number, 1.0)),
                }
            }
        });
    }
}

/// Adds a sentence; one after a very short one belongs to it.
fn join(sentences: &mut Vec<Clause>, sentence: Clause) {
    if sentence.words.is_empty() {
        return;
    }
    let is_full = sentences.len() >= MAX_SENTENCES;
    match sentences.last_mut() {
        Some(last)
            if is_full
                || last.words.len() < MIN_SENTENCE_WORDS
                || sentence.words.len() < MIN_SENTENCE_WORDS =>
        {
            last.actions = last.actions | sentence.actions;
            for (number, weight) in sentence.words {
                match last.words.iter_mut().find(|(known, _)| *known == number) {
                    Some((_, known)) => *known += 0.5 / *known,
                    None => last.words.push((number, weight)),
                }
            }
        }
        _ => sentences.push(sentence),
    }
}

/// What is done with a file that is named after these words.
fn verb(before: &[String]) -> Option<&'static str> {
    let near = before.iter().rev().take(VERB_DISTANCE);
    let says = |verbs: &HashSet<String>| near.clone().any(|word| verbs.contains(word));
    if says(&WRITING) {
        return Some("write file");
    }
    says(&READING).then_some("read file")
}

/// What a run of characters without a space is.
enum Run {
    Words,
    /// A file, in the words of its kind.
    File(&'static str),
    /// Something that other words stand for.
    Stands(&'static str),
    Data,
}

impl Run {
    fn of(run: &str) -> Self {
        let outer =
            |c: char| matches!(c, '"' | '\'' | '`' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '!' | '?');
        let bare = run.trim_matches(outer).trim_end_matches('.');
        if bare.starts_with("http://") || bare.starts_with("https://") {
            return Self::Stands("url web page");
        }
        let is_path = ["/", "~/", "./", "../"].iter().any(|head| {
            bare.strip_prefix(head).is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()))
        });
        let name = bare.rsplit('/').next().unwrap_or(bare);
        let kind = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).and_then(|(_, ending)| {
            let ending = ending.to_ascii_lowercase();
            let at = FILE_KINDS.binary_search_by(|(known, _)| (*known).cmp(ending.as_str())).ok()?;
            FILE_KINDS.get(at).map(|(_, kind)| *kind)
        });
        match kind {
            Some(kind) => Self::File(kind),
            None if is_path && !name.contains('.') => Self::Stands("folder"),
            None if is_path => Self::File("file"),
            None if run.len() > MAX_RUN && run.is_ascii() => Self::Data,
            None => Self::Words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(intent: &Intent, clause: &Clause) -> Vec<String> {
        clause.words.iter().filter_map(|(number, _)| Some(intent.words.get(*number)?.term.clone())).collect()
    }

    #[test]
    fn tables_are_in_order() {
        assert!(FILE_KINDS.is_sorted());
        let verb = |written: &str| verb(&words::terms(written));
        for writing in ["saving it to", "is written as", "exported into", "titled", "stores"] {
            assert_eq!(verb(writing), Some("write file"), "{writing}");
        }
        for reading in ["reading", "analyze the", "parses", "summarized from"] {
            assert_eq!(verb(reading), Some("read file"), "{reading}");
        }
        assert_eq!(verb("the"), None);
    }

    #[test]
    fn files_become_what_is_done_with_them() {
        let intent =
            Intent::of("Plot the sales and save them as /root/out/report.pdf, with https://x.example/a/b");
        assert_eq!(terms(&intent, &intent.whole), ["plot", "sal", "sav", "pdf", "url", "web", "pag"]);
        let files: Vec<_> = intent.files.iter().map(|clause| terms(&intent, clause)).collect();
        assert_eq!(files, [["writ", "fil"]]);
        assert_eq!(Intent::of("and/or v1.2").files, []);
    }

    #[test]
    fn sentences_are_parted_and_data_left_out() {
        let long = "x".repeat(90);
        let intent =
            Intent::of(&format!("Find cheap hotel rooms. Thanks! Forecast the weather tomorrow {long}"));
        let sentences: Vec<_> = intent.sentences.iter().map(|clause| terms(&intent, clause)).collect();
        assert_eq!(
            sentences,
            [vec!["find", "cheap", "hotel", "room", "thank"], vec!["forecast", "weath", "tomorrow"]]
        );
        assert!(Intent::of("create issue").sentences.is_empty());
    }
}
