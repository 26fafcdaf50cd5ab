//! From what was scanned to blocks with a language and a score.

use std::collections::HashSet;

use terraphim_types::Language;

use crate::{
    CodeBlock, Signal, content, guess,
    info::{self, Info, Tagged},
    scan::{Found, Piece},
    words,
};

/// Points from which on a block is meant to be run.
pub const THRESHOLD: u8 = 60;

/// What a block with a program begins with.
const PROGRAM: i32 = 50;

/// How many blocks behind a block may replace it, and the share of its lines, in percent, that they then have.
const LATER_BLOCKS: usize = 16;
const SAME_LINES_PERCENT: usize = 50;

/// A block with what stands around it.
struct Around<'p> {
    found: &'p Found,
    info: Info,
    before: String,
    after: String,
    heading: String,
    language: Option<Language>,
    code: String,
}

/// The blocks of a scanned text.
pub(crate) fn blocks(pieces: &[Piece]) -> Vec<CodeBlock> {
    let around = around(pieces);
    let lines: Vec<HashSet<&str>> = around.iter().map(|one| significant(&one.code)).collect();
    let programs = around.iter().filter(|one| one.language.is_some()).count();
    let any_uses = around.iter().any(uses_modules);
    let mut blocks = Vec::with_capacity(around.len());
    for (index, one) in around.iter().enumerate() {
        let mut signals = signals(one);
        if one.language.is_some() {
            let later = around.iter().zip(&lines).skip(index + 1).take(LATER_BLOCKS);
            let mine = lines.get(index);
            if mine.is_some_and(|mine| {
                later.into_iter().any(|(other, theirs)| replaces(one, mine, other, theirs))
            }) {
                signals.push(Signal { name: "a later block replaces it", points: -60 });
            }
            if programs == 1 {
                signals.push(Signal { name: "the only program", points: 10 });
            } else if any_uses && !uses_modules(one) {
                signals.push(Signal { name: "another block imports MCP servers", points: -25 });
            }
        }
        blocks.push(block(index + 1, one, signals));
    }
    blocks
}

fn block(number: usize, one: &Around<'_>, signals: Vec<Signal>) -> CodeBlock {
    let sum = signals.iter().map(|signal| signal.points).sum::<i32>();
    let score = if one.language.is_some() { (PROGRAM + sum).clamp(0, 100) } else { 0 };
    CodeBlock {
        number,
        language: one.language,
        tag: one.info.tag.clone(),
        filename: one.info.filename.clone(),
        code: one.code.clone(),
        first_line: one.found.code_line,
        lines: one.found.lines,
        bytes: one.found.bytes.clone(),
        is_fenced: one.found.info.is_some(),
        is_closed: one.found.is_closed,
        score: u8::try_from(score).unwrap_or_default(),
        signals,
    }
}

/// Each block with the words that stand between it and its neighbours.
fn around(pieces: &[Piece]) -> Vec<Around<'_>> {
    let mut made: Vec<Around<'_>> = Vec::new();
    let (mut heading, mut before) = (String::new(), String::new());
    for piece in pieces {
        match piece {
            Piece::Heading(text) => {
                heading = words::plain(info::head(text, 200));
                before.clear();
            }
            Piece::Prose(text) => {
                if let Some(last) =
                    made.last_mut().filter(|last| last.after.is_empty() && heading == last.heading)
                {
                    last.after = words::near_after(text);
                }
                before = words::near_before(text);
            }
            Piece::Code(found) => {
                let info = info::read(found.info.as_deref().unwrap_or_default());
                let (language, code) = program(found, &info);
                let (before, heading) = (std::mem::take(&mut before), heading.clone());
                made.push(Around { found, info, before, after: String::new(), heading, language, code });
            }
        }
    }
    made
}

/// The language of a block and its program.
fn program(found: &Found, info: &Info) -> (Option<Language>, String) {
    let tagged = info.tag.as_deref().and_then(info::language);
    let by_file = || {
        let file = info.filename.as_deref()?;
        file.rsplit_once('.').and_then(|(_, extension)| Language::from_extension(extension))
    };
    let language = match tagged {
        Some(Tagged::Program(language)) => Some(language),
        Some(Tagged::Dialogue) => Some(Language::Bash),
        Some(Tagged::Other) => None,
        None => {
            by_file().or_else(|| if info.filename.is_some() { None } else { guess::language(&found.code) })
        }
    };
    if language == Some(Language::Bash)
        && let Some(commands) = content::commands(&found.code)
    {
        return (language, commands);
    }
    (language, found.code.clone())
}

fn uses_modules(one: &Around<'_>) -> bool {
    one.language.is_some_and(|language| content::uses_modules(&one.code, language))
}

fn signals(one: &Around<'_>) -> Vec<Signal> {
    let Some(language) = one.language else { return Vec::new() };
    let mut signs = content::signs(&one.code, language);
    let before: Vec<_> = words::signs(&one.before, words::BEFORE).collect();
    // `don't run this` also holds `run this`.
    let warned = before.iter().any(|(name, _)| *name == words::WARNED);
    signs.extend(before.into_iter().filter(|(_, points)| !warned || *points < 0));
    signs.extend(words::signs(&one.after, words::AFTER));
    if one.before.is_empty() || !one.heading.is_empty() {
        signs.extend(words::signs(&one.heading, words::HEADING));
    }
    let mut add = |is_there: bool, name: &'static str, points: i32| {
        if is_there {
            signs.push((name, points));
        }
    };
    add(one.info.says_run, "its info string says to run it", 40);
    add(one.info.says_not, "its info string says not to run it", -60);
    add(one.info.filename.is_some(), "it is a file", -15);
    add(one.found.info.is_none(), "indented, not fenced", -40);
    add(one.info.tag.is_none(), "its language is a guess", -5);
    add(one.found.in_quote, "quoted", -40);
    add(!one.found.is_closed, "not closed", -5);
    signs.into_iter().map(|(name, points)| Signal { name, points }).collect()
}

/// The lines that tell one program from another.
fn significant(code: &str) -> HashSet<&str> {
    code.lines().map(str::trim).filter(|line| line.len() > 3).collect()
}

/// Whether a later block is a newer version of an earlier one, or holds it.
fn replaces(one: &Around<'_>, mine: &HashSet<&str>, other: &Around<'_>, theirs: &HashSet<&str>) -> bool {
    if one.language != other.language || mine.is_empty() || theirs.len() * 2 < mine.len() {
        return false;
    }
    let both = mine.iter().filter(|line| theirs.contains(*line)).count();
    both * 100 >= mine.len() * SAME_LINES_PERCENT
}
