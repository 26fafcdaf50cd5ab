//! From what was scanned to blocks with a language and a score.

use std::collections::HashSet;

use terraphim_types::Language;

use crate::{
    CodeBlock, Signal, console,
    content::{self, Sign},
    guess,
    info::{self, Info, Tagged},
    join::{self, Step},
    names,
    scan::{Found, Piece},
    tags::Holds,
    words,
};

/// Points from which on a block is meant to be run.
pub const THRESHOLD: u8 = 60;

/// What a block with a program begins with.
const PROGRAM: i32 = 50;

/// How many blocks behind a block may replace it, and the share of its lines, in percent, that they then have.
const LATER_BLOCKS: usize = 16;
const SAME_LINES_PERCENT: usize = 50;

const REPLACED: &str = "a later block replaces it";
const ONLY: &str = "the only program";
const OTHERS_IMPORT: &str = "another block imports MCP servers";

/// Most programs of an answer that are looked at for steps, and most bytes of all of them.
const MAX_STEPS: usize = 400;
const MAX_STEP_BYTES: usize = 2 << 20;

/// Signs of a block by itself.
#[derive(Debug, Default)]
struct Signs {
    /// What its text says.
    content: Vec<Sign>,
    /// What stands around it says.
    context: Vec<Sign>,
    /// What its neighbours say.
    neighbours: Vec<Sign>,
}

impl Signs {
    fn all(&self) -> impl Iterator<Item = Sign> {
        self.content.iter().chain(&self.context).chain(&self.neighbours).copied()
    }
}

/// The blocks of a scanned text.
pub(crate) fn blocks(pieces: &[Piece]) -> Vec<CodeBlock> {
    let around = around(pieces);
    let signs = signs(&around);
    let mut blocks: Vec<CodeBlock> = around
        .iter()
        .zip(&signs)
        .enumerate()
        .map(|(index, (one, signs))| block(index + 1, one, signs.all()))
        .collect();
    join(&around, &signs, &mut blocks);
    blocks
}

