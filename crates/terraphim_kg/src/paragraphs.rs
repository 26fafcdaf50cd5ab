//! The paragraphs of a document in which terms stand.

use std::ops::Range;

use crate::{
    markup::{self, BlockKind},
    matcher::{Match, Matcher},
};

/// A paragraph, or another block of text that is kept whole, with its terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph<'t> {
    /// What it is.
    pub kind: BlockKind,
    /// The text, without blank lines around it.
    pub text: &'t str,
    /// Where it stands in the document, in bytes.
    pub bytes: Range<usize>,
    /// Where it stands in the document, in characters.
    pub chars: Range<usize>,
    /// Its terms from left to right, at least one, with their places in the document.
    pub matches: Vec<Match>,
}

impl Paragraph<'_> {
    /// The text without its terms.
    pub fn without_terms(&self) -> String {
        let mut rest = String::with_capacity(self.text.len());
        let mut at = 0;
        for found in &self.matches {
            let start = found.bytes.start.saturating_sub(self.bytes.start);
            rest.push_str(self.text.get(at..start).unwrap_or_default());
            at = found.bytes.end.saturating_sub(self.bytes.start);
        }
        rest.push_str(self.text.get(at..).unwrap_or_default());
        rest
    }
}

impl Matcher {
    /// The paragraphs of a Markdown document in which terms stand, each once, in
    /// order. A list, a table, a quote and a block of code are kept whole;
    /// metadata at the start is none.
    pub fn paragraphs<'t>(&self, text: &'t str) -> Vec<Paragraph<'t>> {
        let blocks: Vec<_> = markup::blocks(text)
            .blocks
            .into_iter()
            .filter(|block| block.kind != BlockKind::FrontMatter)
            .collect();
        let mut matches =
            self.find_within(text, blocks.iter().map(|block| block.bytes.clone())).into_iter().peekable();
        let mut paragraphs: Vec<Paragraph<'t>> = Vec::new();
        let (mut byte, mut char) = (0, 0);
        let mut chars_at = |at: usize| {
            char += text.get(byte..at).map_or(0, |passed| passed.chars().count());
            byte = at;
            char
        };
        for block in blocks {
            let mut inside = Vec::new();
            while let Some(found) = matches.next_if(|found| found.bytes.end <= block.bytes.end) {
                inside.push(found);
            }
            let whole = text.get(block.bytes.clone()).unwrap_or_default();
            let kept = whole.trim_end();
            if inside.is_empty() {
                continue;
            }
            let bytes = block.bytes.start..block.bytes.start + kept.len();
            let chars = chars_at(bytes.start)..chars_at(bytes.end);
            paragraphs.push(Paragraph { kind: block.kind, text: kept, bytes, chars, matches: inside });
        }
        paragraphs
    }
}
