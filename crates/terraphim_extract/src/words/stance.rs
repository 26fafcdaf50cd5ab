//! What sentences around a block say of the will to run it: that it is not to be run, that leave is asked
//! for, that it is supposed, was run before, or is taken back. Rules, not phrases: the words of a class near
//! each other, in English, German, Spanish, French and Chinese.

use std::sync::LazyLock;

use super::{
    rules,
    rules::{Rules, Sentence, Spaceless, Word, is_mark, sentences},
    stances,
};
use crate::content::Sign;

pub(crate) const LEAVE: Sign = ("leave to run it is asked for", -100);
const NEGATED: Sign = ("said not to be run", -60);
const SUPPOSED: Sign = ("only supposed or asked about", -60);
const ASKED: Sign = ("a question is asked about it", -60);
const DANGEROUS: Sign = ("said to do lasting harm", -60);
const PAST: Sign = ("said to have been run before", -60);
const RETRACTED: Sign = ("said to be wrong or to be ignored", -60);

static LEAVE_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::LEAVE));
static NEGATED_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::NEGATED));
static SUPPOSED_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::SUPPOSED));
static PAST_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::PAST));
static RETRACTED_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::RETRACTED));
static DANGEROUS_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::DANGEROUS));
static INSTEAD_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::INSTEAD));
static CORRECTS_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(stances::CORRECTS));

/// Words that say no.
pub(crate) const NOT: &[Word] =
    &["not", "no", "never", "*n't", "cannot", "without", "nicht", "kein*", "ohne", "pas", "sin"];

/// Whether a sign is one of these.
pub(crate) fn is_one(name: &str) -> bool {
    [LEAVE, NEGATED, SUPPOSED, ASKED, DANGEROUS, PAST, RETRACTED].iter().any(|(sign, _)| *sign == name)
}

/// The signs in the words before a block.
pub(crate) fn before(text: &str) -> Vec<Sign> {
    let sentences = sentences(text);
    let any = |rules: &Rules, spaceless: &[Spaceless]| {
        sentences.iter().any(|sentence| fits(sentence, rules, spaceless))
    };
    let mut signs = Vec::new();
    let is_now = sentences.iter().any(|sentence| {
        sentence.has(stances::NOW) || ["现在", "这次"].iter().any(|now| sentence.text.contains(now))
    });
    if any(&NEGATED_RULES, stances::NEGATED_SPACELESS) && !is_now {
        signs.push(NEGATED);
    }
    if any(&SUPPOSED_RULES, stances::SUPPOSED_SPACELESS) || sentences.iter().any(asks_before) {
        signs.push(SUPPOSED);
    }
    if any(&DANGEROUS_RULES, stances::DANGEROUS_SPACELESS) {
        signs.push(DANGEROUS);
    }
    if any(&PAST_RULES, stances::PAST_SPACELESS) && !is_now {
        signs.push(PAST);
    }
    signs
}

/// The signs in the words behind a block.
pub(crate) fn after(text: &str) -> Vec<Sign> {
    let sentences = sentences(text);
    let any = |rules: &Rules, spaceless: &[Spaceless]| {
        sentences.iter().any(|sentence| fits(sentence, rules, spaceless))
    };
    let mut signs = Vec::new();
    if any(&NEGATED_RULES, stances::NEGATED_SPACELESS) {
        signs.push(NEGATED);
    }
    if any(&DANGEROUS_RULES, stances::DANGEROUS_SPACELESS) {
        signs.push(DANGEROUS);
    }
    if sentences.iter().any(asks_after) {
        signs.push(ASKED);
    }
    if any(&RETRACTED_RULES, stances::RETRACTED_SPACELESS) {
        signs.push(RETRACTED);
    }
    signs
}

/// Whether a text asks for leave to run what it is about.
pub(crate) fn asks_leave(text: &str) -> bool {
    sentences(text).iter().any(|sentence| {
        // `I don't need your approval`.
        let is_free = |at: usize| {
            let near = sentence.words.iter().take(at).rev().take(2).take_while(|word| !is_mark(word));
            !near.into_iter().any(|word| rules::is_one(word, NOT))
        };
        let asks = LEAVE_RULES.fit(sentence, is_free);
        asks || stances::LEAVE_SPACELESS.iter().any(|pair| sentence.has_spaceless(pair))
    })
}

