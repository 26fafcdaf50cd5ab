//! Which block of an answer is run.

use std::{collections::HashSet, fmt};

use terraphim_types::Language;

use crate::{CodeBlock, join};

/// Most blocks that an error lists.
const MAX_LISTED: usize = 20;

/// What is run: one block, or several joined in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'b> {
    blocks: Vec<&'b CodeBlock>,
    language: Language,
}

/// A program as it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its text, with empty lines for what is not of it.
    pub text: String,
    /// Whether each line stands where it stands in the answer. Blocks that are joined in another order
    /// than the answer's cannot.
    pub is_in_place: bool,
}

impl Chosen<'_> {
    /// The numbers of its blocks, in the order in which they are joined.
    pub fn numbers(&self) -> Vec<usize> {
        self.blocks.iter().map(|block| block.number).collect()
    }

    /// The language that it is run as.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Its text. An import that an earlier block has word for word is left out where a name may be
    /// defined only once.
    pub fn program(&self) -> Program {
        let parts = self.blocks.iter().map(|block| (block.first_line, block.code.as_str()));
        let (text, is_in_place) = join::placed(parts, self.language);
        Program { text, is_in_place }
    }
}

/// Why no block was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChoiceError {
    /// The text holds no code block at all.
    NoBlocks,
    /// It holds blocks, but none that is meant to be run, or none of the language that was asked for.
    NoneMeant {
        /// The language that was asked for.
        language: Option<Language>,
        /// The blocks, of that language if there are any.
        listed: Vec<Listed>,
    },
    /// Several different ones are meant.
    Several(Vec<Listed>),
    /// Some blocks seem to be one program, but may not be.
    Doubtful {
        /// Their numbers.
        numbers: Vec<usize>,
        /// What speaks against it.
        doubt: String,
    },
    /// A number that no block has.
    NoSuch {
        /// The number.
        number: usize,
        /// How many blocks there are.
        count: usize,
    },
    /// A block that was named twice.
    Twice(usize),
    /// A block of which what was typed cannot be told from output.
    Unreadable(usize),
    /// A block that holds no program of a known language.
    NoProgram(usize),
    /// A block of another language than is wanted.
    OtherLanguage {
        /// Its number.
        number: usize,
        /// Its language.
        language: Language,
        /// That of the blocks before it, or the one that was asked for.
        wanted: Language,
    },
}

/// A block as an error shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub number: usize,
    /// The other blocks of the program that it ends.
    pub joined: Vec<usize>,
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

/// The program that is meant to be run: one block, or the steps that it is the last of. Of blocks with the
/// same text the last counts. With a language only its blocks count.
///
/// # Errors
/// Where there is none, where several different ones are meant, or where it is in doubt which blocks are
/// one program.
pub fn choose(blocks: &[CodeBlock], wanted: Option<Language>) -> Result<Chosen<'_>, ChoiceError> {
    if blocks.is_empty() {
        return Err(ChoiceError::NoBlocks);
    }
    let of_language: Vec<&CodeBlock> =
        blocks.iter().filter(|block| wanted.is_none_or(|wanted| runs_as(block.language, wanted))).collect();
    let mut texts = HashSet::new();
    // One that the end of the text cuts off may lack its second half.
    let meant = of_language.iter().rev().filter(|block| block.is_meant() && block.is_closed);
    let meant: Vec<&CodeBlock> =
        meant.copied().filter(|block| texts.insert((block.code.trim(), block.language))).collect();
    match meant.as_slice() {
        [] => {
            let shown = if of_language.is_empty() { blocks.iter().collect() } else { of_language };
            let listed = shown.into_iter().map(listed).collect();
            Err(ChoiceError::NoneMeant { language: wanted, listed })
        }
        [one] => match &one.doubt {
            Some(doubt) => Err(ChoiceError::Doubtful { numbers: one.joined.clone(), doubt: doubt.clone() }),
            None if one.joined.is_empty() => numbered(blocks, &[one.number], wanted),
            None => numbered(blocks, &one.joined, wanted),
        },
        several => Err(ChoiceError::Several(several.iter().rev().map(|block| listed(block)).collect())),
    }
}

