//! What an answer says of its blocks as a whole: that leave is asked for, which one it recommends, and which
//! takes the place of which.

use std::collections::BTreeSet;

use crate::{
    CodeBlock,
    around::Around,
    content::Sign,
    info,
    intent::REPLACED,
    join::Step,
    scan::Piece,
    words::{self, stance},
};

/// Bytes before the first block and behind the last one that are looked at.
const NEAR_BYTES: usize = 800;

const NOT_RECOMMENDED: Sign = ("another one is recommended", -60);

/// The signs for each block.
pub(crate) fn signs(pieces: &[Piece], around: &[Around<'_>]) -> Vec<Vec<Sign>> {
    let asks = asks_leave(pieces, around);
    let recommended = recommended(pieces, around);
    let mut all: Vec<Vec<Sign>> = around
        .iter()
        .map(|one| {
            let mut signs = Vec::new();
            let is_answer = one.is_answer();
            if is_answer && (asks || stance::asks_leave(&one.near) || stance::asks_leave(&one.after)) {
                signs.push(stance::LEAVE);
            }
            let is_other = one.label.is_some() && one.label != recommended;
            if is_answer && recommended.is_some() && is_other {
                signs.push(NOT_RECOMMENDED);
            }
            signs
        })
        .collect();
    let mut last = None;
    for (index, one) in around.iter().enumerate().filter(|(_, one)| one.is_answer()) {
        if let Some(earlier) = last.replace(index)
            && stance::replaces(&one.before)
            && around.get(earlier).is_some_and(|earlier| one.uses_modules || !earlier.uses_modules)
            && let Some(signs) = all.get_mut(earlier)
        {
            signs.push((REPLACED, -60));
        }
    }
    all
}

/// Whether leave is asked for before the first program or behind the last block: then it is for all.
fn asks_leave(pieces: &[Piece], around: &[Around<'_>]) -> bool {
    let first = around.iter().find(|one| one.is_answer()).map(|one| one.found.bytes.start);
    let is_first = |piece: &Piece| matches!(piece, Piece::Code(found) if Some(found.bytes.start) == first);
    let prose = |piece: &Piece| match piece {
        Piece::Prose(text) => Some(text.clone()),
        _ => None,
    };
    let opening: Vec<String> = pieces.iter().take_while(|piece| !is_first(piece)).filter_map(prose).collect();
    let behind = pieces.iter().rev().take_while(|piece| !matches!(piece, Piece::Code(_)));
    let mut closing: Vec<String> = behind.filter_map(prose).collect();
    closing.reverse();
    let (opening, closing) = (opening.join("\n\n"), closing.join("\n\n"));
    let opening = words::plain(info::tail(&opening, NEAR_BYTES));
    let closing = words::plain(info::head(&closing, NEAR_BYTES));
    stance::asks_leave(&opening) || stance::asks_leave(&closing)
}

/// The letter or number of the block that the answer recommends, where a block has it.
fn recommended(pieces: &[Piece], around: &[Around<'_>]) -> Option<String> {
    around.iter().find(|one| one.label.is_some())?;
    let prose = pieces.iter().rev().filter_map(|piece| match piece {
        Piece::Prose(text) => stance::recommended(&words::plain(info::head(text, NEAR_BYTES))),
        _ => None,
    });
    let is_there = |label: &String| around.iter().any(|one| one.label.as_ref() == Some(label));
    prose.into_iter().find(is_there)
}

/// A block that only defines names of a program again, to mend it, leaves open what is to be run: what
/// comes behind the program is too late for what has used them.
pub(crate) fn doubt_corrections(around: &[Around<'_>], steps: &[Option<Step<'_>>], blocks: &mut [CodeBlock]) {
    let texts = around.iter().map(|one| one.is_answer() && stance::corrects(&one.near));
    let corrections: Vec<usize> =
        texts.enumerate().filter(|(_, is_one)| *is_one).map(|(index, _)| index).collect();
    for index in corrections {
        let Some((program, doubt)) = corrected(around, steps, blocks, index) else { continue };
        let numbers: BTreeSet<usize> = program.iter().copied().chain([index + 1]).collect();
        let old = program.iter().max().and_then(|number| blocks.get(number - 1)).cloned();
        let (Some(old), Some(head)) = (old, numbers.iter().max().copied()) else { continue };
        for number in &numbers {
            let Some(block) = blocks.get_mut(number - 1) else { continue };
            block.joined.clear();
            block.part_of = Some(head);
            if *number == head {
                block.part_of = None;
                block.joined = numbers.iter().copied().collect();
                (block.score, block.signals) = (old.score, old.signals.clone());
                block.doubt = Some(doubt.clone());
            }
        }
    }
}

/// The numbers of the blocks of the program that a block defines names of again, and what is said of it.
fn corrected(
    around: &[Around<'_>],
    steps: &[Option<Step<'_>>],
    blocks: &[CodeBlock],
    index: usize,
) -> Option<(Vec<usize>, String)> {
    /// Programs that are looked at.
    const NEAR: usize = 16;
    let mine = steps.get(index)?.as_ref()?;
    if mine.names.defined.is_empty() {
        return None;
    }
    let is_near = |block: &&CodeBlock| block.number != index + 1 || !block.joined.is_empty();
    let meant = blocks.iter().rev().filter(|block| block.is_meant() && block.doubt.is_none()).filter(is_near);
    for block in meant.take(NEAR) {
        let program: Vec<usize> =
            if block.joined.is_empty() { vec![block.number] } else { block.joined.clone() };
        let earlier: Vec<usize> = program.iter().copied().filter(|number| *number <= index).collect();
        let of = |number: &usize| steps.get(number - 1).and_then(Option::as_ref);
        let same = |number: &&usize| of(number).is_some_and(|step| step.language == mine.language);
        let defines = |name: &String| {
            earlier
                .iter()
                .rev()
                .filter(same)
                .find(|number| of(number).is_some_and(|step| step.names.defined.contains(name)))
        };
        let is_all = mine.names.defined.iter().all(|name| defines(name).is_some());
        let uses = |number: usize| around.get(number - 1).is_some_and(|one| one.uses_modules);
        let stands_alone = uses(index + 1) && earlier.iter().any(|number| uses(*number));
        if !is_all || stands_alone {
            continue;
        }
        let name = mine.names.defined.iter().min()?;
        let first = defines(name)?;
        let doubt = format!(
            "block {} is said to mend `{name}` of block {first}, which has used it by then",
            index + 1
        );
        return Some((program, doubt));
    }
    None
}