fn fits(sentence: &Sentence<'_>, rules: &Rules, spaceless: &[Spaceless]) -> bool {
    rules.fit(sentence, |_| true) || spaceless.iter().any(|pair| sentence.has_spaceless(pair))
}

/// Whether a question before a block is one to the user or about the block, and not the task's told again.
fn asks_before(sentence: &Sentence<'_>) -> bool {
    let is_of_data = sentence.words.first().is_some_and(|first| rules::is_one(first, stances::ASKS_OF_DATA))
        && !sentence
            .words
            .last()
            .is_some_and(|last| rules::is_one(last, &["this", "that", "these", "program"]));
    let is_proposal = sentence.has(&["about"]);
    sentence.is_question && !is_of_data && !is_proposal && sentence.has(stances::ASKED)
}

/// Whether a question behind a block waits for an answer, and offers nothing further.
fn asks_after(sentence: &Sentence<'_>) -> bool {
    let is_offer = sentence.has(stances::OFFERS) || sentence.has(stances::ALSO) || sentence.has(&["well"]);
    sentence.is_question && !is_offer && (sentence.has(stances::ASKED) || sentence.words.len() < 3)
}

/// Whether a text says that what it introduces takes the place of what was before it, and no condition.
pub(crate) fn replaces(text: &str) -> bool {
    sentences(text).iter().any(|sentence| {
        fits(sentence, &INSTEAD_RULES, stances::INSTEAD_SPACELESS) && !is_conditional(sentence)
    })
}

/// Whether a text speaks of a mistake, or of putting something into another's place, and no condition.
pub(crate) fn corrects(text: &str) -> bool {
    let sentences = sentences(text);
    sentences.iter().any(|sentence| fits(sentence, &CORRECTS_RULES, stances::CORRECTS_SPACELESS))
        && !sentences.iter().any(is_conditional)
}

fn is_conditional(sentence: &Sentence<'_>) -> bool {
    let is_purpose =
        sentence.words.first().is_some_and(|first| rules::is_one(first, &["to", "um", "para", "pour"]));
    is_purpose
        || sentence.has(stances::CONDITIONS)
        || ["如果", "若", "或者"].iter().any(|condition| sentence.text.contains(condition))
}

/// A thing among several with a letter or a number, like `option b`; of the thing, its number.
fn labelled<'t>(words: &[&'t str]) -> Option<&'t str> {
    let [thing, label, ..] = words else { return None };
    let thing = thing.strip_prefix("l'").unwrap_or(thing);
    (rules::is_one(thing, stances::THINGS) && label.chars().count() == 1).then_some(*label)
}

/// The letter or number with which a text introduces one thing among several.
pub(crate) fn label(text: &str) -> Option<String> {
    let sentences = sentences(text);
    // `There are two ways. Approach 1:`
    let ends = sentences.first().into_iter().chain(sentences.last());
    ends.into_iter().find_map(|sentence| {
        labelled(&sentence.words).map(str::to_owned).or_else(|| spaceless_label(sentence.text))
    })
}

/// That of the thing that a text recommends, if it does of one alone.
pub(crate) fn recommended(text: &str) -> Option<String> {
    let mut labels: Vec<String> = Vec::new();
    for sentence in sentences(text) {
        let is_spaceless = ["推荐", "建议"].iter().any(|word| sentence.text.contains(word));
        let is_said = sentence.has(stances::RECOMMENDS) && !sentence.has(NOT) && !is_conditional(&sentence);
        if sentence.is_question || !is_said && !is_spaceless {
            continue;
        }
        let named = (0..sentence.words.len()).filter_map(|at| labelled(sentence.words.get(at..)?));
        labels.extend(named.map(str::to_owned));
        let after = sentence.text.find("推荐").or_else(|| sentence.text.find("建议"));
        labels.extend(after.and_then(|at| {
            let behind = sentence.text.get(at..)?;
            let thing = ["方案", "选项"].iter().filter_map(|thing| behind.find(thing)).min()?;
            spaceless_label(behind.get(thing..)?)
        }));
    }
    labels.dedup();
    match labels.as_slice() {
        [one] => Some(one.clone()),
        // `Option B, since it is shorter than option A`.
        [first, ..] => Some(first.clone()),
        [] => None,
    }
}

fn spaceless_label(text: &str) -> Option<String> {
    let behind = ["方案", "选项"].iter().find_map(|thing| text.strip_prefix(thing))?.trim_start();
    behind.chars().next().filter(|c| c.is_alphanumeric()).map(String::from)
}