/// The blocks of these numbers, joined in this order. A language stands for blocks that have none, or of
/// which it is a guess.
///
/// # Errors
/// Where a number is no block's or stands twice, and where a block holds no program, one of another
/// language, or one that cannot be read.
pub fn numbered<'b>(
    blocks: &'b [CodeBlock],
    numbers: &[usize],
    wanted: Option<Language>,
) -> Result<Chosen<'b>, ChoiceError> {
    let mut chosen: Vec<&CodeBlock> = Vec::with_capacity(numbers.len());
    let mut language = wanted;
    for &number in numbers {
        let found = number.checked_sub(1).and_then(|index| blocks.get(index));
        let block = found.ok_or(ChoiceError::NoSuch { number, count: blocks.len() })?;
        if chosen.iter().any(|other| other.number == number) {
            return Err(ChoiceError::Twice(number));
        }
        if !block.is_readable {
            return Err(ChoiceError::Unreadable(number));
        }
        let is_told = block.tag.is_some() || block.filename.is_some();
        match (block.language, language) {
            (None, None) => return Err(ChoiceError::NoProgram(number)),
            (Some(own), None) => language = Some(own),
            (Some(own), Some(wanted)) if is_told && !runs_as(Some(own), wanted) => {
                return Err(ChoiceError::OtherLanguage { number, language: own, wanted });
            }
            _ => {}
        }
        chosen.push(block);
    }
    match language {
        Some(language) if !chosen.is_empty() => Ok(Chosen { blocks: chosen, language }),
        _ => Err(ChoiceError::NoBlocks),
    }
}

/// Whether a block's program is one of a language too: JavaScript is TypeScript, and runs in node.
fn runs_as(language: Option<Language>, wanted: Language) -> bool {
    language == Some(wanted)
        || language == Some(Language::JavaScript) && matches!(wanted, Language::TypeScript | Language::Node)
}

fn listed(block: &CodeBlock) -> Listed {
    let first = block.code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let begins: String = first.chars().take(60).filter(|c| !c.is_control()).collect();
    Listed {
        number: block.number,
        joined: block.joined.iter().copied().filter(|number| *number != block.number).collect(),
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
        write!(f, "  {}", self.number)?;
        if !self.joined.is_empty() {
            let joined: Vec<String> = self.joined.iter().map(usize::to_string).collect();
            write!(f, ", joined with {}", joined.join(", "))?;
        }
        write!(
            f,
            ": lines {first}-{last}, {language}, score {}{}: {}",
            self.score,
            if self.is_closed { "" } else { ", cut off at the end" },
            self.begins
        )
    }
}

impl fmt::Display for ChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBlocks => f.write_str("the text holds no code block: put the program between ``` fences"),
            Self::NoneMeant { language: None, listed } => {
                f.write_str("no code block is clearly meant to be run: choose one with --block N")?;
                write_listed(f, listed)
            }
            Self::NoneMeant { language: Some(language), listed } => {
                write!(
                    f,
                    "no code block of {language} is clearly meant to be run: choose one with --block N"
                )?;
                write_listed(f, listed)
            }
            Self::Several(listed) => {
                f.write_str(
                    "several code blocks are meant to be run: choose one with --block N, or join some \
                     with --block N,M",
                )?;
                write_listed(f, listed)
            }
            Self::Doubtful { numbers, doubt } => {
                let joined: Vec<String> = numbers.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "blocks {} seem to be one program, but {doubt}: run what is meant with --block {} or with \
                     fewer of them",
                    joined.join(", "),
                    joined.join(",")
                )
            }
            Self::NoSuch { count: 0, .. } => f.write_str("the text holds no code block"),
            Self::NoSuch { number, count } => {
                write!(f, "there is no block {number}: the blocks are 1 to {count}, see `terraphim extract`")
            }
            Self::Twice(number) => write!(f, "--block names block {number} twice"),
            Self::Unreadable(number) => write!(
                f,
                "block {number} is a dialogue whose commands cannot be told from output: write the commands \
                 alone, without prompts"
            ),
            Self::NoProgram(number) => {
                write!(f, "block {number} holds no program of a known language: give it with --lang")
            }
            Self::OtherLanguage { number, language, wanted } => {
                write!(f, "block {number} is {language} and cannot be run as {wanted}")
            }
        }
    }
}

fn write_listed(f: &mut fmt::Formatter<'_>, listed: &[Listed]) -> fmt::Result {
    for block in listed.iter().take(MAX_LISTED) {
        write!(f, "\n{block}")?;
    }
    match listed.len().saturating_sub(MAX_LISTED) {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more"),
    }
}

impl std::error::Error for ChoiceError {}
