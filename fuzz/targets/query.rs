//! Queries of the notes: whatever is typed is read as something that can be
//! looked for, within bounds.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use terraphim_notes::fuzzing::{Query, read_query};

/// Most words, phrases and prefixes, and deepest nesting: brackets, and three lists within each.
const LEAVES: usize = 256;
const DEPTH: usize = 3 * 17;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    let read = read_query(text);
    assert_eq!(read, read_query(&format!(" {text}\n")), "blanks around a query mean nothing");
    if let Some(query) = &read {
        let mut leaves = 0;
        check(query, text, 0, &mut leaves);
        assert!((1..=LEAVES).contains(&leaves), "{leaves} in {text:?}");
    }
    if !text.contains(['(', ')']) {
        assert_eq!(read, read_query(&format!("({text})")), "brackets around a query mean nothing");
        check_words(text, read.as_ref());
    }
    Corpus::Keep
});

fn check(query: &Query, text: &str, depth: usize, leaves: &mut usize) {
    assert!(depth <= DEPTH, "{text:?} nests deep");
    match query {
        Query::Word(words) => {
            assert!((1..=2).contains(&words.len()), "{query:?} of {text:?}");
            check_tokens(words, leaves);
        }
        Query::Phrase(words) => check_tokens(words, leaves),
        Query::Prefix(word) => {
            assert!(word.chars().count() >= 2, "{query:?} of {text:?}");
            check_tokens(std::slice::from_ref(word), leaves);
        }
        Query::List { must, should } => {
            assert!(must.len() + should.len() > 1, "{query:?} of {text:?} is no list");
            for list in [must, should] {
                for (place, item) in list.iter().enumerate() {
                    assert!(!list[..place].contains(item), "{item:?} stands twice in {query:?}");
                    check(item, text, depth + 1, leaves);
                }
            }
        }
    }
}

fn check_tokens(words: &[String], leaves: &mut usize) {
    assert!(!words.is_empty() && words.iter().all(|word| !word.is_empty()));
    *leaves += 1;
}

/// Single words that nothing joins are all of the kind of which some suffice.
fn check_words(text: &str, read: Option<&Query>) {
    let quotes = ['"', '“', '”', '„', '«', '»'];
    let plain = !text.contains(quotes) && !text.split_whitespace().any(|word| matches!(word, "AND" | "OR"));
    if !plain {
        return;
    }
    let separate: Vec<Query> = text.split_whitespace().filter_map(read_query).collect();
    match read {
        None => assert!(separate.is_empty(), "{separate:?} of {text:?}"),
        Some(Query::List { must, should }) => {
            assert!(must.is_empty(), "{read:?} of {text:?}");
            let parts = separate.iter().flat_map(|one| match one {
                Query::List { should, .. } => should.as_slice(),
                other => std::slice::from_ref(other),
            });
            for part in parts.take(LEAVES / 2) {
                assert!(should.contains(part) || should.len() >= LEAVES / 2, "{part:?} of {text:?}");
            }
        }
        Some(single) => assert!(separate.iter().all(|one| one == single), "{separate:?} of {text:?}"),
    }
}
