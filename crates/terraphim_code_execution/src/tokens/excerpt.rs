//! Texts cut to what is worth counting: whole where they are short, evenly
//! spaced windows where they are long, with the length to scale by.

use terraphim_types::TokenCount;

/// Most text of one account that is counted, in bytes; above it, samples are.
pub const ACCOUNT_BYTES: usize = 4 << 20;

/// Length of a sampled window, in bytes, where the budget allows it.
const WINDOW_BYTES: usize = 64 << 10;

/// A text to be counted, or a sample of it.
///
/// Never holds more than [`ACCOUNT_BYTES`], since no more is ever counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    source_bytes: usize,
    windows: Vec<String>,
}

impl From<String> for Excerpt {
    fn from(text: String) -> Self {
        if text.len() > ACCOUNT_BYTES { Self::of(&text, ACCOUNT_BYTES) } else { Self::whole(text) }
    }
}

impl From<&str> for Excerpt {
    /// Copies at most [`ACCOUNT_BYTES`] of the text.
    fn from(text: &str) -> Self {
        Self::of(text, ACCOUNT_BYTES)
    }
}

impl Excerpt {
    fn whole(text: String) -> Self {
        Self { source_bytes: text.len(), windows: vec![text] }
    }

    /// The text if it has at most `at_most` bytes, else windows from the middle
    /// of equal sections of it, together about `at_most` bytes and at least a
    /// character each.
    fn of(text: &str, at_most: usize) -> Self {
        if text.len() <= at_most {
            return Self::whole(text.to_owned());
        }
        let sections = (at_most / WINDOW_BYTES).max(1);
        let section = text.len() / sections;
        let size = (at_most / sections).min(section);
        let starts = (0..sections).map(|index| section * index + (section - size) / 2);
        Self { source_bytes: text.len(), windows: starts.map(|start| window(text, start, size)).collect() }
    }

    /// Cuts what is held to about `at_most` bytes.
    fn cut(&mut self, at_most: usize) {
        if self.held_bytes() > at_most {
            self.windows = Self::of(&self.windows.concat(), at_most).windows;
        }
    }

    /// Length of what is held, in bytes.
    pub(super) fn held_bytes(&self) -> usize {
        self.windows.iter().map(String::len).sum()
    }

    /// Whether all of the text is held, so that its count is exact.
    pub fn is_whole(&self) -> bool {
        self.held_bytes() == self.source_bytes
    }

    /// What there is to count.
    pub(super) fn windows(&self) -> &[String] {
        &self.windows
    }

    /// The windows without a copy.
    pub(super) fn into_windows(self) -> Vec<String> {
        self.windows
    }

    /// How to scale the tokens of the windows to the whole text.
    pub(super) fn scale(&self) -> Scale {
        Scale { source_bytes: self.source_bytes as u128, held_bytes: self.held_bytes() as u128 }
    }
}

/// The share of a text that was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    source_bytes: u128,
    held_bytes: u128,
}

impl Scale {
    /// `counted` × length of the text ÷ length of what was counted, to the nearest token.
    pub(super) fn apply(self, counted: TokenCount) -> TokenCount {
        if self.source_bytes == self.held_bytes {
            return counted;
        }
        let scaled = u128::from(counted.0).saturating_mul(self.source_bytes);
        let nearest = scaled.saturating_add(self.held_bytes / 2).checked_div(self.held_bytes).unwrap_or(0);
        TokenCount(u64::try_from(nearest).unwrap_or(u64::MAX))
    }
}

/// Cuts the longest texts so far that all of them together hold about `budget`
/// bytes; short ones stay whole.
pub(super) fn fit<'a>(excerpts: impl Iterator<Item = &'a mut Excerpt>, budget: usize) {
    let excerpts: Vec<_> = excerpts.collect();
    if let Some(level) = water_level(excerpts.iter().map(|excerpt| excerpt.held_bytes()).collect(), budget) {
        excerpts.into_iter().for_each(|excerpt| excerpt.cut(level));
    }
}

