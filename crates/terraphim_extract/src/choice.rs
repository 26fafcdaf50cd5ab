//! Which block of an answer is run.

use std::{collections::HashSet, fmt};

use terraphim_types::Language;

use crate::CodeBlock;

/// Most blocks that an error lists.
const MAX_LISTED: usize = 20;

/// Why no block was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChoiceError {
    /// The text holds no code block at all.
    NoBlocks,
    /// It holds blocks, but none that is meant to be run.
    NoneMeant(Vec<Listed>),
    /// Several different ones are meant.
    Several(Vec<Listed>),
}

/// A block as an error shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub number: usize,
    /// Its lines.
    pub lines: (usize, usize),
    /// Its language.
    pub language: Option<Language>,
    /// Its score.
    pub score: u8,
    /// The beginning of its first line of code.
    pub begins: String,
    /// Whether it has an end of its own; one without is run only by its number.
    pub is_closed: bool,
}

/// The one block that is meant to be run. Of blocks with the same text the last counts.
///
/// # Errors
/// Where there is none, or where several different ones are meant.
pub fn choose(blocks: &[CodeBlock]) -> Result<&CodeBlock, ChoiceError> {
    if blocks.is_empty() {
        return Err(ChoiceError::NoBlocks);
    }
    let mut texts = HashSet::new();
    // One that the end of the text cuts off may lack its second half.
    let meant = blocks.iter().rev().filter(|block| block.is_meant() && block.is_closed);
    let meant: Vec<_> = meant.filter(|block| texts.insert((block.code.trim(), block.language))).collect();
    match meant.as_slice() {
        [] => Err(ChoiceError::NoneMeant(blocks.iter().map(listed).collect())),
        [one] => Ok(one),
        several => Err(ChoiceError::Several(several.iter().rev().map(|block| listed(block)).collect())),
    }
}

fn listed(block: &CodeBlock) -> Listed {
    let first = block.code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let begins: String = first.chars().take(60).filter(|c| !c.is_control()).collect();
    Listed {
        number: block.number,
        lines: block.lines,
        language: block.language,
        score: block.score,
        begins,
        is_closed: block.is_closed,
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = self.language.map_or_else(|| "no program".to_owned(), |language| language.to_string());
        let (first, last) = self.lines;
        write!(
            f,
            "  {}: lines {first}-{last}, {language}, score {}{}: {}",
            self.number,
            self.score,
            if self.is_closed { "" } else { ", cut off at the end" },
            self.begins
        )
    }
}

impl fmt::Display for ChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (told, listed) = match self {
            Self::NoBlocks => {
                return f.write_str("the text holds no code block: put the program between ``` fences");
            }
            Self::NoneMeant(listed) => {
                ("no code block is clearly meant to be run: choose one with --block N", listed)
            }
            Self::Several(listed) => {
                ("several code blocks are meant to be run: choose one with --block N", listed)
            }
        };
        f.write_str(told)?;
        for block in listed.iter().take(MAX_LISTED) {
            write!(f, "\n{block}")?;
        }
        match listed.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for ChoiceError {}
