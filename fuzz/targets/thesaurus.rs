//! Thesauri in both their forms, and what a matcher over them does to a text.
//!
//! The first byte of the input chooses the form and the boundaries. Then comes
//! the thesaurus, a zero byte and the text. The forms are JSON as it stands;
//! lines `term=name=address`, of which JSON is made; and Markdown files, each
//! with its stem as the first line, between bytes of one.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Map, Value, json};
use terraphim_fuzz::{LINKS, check_matches, check_replaced};
use terraphim_kg::{Boundaries, MAX_TERM_BYTES, Matcher, Thesaurus, fold};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((choice, rest)) = data.split_first() else { return Corpus::Reject };
    let rest = String::from_utf8_lossy(rest);
    let (source, text) = rest.split_once('\0').unwrap_or((&rest, ""));
    let read = match choice >> 1 & 3 {
        0 => Thesaurus::from_json(source),
        1 => Thesaurus::from_markdown("notes", files(source)),
        _ => Thesaurus::from_json(&from_lines(source)),
    };
    let Ok(thesaurus) = read else { return Corpus::Keep };
    check_thesaurus(&thesaurus);
    let boundaries = if choice & 1 == 0 { Boundaries::Words } else { Boundaries::Anywhere };
    let matcher = |thesaurus: &Arc<Thesaurus>| {
        Matcher::new(Arc::clone(thesaurus), boundaries).expect("few terms make a small matcher")
    };
    let thesaurus = Arc::new(thesaurus);
    let by_steps = matcher(&thesaurus);
    let found = by_steps.find(text);
    check_matches(&by_steps, text, &found);
    assert_eq!(matcher(&thesaurus).with_steps_per_byte(0).find(text), found, "one pass finds the same");
    for link in LINKS {
        check_replaced(&by_steps, text, link);
    }
    Corpus::Keep
});

fn files(source: &str) -> impl Iterator<Item = (&str, &str)> {
    source.split('\u{1}').map(|file| file.split_once('\n').unwrap_or((file, "")))
}

fn from_lines(source: &str) -> String {
    let mut data = Map::new();
    for (number, line) in (1..).zip(source.lines()) {
        let mut parts = line.splitn(3, '=');
        let (term, name, url) = (parts.next(), parts.next(), parts.next());
        let mut entry = json!({ "id": number, "nterm": name.or(term) });
        if let (Some(url), Value::Object(entry)) = (url, &mut entry) {
            entry.insert("url".into(), url.into());
        }
        data.insert(term.unwrap_or_default().to_owned(), entry);
    }
    json!({ "name": "n", "data": data }).to_string()
}

fn check_thesaurus(thesaurus: &Thesaurus) {
    let mut previous: Option<String> = None;
    for term in thesaurus.terms() {
        assert!(term.written.len() <= MAX_TERM_BYTES && term.written.chars().any(char::is_alphanumeric));
        let folded = fold(&term.written);
        assert!(previous.as_ref().is_none_or(|previous| *previous < folded), "{previous:?}, {folded:?}");
        assert_eq!(thesaurus.lookup(&term.written), Some(term.concept), "{term:?}");
        previous = Some(folded);
    }
    let mut grouped = 0;
    for concept in thesaurus.indices() {
        let name = &thesaurus.concept(concept).expect("an index of its own").name;
        assert!(thesaurus.lookup(name).is_some(), "{name:?} is nobody's term");
        grouped += thesaurus.terms_of(concept).filter(|term| term.concept == concept).count();
    }
    assert_eq!(grouped, thesaurus.terms().len(), "each term stands in one group");
    let (reported, all) = (thesaurus.rejected().len(), thesaurus.rejected_count());
    assert!(
        reported <= 100 && reported <= all && (reported == 100 || reported == all),
        "{reported} of {all}"
    );
    let written = thesaurus.to_json().expect("a thesaurus can be written");
    let again = Thesaurus::from_json(&written).expect("what is written can be read");
    assert_eq!(again.to_json().ok(), Some(written));
    assert!(again.terms().map(|term| &term.written).eq(thesaurus.terms().map(|term| &term.written)));
}