/// The length to which the longest are cut, if anything must be cut at all.
fn water_level(mut sizes: Vec<usize>, mut budget: usize) -> Option<usize> {
    sizes.sort_unstable();
    let count = sizes.len();
    for (index, size) in sizes.into_iter().enumerate() {
        let share = budget / (count - index);
        if size > share {
            return Some(share);
        }
        budget -= size;
    }
    None
}

fn window(text: &str, start: usize, size: usize) -> String {
    let start = text.floor_char_boundary(start);
    let end = text.floor_char_boundary(start.saturating_add(size));
    let end = if end > start { end } else { text.ceil_char_boundary(start.saturating_add(1)) };
    text.get(start..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_texts_stay_whole() {
        let excerpt = Excerpt::from("short");
        assert!(excerpt.is_whole());
        assert_eq!(excerpt.windows(), ["short"]);
        assert_eq!(excerpt.scale().apply(TokenCount(7)), TokenCount(7));
        assert!(Excerpt::from("").is_whole());
    }

    #[test]
    fn long_texts_become_evenly_spaced_windows() {
        let text: String = (0..10).map(|digit| digit.to_string().repeat(WINDOW_BYTES)).collect();
        let excerpt = Excerpt::of(&text, 5 * WINDOW_BYTES);
        let ends = |window: &String| (window[..1].to_owned(), window[WINDOW_BYTES - 1..].to_owned());
        let ends: Vec<_> = excerpt.windows().iter().map(ends).collect();
        let digits = [("0", "1"), ("2", "3"), ("4", "5"), ("6", "7"), ("8", "9")];
        assert_eq!(ends, digits.map(|(first, last)| (first.to_owned(), last.to_owned())));
        assert!(!excerpt.is_whole());
        assert_eq!(excerpt.scale().apply(TokenCount(100)), TokenCount(200));
        assert_eq!(Excerpt::from(text.repeat(8)).held_bytes(), ACCOUNT_BYTES);
    }

    #[test]
    fn only_the_longest_texts_are_cut() {
        assert_eq!(water_level(vec![10, 20, 30], 60), None);
        assert_eq!(water_level(vec![1_000, 10, 500], 210), Some(100));
        assert_eq!(water_level(vec![], 0), None);
    }

    #[test]
    fn cutting_by_and_by_scales_like_cutting_at_once() {
        let text = "0123456789".repeat(1_000);
        let mut by_and_by = Excerpt::of(&text, 5_000);
        by_and_by.cut(1_000);
        by_and_by.cut(100);
        assert_eq!(by_and_by.held_bytes(), 100);
        assert_eq!(by_and_by.scale().apply(TokenCount(40)), TokenCount(4_000));
    }

    proptest! {
        #[test]
        fn excerpts_keep_to_the_budget(text: String, at_most in 0_usize..64) {
            let excerpt = Excerpt::of(&text, at_most);
            prop_assert!(excerpt.held_bytes() <= at_most.max(4));
            prop_assert_eq!(excerpt.held_bytes() == 0, text.is_empty());
            prop_assert!(excerpt.windows().iter().all(|window| text.contains(window.as_str())));
        }

        #[test]
        fn fitted_texts_keep_to_the_budget_and_spare_the_short(
            sizes in prop::collection::vec(0_usize..5_000, 0..20),
            budget in 0_usize..20_000,
        ) {
            let mut excerpts: Vec<_> = sizes.iter().map(|size| Excerpt::from("x".repeat(*size))).collect();
            fit(excerpts.iter_mut(), budget);
            let held: usize = excerpts.iter().map(Excerpt::held_bytes).sum();
            prop_assert!(held <= budget + excerpts.len());
            let fair = budget / sizes.len().max(1);
            for (excerpt, size) in excerpts.iter().zip(&sizes) {
                prop_assert!(*size > fair || excerpt.is_whole());
            }
        }

        #[test]
        fn scaling_never_overflows(counted: u64, source in 1_usize..=usize::MAX, held in 1_usize..=usize::MAX) {
            let scale = Scale { source_bytes: source as u128, held_bytes: held as u128 };
            let _ = scale.apply(TokenCount(counted));
        }
    }
}