/// The signs of each block.
fn signs(around: &[Around<'_>]) -> Vec<Signs> {
    let lines: Vec<HashSet<&str>> = around.iter().map(|one| significant(&one.code)).collect();
    let programs = around.iter().filter(|one| is_answer(one)).count();
    let any_uses = around.iter().any(|one| is_answer(one) && uses_modules(one));
    let mut all = Vec::with_capacity(around.len());
    for (index, one) in around.iter().enumerate() {
        let Some(language) = one.language else {
            all.push(Signs::default());
            continue;
        };
        let mut neighbours = Vec::new();
        let mine = lines.get(index);
        let mut later = around.iter().zip(&lines).skip(index + 1).take(LATER_BLOCKS);
        if mine.is_some_and(|mine| later.any(|(other, theirs)| replaces(one, mine, other, theirs))) {
            neighbours.push((REPLACED, -60));
        }
        if programs == 1 && is_answer(one) {
            neighbours.push((ONLY, 10));
        } else if any_uses && !uses_modules(one) {
            neighbours.push((OTHERS_IMPORT, -25));
        }
        all.push(Signs { content: content::signs(&one.code, language), context: context(one), neighbours });
    }
    all
}

/// Whether a program stands in what is said to the user.
fn is_answer(one: &Around<'_>) -> bool {
    let holds = one.found.element.map(|element| element.holds);
    one.language.is_some() && !matches!(holds, Some(Holds::Thoughts | Holds::Output))
}

fn block(number: usize, one: &Around<'_>, signs: impl Iterator<Item = Sign>) -> CodeBlock {
    let (score, signals) = if one.language.is_some() { score(signs) } else { (0, Vec::new()) };
    CodeBlock {
        number,
        language: one.language,
        tag: one.info.tag.clone(),
        filename: one.info.filename.clone(),
        element: one.found.element.map(|element| element.name),
        code: one.code.clone(),
        first_line: one.found.code_line,
        lines: one.found.lines,
        bytes: one.found.bytes.clone(),
        is_fenced: one.found.info.is_some(),
        is_closed: one.found.is_closed,
        is_readable: one.is_readable,
        joined: Vec::new(),
        part_of: None,
        doubt: None,
        score,
        signals,
    }
}

/// The score of a program, and what it is made of, whose sum it is.
fn score(signs: impl Iterator<Item = Sign>) -> (u8, Vec<Signal>) {
    let mut signals = vec![Signal { name: "holds a program", points: PROGRAM }];
    signals.extend(signs.map(|(name, points)| Signal { name, points }));
    let sum = signals.iter().map(|signal| signal.points).sum::<i32>();
    let score = sum.clamp(0, 100);
    if score != sum {
        let name = if sum > 100 { "100 is the most" } else { "0 is the least" };
        signals.push(Signal { name, points: score - sum });
    }
    (u8::try_from(score).unwrap_or_default(), signals)
}

/// Joins the blocks that are steps of one program, where that is meant to be run.
fn join(around: &[Around<'_>], signs: &[Signs], blocks: &mut [CodeBlock]) {
    let programs = around.iter().filter(|one| is_answer(one)).count();
    let bytes: usize = around.iter().map(|one| one.code.len()).sum();
    if !(2..=MAX_STEPS).contains(&programs) || bytes > MAX_STEP_BYTES {
        return;
    }
    let steps: Vec<_> = around
        .iter()
        .zip(signs)
        .zip(&*blocks)
        .map(|((one, signs), block)| {
            let language = one.language?;
            Some(Step {
                language,
                code: &one.code,
                names: names::of(&one.code, language),
                may_join: may_join(one, signs),
                is_step: one.order != Order::None,
                is_meant: block.is_meant(),
                is_complete: content::is_complete(&one.code, language),
            })
        })
        .collect();
    let any_uses = around.iter().any(|one| is_answer(one) && uses_modules(one));
    for group in join::groups(&steps) {
        let members = |index: &usize| Some((around.get(*index)?, signs.get(*index)?));
        let members: Vec<_> = group.members.iter().filter_map(members).collect();
        let Some(language) = members.first().and_then(|(one, _)| one.language) else { continue };
        let parts = members.iter().map(|(one, _)| (one.found.code_line, one.code.as_str()));
        let (code, _) = join::placed(parts, language);
        let mut signs = content::signs(&code, language);
        let uses = content::uses_modules(&code, language);
        for (one, own) in &members {
            for sign in own.context.iter().filter(|sign| !is_excused(one, sign)) {
                if !signs.contains(sign) {
                    signs.push(*sign);
                }
            }
        }
        if programs == members.len() {
            signs.push((ONLY, 10));
        } else if any_uses && !uses {
            signs.push((OTHERS_IMPORT, -25));
        }
        let (score, signals) = score(signs.into_iter());
        if score < THRESHOLD {
            continue;
        }
        let numbers: Vec<usize> = group.members.iter().map(|index| index + 1).collect();
        let head = numbers.last().copied();
        for number in &numbers {
            let Some(block) = number.checked_sub(1).and_then(|index| blocks.get_mut(index)) else { continue };
            if Some(*number) == head {
                (block.score, block.signals) = (score, signals.clone());
                block.joined.clone_from(&numbers);
                block.doubt.clone_from(&group.doubt);
            } else {
                block.part_of = head;
            }
        }
    }
}

/// Whether a block may be a step of a program.
fn may_join(one: &Around<'_>, signs: &Signs) -> bool {
    let text = |(name, points): &Sign| {
        *points >= 0 || [content::DECLARES, content::ONE_LINE, content::NEEDS_MORE].contains(name)
    };
    is_answer(one)
        && one.found.is_closed
        && one.is_readable
        && signs.content.iter().all(text)
        && signs.context.iter().all(|sign| sign.1 > -25 || is_excused(one, sign))
        && signs.neighbours.iter().all(|(name, _)| *name != REPLACED)
}

/// Whether what words say against a block is what they say of a step.
fn is_excused(one: &Around<'_>, (name, points): &Sign) -> bool {
    let is_heading = words::HEADING.iter().any(|(heading, ..)| heading == name);
    match one.order {
        _ if *points >= 0 => false,
        _ if *name == words::PART => true,
        Order::None => false,
        Order::Word => is_heading,
        Order::Number => is_heading || matches!(*name, words::SETUP | words::OUTPUT),
    }
}

/// What the words around a block say of its place among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    None,
    /// `then`, `finally`; it stands in a list.
    Word,
    /// `step 2`, `2.`
    Number,
}

/// A block with what stands around it.
struct Around<'p> {
    found: &'p Found,
    info: Info,
    before: String,
    after: String,
    heading: String,
    order: Order,
    language: Option<Language>,
    code: String,
    is_readable: bool,
}

