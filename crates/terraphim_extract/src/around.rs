//! The blocks of a scanned text with their languages and the words around them.

use terraphim_types::Language;

use crate::{
    console, content, guess,
    info::{self, Info, Tagged},
    scan::{Found, Piece},
    tags::Holds,
    words::{self, stance},
};

/// What the words around a block say of its place among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    None,
    /// `then`, `finally`; it stands in a list.
    Word,
    /// `step 2`, `2.`
    Number,
}

/// A block with what stands around it.
pub(crate) struct Around<'p> {
    pub(crate) found: &'p Found,
    pub(crate) info: Info,
    /// Its own words before it.
    pub(crate) before: String,
    /// The end of the paragraph before it, with what that says of what was before.
    pub(crate) near: String,
    pub(crate) after: String,
    pub(crate) heading: String,
    /// The summary of the details that it stands in.
    pub(crate) summary: String,
    /// The letter or number that the words above it give it: `Option B`.
    pub(crate) label: Option<String>,
    pub(crate) order: Order,
    pub(crate) language: Option<Language>,
    pub(crate) code: String,
    pub(crate) is_readable: bool,
    /// Whether the program imports MCP servers.
    pub(crate) uses_modules: bool,
}

impl Around<'_> {
    /// Whether it holds a program that stands in what is said to the user.
    pub(crate) fn is_answer(&self) -> bool {
        let holds = self.found.element.map(|element| element.holds);
        self.language.is_some() && !matches!(holds, Some(Holds::Thoughts | Holds::Output))
    }
}

/// Words since the last block.
#[derive(Default)]
struct Said {
    heading: String,
    summary: String,
    before: String,
    near: String,
    /// The beginning of the last paragraph.
    paragraph: String,
}

/// Each block with the words that stand between it and its neighbours.
pub(crate) fn around(pieces: &[Piece]) -> Vec<Around<'_>> {
    let mut made: Vec<Around<'_>> = Vec::new();
    let mut said = Said::default();
    for piece in pieces {
        match piece {
            Piece::Heading(text) => {
                let heading = words::plain(info::head(text, 200));
                said = Said { paragraph: heading.clone(), heading, summary: said.summary, ..Said::default() };
            }
            Piece::Summary(text) => said.summary = words::plain(info::head(text, 200)),
            Piece::Prose(text) => {
                let is_own = |last: &&mut Around<'_>| last.after.is_empty() && said.heading == last.heading;
                if let Some(last) = made.last_mut().filter(is_own) {
                    last.after = words::near_after(text);
                }
                said.before = words::near_before(text);
                said.near = words::near(text);
                said.paragraph = words::plain(info::head(text, 200));
            }
            Piece::Code(found) => {
                let next =
                    Said { heading: said.heading.clone(), summary: said.summary.clone(), ..Said::default() };
                made.push(block(found, std::mem::replace(&mut said, next)));
            }
        }
    }
    made
}

fn block(found: &Found, said: Said) -> Around<'_> {
    let info = info::read(found.info.as_deref().unwrap_or_default());
    let program = program(found, &info);
    let Said { heading, summary, before, near, paragraph } = said;
    let label = [&paragraph, &before, &summary, &heading].into_iter().find_map(|text| stance::label(text));
    Around {
        order: order([&paragraph, &before, &heading], found.in_item),
        found,
        info,
        before,
        near,
        after: String::new(),
        heading,
        summary,
        label,
        uses_modules: program.language.is_some_and(|language| content::uses_modules(&program.code, language)),
        language: program.language,
        code: program.code,
        is_readable: program.is_readable,
    }
}

fn order(texts: [&String; 3], in_item: bool) -> Order {
    if texts.iter().any(|text| words::is_numbered(text)) {
        Order::Number
    } else if in_item || texts.iter().any(|text| words::is_ordered(text)) {
        Order::Word
    } else {
        Order::None
    }
}

/// What a block holds.
struct Program {
    language: Option<Language>,
    code: String,
    is_readable: bool,
}

/// The language of a block and its program.
fn program(found: &Found, info: &Info) -> Program {
    let tagged = info.tag.as_deref().and_then(info::language);
    let by_file = || {
        let file = info.filename.as_deref()?;
        file.rsplit_once('.').and_then(|(_, extension)| Language::from_extension(extension))
    };
    let of_element = match found.element.map(|element| element.holds) {
        Some(Holds::Code(language)) if found.is_tagged => language,
        _ => None,
    };
    let is_dialogue = matches!(tagged, Some(Tagged::Dialogue(_)));
    let mut language = match tagged {
        Some(Tagged::Program(language) | Tagged::Dialogue(language)) => Some(language),
        Some(Tagged::Other) => None,
        None => of_element
            .or_else(by_file)
            .or_else(|| if info.filename.is_some() { None } else { guess::language(&found.code) }),
    };
    let mut typed = match language {
        Some(Language::Bash) => console::shell(&found.code),
        Some(Language::Python) => console::python(&found.code),
        _ => None,
    };
    if typed.is_none() && is_dialogue {
        // Whatever the tag says, it may be a dialogue with the other one.
        let other = console::python(&found.code).map(|typed| (Language::Python, typed));
        let other = other.or_else(|| console::shell(&found.code).map(|typed| (Language::Bash, typed)));
        if let Some((spoken, dialogue)) = other {
            (language, typed) = (Some(spoken), Some(dialogue));
        }
    }
    match typed {
        Some(typed) if typed.is_sure => Program { language, code: typed.commands, is_readable: true },
        Some(_) => Program { language, code: found.code.clone(), is_readable: false },
        // Without prompts, what was typed cannot be told from what was answered, but a single line is typed.
        None => {
            let lines = found.code.lines().filter(|line| !line.trim().is_empty()).take(2).count();
            Program { language, code: found.code.clone(), is_readable: !is_dialogue || lines < 2 }
        }
    }
}
