//! Finds the programs in a model's answer, and which of them is meant to be run.
//!
//! [`extract`] gives every code block of a Markdown text in order, with its
//! language, its place and a score of the intent to run it; [`choose`] gives the
//! one that is meant. Everything is pure, bounded and linear in the text, which
//! may be anything: it was written by a model.
//!
//! ```
//! use terraphim_extract::{choose, extract};
//!
//! let answer = "I'll add them up.\n\n```ts\nimport { up } from 'mcp-servers';\nreturn await up.add({ a: 1, b: 2 });\n```\n";
//! let blocks = extract(answer);
//! assert_eq!((blocks[0].first_line, blocks[0].language), (4, Some(terraphim_types::Language::TypeScript)));
//! assert_eq!(choose(&blocks, None).unwrap().numbers(), [1]);
//! ```
//!
//! # The score
//!
//! A block that holds a program of a language that can be run begins with 50 of
//! 100 points; one that holds something else has none. What its info string, the
//! words before and behind it, its heading, its text and its neighbours say adds
//! or takes points, each sign once: [`CodeBlock::signals`] names them. A block
//! with [`THRESHOLD`] points or more is meant to be run.
//!
//! # Steps
//!
//! Blocks of one language of which later ones use names that earlier ones define are
//! one program: its last block has the score of all and names them in
//! [`CodeBlock::joined`], the others point to it with [`CodeBlock::part_of`].

mod around;
mod choice;
mod console;
mod content;
mod cursor;
mod guess;
mod info;
mod intent;
mod join;
mod names;
mod scan;
mod starts;
mod tags;
mod whole;
mod words;

use std::ops::Range;

use serde::Serialize;
use terraphim_types::Language;

pub use choice::{ChoiceError, Chosen, Listed, Program, choose, numbered};
pub use intent::THRESHOLD;

/// A code block of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeBlock {
    /// Its number among the blocks of the text, from 1.
    pub number: usize,
    /// The language of its program; None where it holds none that could be run.
    pub language: Option<Language>,
    /// The language that its info string names, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The file that its info string names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The element around it that says what it is: `think`, `execute_bash`, `output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<&'static str>,
    /// Its text, without fences and without the indentation of what it stands in. Of a dialogue with a shell
    /// or with Python what was typed, with an empty line for each line of output.
    pub code: String,
    /// The line of the text on which its code begins, from 1.
    pub first_line: usize,
    /// All its lines, fences included, from 1: the first and the last.
    pub lines: (usize, usize),
    /// The bytes of these lines.
    pub bytes: Range<usize>,
    /// Whether it stands between fences; else it is indented.
    pub is_fenced: bool,
    /// Whether it is closed; a text that was cut may end in a block.
    pub is_closed: bool,
    /// Whether what was typed can be told from output; a dialogue of which it cannot be is not run.
    pub is_readable: bool,
    /// The numbers of the blocks whose program this one ends, itself among them; empty for a program of one block.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<usize>,
    /// The block that ends the program of which this one is a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<usize>,
    /// Why the blocks of `joined` may not be one program; they are then run by their numbers alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// How much speaks for that it is meant to be run, 0 to 100.
    pub score: u8,
    /// What the score is made of: its sum. Of a program in several blocks, what all of them say.
    pub signals: Vec<Signal>,
}

/// A sign for or against running a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// What was seen.
    pub name: &'static str,
    /// What it adds to the score.
    pub points: i32,
}

impl CodeBlock {
    /// Whether it is meant to be run, alone or as the last of several.
    pub fn is_meant(&self) -> bool {
        self.score >= THRESHOLD && self.part_of.is_none()
    }
}

/// The code blocks of a Markdown text, in order.
pub fn extract(text: &str) -> Vec<CodeBlock> {
    extract_counted(text).0
}

/// The same, and the steps that looking for blocks took: linear in the text's bytes, at most
/// [`STEPS_PER_BYTE`] for each and for each line.
pub fn extract_counted(text: &str) -> (Vec<CodeBlock>, u64) {
    let (pieces, steps) = scan::scan(text);
    (intent::blocks(&pieces), steps)
}

/// Most steps for a byte of text; each container that a line stands in looks at the rest of the line.
pub const STEPS_PER_BYTE: u64 = 200;
