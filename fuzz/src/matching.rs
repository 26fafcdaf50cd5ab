//! What holds of every matcher over every text.

use std::ops::Range;

use terraphim_kg::{LinkType, Match, Matcher};

/// Every way to replace.
pub const LINKS: [LinkType; 4] = [LinkType::Wiki, LinkType::Html, LinkType::Markdown, LinkType::Plain];

/// Asserts that matches stand in order and apart, that their two kinds of
/// positions agree, and that each is a term of its concept.
pub fn check_matches(matcher: &Matcher, text: &str, matches: &[Match]) {
    let (mut byte, mut char) = (0, 0);
    for found in matches {
        let Range { start, end } = found.bytes;
        assert!(byte <= start && start < end, "{found:?} begins before {byte} or is empty");
        let before = text.get(byte..start).expect("a match begins at a character");
        let inside = text.get(start..end).expect("a match ends at a character");
        char += before.chars().count();
        assert_eq!(found.chars.start, char, "{found:?}");
        char += inside.chars().count();
        assert_eq!(found.chars.end, char, "{found:?}");
        byte = end;
        assert_eq!(matcher.thesaurus().lookup(inside), Some(found.concept), "{inside:?}");
    }
}

/// Asserts that replacing touches nothing without counting it, and that doing
/// it again changes nothing.
pub fn check_replaced(matcher: &Matcher, text: &str, link: LinkType) {
    let once = matcher.replace(text, link);
    assert_eq!(once.replaced == 0, once.text == text, "{link:?} of {text:?}: {once:?}");
    let twice = matcher.replace(&once.text, link);
    assert_eq!(twice.text, once.text, "{link:?} of {text:?}");
    assert_eq!(twice.replaced, 0, "{link:?} of {text:?}");
}
