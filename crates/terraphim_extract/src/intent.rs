//! From what was scanned to blocks with a language and a score.

use std::collections::HashSet;

use terraphim_types::Language;

use crate::{
    CodeBlock, Signal,
    around::{Around, Order, around},
    content::{self, Sign},
    join::{self, Step},
    names::{self, Names},
    scan::Piece,
    tags::Holds,
    whole,
    words::{self, stance},
};

/// Points from which on a block is meant to be run.
pub const THRESHOLD: u8 = 60;

/// What a block with a program begins with.
const PROGRAM: i32 = 50;

/// How many blocks behind a block may replace it, and the share of its lines, in percent, that they then have.
const LATER_BLOCKS: usize = 16;
const SAME_LINES_PERCENT: usize = 50;

pub(crate) const REPLACED: &str = "a later block replaces it";
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
    let signs = signs(pieces, &around);
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
fn signs(pieces: &[Piece], around: &[Around<'_>]) -> Vec<Signs> {
    let whole = whole::signs(pieces, around);
    let users = around.iter().filter(|one| one.is_answer() && one.uses_modules).count();
    let lines: Vec<HashSet<&str>> = around.iter().map(|one| significant(&one.code)).collect();
    let programs = around.iter().filter(|one| one.is_answer()).count();
    let mut all = Vec::with_capacity(around.len());
    for (index, (one, whole)) in around.iter().zip(whole).enumerate() {
        let Some(language) = one.language else {
            all.push(Signs::default());
            continue;
        };
        let asks_leave = whole.contains(&stance::LEAVE);
        let mut neighbours = whole;
        let mine = lines.get(index);
        let mut later = around.iter().zip(&lines).skip(index + 1).take(LATER_BLOCKS);
        let is_said = neighbours.iter().any(|(name, _)| *name == REPLACED);
        if !is_said
            && mine.is_some_and(|mine| later.any(|(other, theirs)| replaces(one, mine, other, theirs)))
        {
            neighbours.push((REPLACED, -60));
        }
        if programs == 1 && one.is_answer() {
            neighbours.push((ONLY, 10));
        } else if users > 0 && !one.uses_modules {
            neighbours.push((OTHERS_IMPORT, -25));
        }
        let mut context = context(one, asks_leave);
        if users == 1 && one.uses_modules {
            // The program itself is saved as a file.
            context.retain(|(name, _)| *name != words::SAVED);
        }
        all.push(Signs { content: content::signs(&one.code, language), context, neighbours });
    }
    all
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
        let name = if sum > 100 { "cut off at 100" } else { "cut off at 0" };
        signals.push(Signal { name, points: score - sum });
    }
    (u8::try_from(score).unwrap_or_default(), signals)
}

/// Joins the blocks that are steps of one program, where that is meant to be run.
fn join(around: &[Around<'_>], signs: &[Signs], blocks: &mut [CodeBlock]) {
    let programs = around.iter().filter(|one| one.is_answer()).count();
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
            let names = names::of(&one.code, language);
            Some(Step {
                language,
                code: &one.code,
                may_join: may_join(one, signs, &names),
                names,
                is_step: one.order != Order::None,
                is_meant: block.is_meant(),
                is_complete: content::is_complete(&one.code, language),
            })
        })
        .collect();
    let any_uses = around.iter().any(|one| one.is_answer() && one.uses_modules);
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
    whole::doubt_corrections(around, &steps, blocks);
}

/// Whether a block may be a step of a program.
fn may_join(one: &Around<'_>, signs: &Signs, names: &Names) -> bool {
    // `{"total": total}` is no data, but an expression.
    let is_expression = one.language == Some(Language::Python) && !names.free.is_empty();
    let text = |(name, points): &Sign| {
        *points >= 0
            || [content::DECLARES, content::ONE_LINE, content::NEEDS_MORE].contains(name)
            || is_expression && *name == content::DATA
    };
    one.is_answer()
        && one.found.is_closed
        && one.is_readable
        && signs.content.iter().all(text)
        && signs.context.iter().all(|sign| sign.1 > -25 || is_excused(one, sign))
        && signs.neighbours.iter().all(|(name, points)| *points > -60 && *name != REPLACED)
}

/// Whether what words say against a block is what they say of a step.
fn is_excused(one: &Around<'_>, (name, points): &Sign) -> bool {
    let is_heading = words::HEADING.iter().any(|(heading, ..)| heading == name);
    match one.order {
        _ if *points >= 0 => false,
        _ if *name == words::PART => true,
        Order::None => false,
        Order::Word => is_heading,
        Order::Number => is_heading || matches!(*name, words::SETUP | words::SAVED | words::OUTPUT),
    }
}

/// What stands around a program says.
fn context(one: &Around<'_>, asks_leave: bool) -> Vec<Sign> {
    let before = words::before(&one.before);
    // `don't run this` also holds `run this`.
    let warned = asks_leave || before.iter().any(|(name, _)| *name == words::WARNED || stance::is_one(name));
    let mut signs: Vec<Sign> = before.into_iter().filter(|(_, points)| !warned || *points < 0).collect();
    let after = words::after(&one.after);
    signs.extend(
        after
            .into_iter()
            .filter(|sign| (!asks_leave || sign.1 < 0) && !signs.contains(sign))
            .collect::<Vec<_>>(),
    );
    for sign in words::before(&one.summary) {
        if sign.1 < 0 && !signs.contains(&sign) {
            signs.push(sign);
        }
    }
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
    if theirs.len() < mine.len() && theirs.is_subset(mine) && one.uses_modules && !other.uses_modules {
        return false;
    }
    let both = mine.iter().filter(|line| theirs.contains(*line)).count();
    both * 100 >= mine.len() * SAME_LINES_PERCENT
}
