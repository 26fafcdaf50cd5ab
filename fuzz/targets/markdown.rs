//! Documents, searched with a small thesaurus: links put in, paragraphs,
//! snippets, and the note that is made of one.
//!
//! The first byte of the input chooses the boundaries and how long snippets
//! are; the rest is the document.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::{Corpus, fuzz_target};
use terraphim_fuzz::{LINKS, check_matches, check_replaced};
use terraphim_kg::{BlockKind, Boundaries, Matcher, Thesaurus, snippet};
use terraphim_notes::fuzzing;

const TERMS: &str = r##"{"name": "fuzz", "data": {
    "rs": {"id": 1, "nterm": "rust", "url": "https://example.org/a b(1)?x=\"1\"&y"},
    "knowledge graph": {"id": 2, "nterm": "knowledge-graph", "url": "kg.md"},
    "graph": {"id": 3, "nterm": "graph"},
    "c++": {"id": 4, "nterm": "c++", "url": "cpp.md"},
    "a*b": {"id": 5, "nterm": "a*b", "url": "javascript:alert(1)"},
    "x|y": {"id": 6, "nterm": "x|y", "url": "xy.md"},
    "a graph": {"id": 7, "nterm": "a", "url": "a.md"},
    "é": {"id": 8, "nterm": "a rs", "url": "é.md"},
    "検索": {"id": 9, "nterm": "索引", "url": "#top"}}}"##;

static MATCHERS: LazyLock<[Matcher; 2]> = LazyLock::new(|| {
    let thesaurus = Arc::new(Thesaurus::from_json(TERMS).expect("a thesaurus"));
    [Boundaries::Words, Boundaries::Anywhere]
        .map(|boundaries| Matcher::new(Arc::clone(&thesaurus), boundaries).expect("a small one"))
});

/// What a note's text may be longer than the file: cells that a table's rows lack are filled in.
const FILLED_CELLS: usize = 1 << 20;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((choice, text)) = data.split_first() else { return Corpus::Reject };
    let Ok(text) = std::str::from_utf8(text) else { return Corpus::Reject };
    let [words, anywhere] = &*MATCHERS;
    let matcher = if choice & 1 == 0 { words } else { anywhere };
    for link in LINKS {
        check_replaced(matcher, text, link);
    }
    check_links(matcher, text);
    check_paragraphs(matcher, text);
    check_snippet(matcher, text, usize::from(choice >> 1));
    check_note(text);
    Corpus::Keep
});

/// No link leads nowhere, and none runs a program.
fn check_links(matcher: &Matcher, text: &str) {
    for link in LINKS {
        let made = matcher.replace(text, link).text;
        for bad in ["[[]]", "[[|", "|]]", "[](", "]()", "href=\"\"", "javascript:"] {
            assert!(made.matches(bad).count() <= text.matches(bad).count(), "{bad} in {made:?}");
        }
    }
}

fn check_paragraphs(matcher: &Matcher, text: &str) {
    let (mut byte, mut char) = (0, 0);
    for paragraph in matcher.paragraphs(text) {
        let (bytes, chars) = (paragraph.bytes.clone(), paragraph.chars.clone());
        assert!(byte <= bytes.start, "a paragraph is given twice, or a part of it: {paragraph:?}");
        char += text.get(byte..bytes.start).expect("it begins at a character").chars().count();
        assert_eq!(chars.start, char, "{paragraph:?}");
        assert_eq!(text.get(bytes.clone()), Some(paragraph.text));
        char += paragraph.text.chars().count();
        assert_eq!(chars.end, char, "{paragraph:?}");
        byte = bytes.end;
        assert_ne!(paragraph.kind, BlockKind::FrontMatter);
        assert_eq!(paragraph.text.trim_end(), paragraph.text);
        let (first, last) = (paragraph.matches.first(), paragraph.matches.last());
        assert!(first.is_some_and(|first| bytes.start <= first.bytes.start), "{paragraph:?}");
        assert!(last.is_some_and(|last| last.bytes.end <= bytes.end), "{paragraph:?}");
        check_matches(matcher, text, &paragraph.matches);
        let terms: usize = paragraph.matches.iter().map(|found| found.bytes.len()).sum();
        assert_eq!(paragraph.without_terms().len() + terms, paragraph.text.len());
    }
}

fn check_snippet(matcher: &Matcher, text: &str, most_chars: usize) {
    let found: Vec<_> = matcher.find(text).into_iter().map(|found| found.bytes).collect();
    let made = snippet(text, &found, most_chars);
    let source = text.get(made.source.clone()).expect("a snippet lies between characters");
    assert!(source.chars().count() <= most_chars, "{made:?}");
    let shown = made.text.trim_matches('…').split_whitespace();
    assert!(shown.eq(source.trim_matches('…').split_whitespace()), "{made:?} of {source:?}");
    assert!(!made.text.contains("  ") && !made.text.contains(['\n', '\r', '\t']), "{made:?}");
    let shows =
        |range: &&std::ops::Range<usize>| made.source.start <= range.start && range.end <= made.source.end;
    let inside: Vec<_> = found.iter().filter(shows).collect();
    assert_eq!(made.highlights.len(), inside.len(), "{made:?} of {found:?}");
    let mut end = 0;
    for (highlight, original) in made.highlights.iter().zip(inside) {
        assert!(end <= highlight.start && highlight.start < highlight.end, "{made:?}");
        end = highlight.end;
        let shown = made.text.get(highlight.clone()).expect("it lies between characters");
        assert!(shown.split_whitespace().eq(text[original.clone()].split_whitespace()), "{shown:?}");
    }
}

fn check_note(text: &str) {
    let note = fuzzing::read_note("folder/stem.md", text);
    assert_eq!(note, fuzzing::read_note("folder/stem.md", text));
    assert!(text.is_char_boundary(note.text_from));
    assert!(!note.title.trim().is_empty() && note.title.chars().count() <= 300, "{note:?}");
    assert!(!note.title.chars().any(char::is_control), "{note:?}");
    assert!(note.tags.len() <= 64);
    for (place, tag) in note.tags.iter().enumerate() {
        assert!(!tag.is_empty() && tag.chars().count() <= 100 && !tag.chars().any(char::is_control));
        assert!(!note.tags[..place].contains(tag), "{tag:?} stands twice");
    }
    if let Some(url) = &note.url {
        assert!(url.len() <= 2_048 && url.contains(':'), "{url:?}");
        assert!(!url.chars().any(|c| c.is_whitespace() || c.is_control()), "{url:?}");
        let scheme = url.split(':').next().map(str::to_ascii_lowercase);
        assert!(!matches!(scheme.as_deref(), Some("javascript" | "data" | "vbscript")), "{url:?}");
    }
    assert!(note.body.len() <= text.len() * 4 + FILLED_CELLS, "{} bytes", note.body.len());
    let shown = fuzzing::snippet(&note.body, &["rust", "rs", "graph", "検"]);
    assert!(shown.chars().count() <= 300 && !shown.chars().any(char::is_control), "{shown:?}");
}