/// Each block with the words that stand between it and its neighbours.
fn around(pieces: &[Piece]) -> Vec<Around<'_>> {
    let mut made: Vec<Around<'_>> = Vec::new();
    let (mut heading, mut before, mut paragraph) = (String::new(), String::new(), String::new());
    for piece in pieces {
        match piece {
            Piece::Heading(text) => {
                heading = words::plain(info::head(text, 200));
                before.clear();
                paragraph.clone_from(&heading);
            }
            Piece::Prose(text) => {
                if let Some(last) =
                    made.last_mut().filter(|last| last.after.is_empty() && heading == last.heading)
                {
                    last.after = words::near_after(text);
                }
                before = words::near_before(text);
                paragraph = words::plain(info::head(text, 200));
            }
            Piece::Code(found) => {
                let info = info::read(found.info.as_deref().unwrap_or_default());
                let program = program(found, &info);
                let (before, heading) = (std::mem::take(&mut before), heading.clone());
                let paragraph = std::mem::take(&mut paragraph);
                let order = order([&paragraph, &before, &heading], found.in_item);
                made.push(Around {
                    found,
                    info,
                    before,
                    after: String::new(),
                    heading,
                    order,
                    language: program.language,
                    code: program.code,
                    is_readable: program.is_readable,
                });
            }
        }
    }
    made
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

fn uses_modules(one: &Around<'_>) -> bool {
    one.language.is_some_and(|language| content::uses_modules(&one.code, language))
}

/// What stands around a program says.
fn context(one: &Around<'_>) -> Vec<Sign> {
    let before = words::before(&one.before);
    // `don't run this` also holds `run this`.
    let warned = before.iter().any(|(name, _)| *name == words::WARNED);
    let mut signs: Vec<Sign> = before.into_iter().filter(|(_, points)| !warned || *points < 0).collect();
    signs.extend(words::after(&one.after));
    if one.before.is_empty() || !one.heading.is_empty() {
        signs.extend(words::heading(&one.heading));
    }
    let holds = one.found.element.map(|element| element.holds);
    let mut add = |is_there: bool, name: &'static str, points: i32| {
        if is_there {
            signs.push((name, points));
        }
    };
    add(holds == Some(Holds::Thoughts), "in the model's thoughts", -100);
    add(holds == Some(Holds::Output), "in an element for output", -60);
    add(matches!(holds, Some(Holds::Code(_))), "in an element for code to run", 40);
    add(!one.is_readable, "a dialogue whose commands cannot be told from output", -100);
    add(one.info.says_run, "its info string says to run it", 40);
    add(one.info.says_not, "its info string says not to run it", -60);
    add(one.info.filename.is_some(), "it is a file", -15);
    add(one.found.info.is_none() && !one.found.is_tagged, "indented, not fenced", -40);
    add(one.info.tag.is_none() && !one.found.is_tagged, "its language is a guess", -5);
    add(one.found.in_quote, "quoted", -40);
    add(!one.found.is_closed, "not closed", -5);
    signs
}

/// The lines that tell one program from another; imports only where there is nothing else.
fn significant(code: &str) -> HashSet<&str> {
    let all: HashSet<&str> = code.lines().map(str::trim).filter(|line| line.len() > 3).collect();
    let is_import = |line: &str| ["import ", "from ", "use "].iter().any(|word| line.starts_with(word));
    let own: HashSet<&str> = all.iter().copied().filter(|line| !is_import(line)).collect();
    if own.is_empty() { all } else { own }
}

/// Whether a later block is a newer version of an earlier one, or holds it.
fn replaces(one: &Around<'_>, mine: &HashSet<&str>, other: &Around<'_>, theirs: &HashSet<&str>) -> bool {
    if one.language != other.language || mine.is_empty() || theirs.len() * 2 < mine.len() {
        return false;
    }
    // Some lines of a program, without its import, are a piece of it that is talked of.
    if theirs.len() < mine.len() && theirs.is_subset(mine) && uses_modules(one) && !uses_modules(other) {
        return false;
    }
    let both = mine.iter().filter(|line| theirs.contains(*line)).count();
    both * 100 >= mine.len() * SAME_LINES_PERCENT
}
