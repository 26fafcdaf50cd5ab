//! Where the text of a Markdown document is, and where its markup.
//!
//! Block structure follows CommonMark with tables and front matter; it is read
//! line by line and never fails: what opens no other block is text. Where the
//! structure is in doubt, more is taken for markup rather than less.

mod blocks;
mod html;
mod inline;

use std::{collections::HashSet, ops::Range};

pub(crate) use blocks::blocks;

/// What a top-level block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockKind {
    /// Metadata between `---` or `+++` lines at the start.
    FrontMatter,
    /// A heading.
    Heading,
    /// Lines of text.
    Text,
    /// A list with all its items.
    List,
    /// A table with all its rows.
    Table,
    /// Quoted lines.
    Quote,
    /// Code, fenced or indented.
    Code,
    /// HTML.
    Html,
    /// Addresses for links, and properties.
    Definition,
}

/// A top-level block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) bytes: Range<usize>,
}

/// Lines of text that are read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) bytes: Range<usize>,
    pub(crate) kind: RunKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunKind {
    Text,
    Table,
    /// Text between the tags of an HTML block, in which Markdown has no meaning.
    Html,
}

/// The structure of a document.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) blocks: Vec<Block>,
    pub(crate) runs: Vec<Run>,
    /// Folded labels of link definitions.
    pub(crate) labels: HashSet<String>,
}

/// The stretches of a document that are plain text: no code, no link, no
/// address, no tag. In order, apart, and each with what surrounds it.
pub(crate) fn plain_stretches(text: &str) -> Vec<Run> {
    let layout = blocks(text);
    let mut reader = inline::Reader::new(text, &layout.labels);
    let mut stretches = Vec::new();
    let mut free_from = 0;
    for run in &layout.runs {
        let mut at = run.bytes.start.max(free_from);
        for span in reader.protected(at..run.bytes.end) {
            if at < span.start {
                stretches.push(Run { bytes: at..span.start, kind: run.kind });
            }
            at = at.max(span.end);
        }
        if at < run.bytes.end {
            stretches.push(Run { bytes: at..run.bytes.end, kind: run.kind });
        }
        free_from = at;
    }
    stretches
}
