//! Pieces of text: short, whole, and with the right places.

use proptest::{collection::vec, prelude::*, sample::select};
use terraphim_kg::snippet;

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_are_short_and_show_what_was_found(
        words in vec(select(&["rust", "é", "日本", "word", "  ", "\n", "longer-word", "."][..]), 0..30),
        max_chars in 0_usize..40,
    ) {
        let text = words.join(" ");
        let found: Vec<_> = text.match_indices("rust").map(|(at, word)| at..at + word.len()).collect();
        let made = snippet(&text, &found, max_chars);
        prop_assert!(made.text.chars().count() <= max_chars + 2, "{:?}", made);
        let inner = made.text.trim_matches('…');
        let source: Vec<_> = text[made.source.clone()].split_whitespace().collect();
        prop_assert_eq!(inner, source.join(" "));
        for highlight in &made.highlights {
            prop_assert_eq!(&made.text[highlight.clone()], "rust");
        }
        let shown = found.iter().filter(|one| made.source.start <= one.start && one.end <= made.source.end).count();
        prop_assert_eq!(made.highlights.len(), shown);
        // No stretch of that length has more.
        let chars = |at: usize| text[..at].chars().count();
        let most = found
            .iter()
            .map(|first| found.iter().filter(|one| one.start >= first.start && chars(one.end) - chars(first.start) <= max_chars).count())
            .max()
            .unwrap_or_default();
        prop_assert!(shown >= most, "{} of {} in {:?}", shown, most, made);
    }

    #[test]
    fn any_ranges_are_borne(text in any::<String>(), ranges in vec((0_usize..60, 0_usize..60), 0..6), max_chars in 0_usize..50) {
        let ranges: Vec<_> = ranges.into_iter().map(|(start, end)| start..end).collect();
        let made = snippet(&text, &ranges, max_chars);
        for highlight in &made.highlights {
            prop_assert!(made.text.get(highlight.clone()).is_some());
        }
    }
}

#[test]
fn pieces_end_between_words() {
    let text = "The quick brown fox jumps over the lazy dog and runs away.";
    let fox = 16..19;
    let made = snippet(text, std::slice::from_ref(&fox), 21);
    assert_eq!(made.text, "…brown fox jumps…");
    assert_eq!(made.text[made.highlights[0].clone()], text[fox]);
    assert_eq!(made.highlights.len(), 1);
    assert_eq!(snippet(text, &[], 12).text, "The quick…");
    assert_eq!(snippet("short", &[], 12).text, "short");
}
