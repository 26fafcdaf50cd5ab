//! Rules for sentences: words that stand near each other, in an order.

use std::collections::HashMap;

/// Longest text that is looked at, in words; texts around a block are cut off before.
const MAX_WORDS: usize = 200;

/// A word as rules write it: `run`, `execut*` by its beginning, `*n't` by its end.
pub(crate) type Word = &'static str;

/// Which sentences a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Any,
    Question,
    Statement,
    /// One of at most five words that asks.
    ShortQuestion,
    /// One of at most five words.
    Short,
}

/// One of each list of words, in this order, with at most `gap` other words between two of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) form: Form,
    pub(crate) words: &'static [&'static [Word]],
    pub(crate) gap: usize,
    /// With one of these anywhere in the sentence the rule says nothing.
    pub(crate) unless: &'static [Word],
    /// What the last word must be followed by, if anything follows it; empty for whatever.
    pub(crate) then: &'static [Word],
}

/// A rule with what most have.
pub(crate) const fn rule(form: Form, gap: usize, words: &'static [&'static [Word]]) -> Rule {
    Rule { form, words, gap, unless: &[], then: &[] }
}

impl Rule {
    pub(crate) const fn unless(self, unless: &'static [Word]) -> Self {
        Self { unless, ..self }
    }

    pub(crate) const fn then(self, then: &'static [Word]) -> Self {
        Self { then, ..self }
    }
}

/// A text without blanks between words: the first of these, and later in the sentence the second.
pub(crate) type Spaceless = (Form, &'static [&'static str], &'static [&'static str]);

/// A sentence, in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Sentence<'t> {
    pub(crate) text: &'t str,
    pub(crate) words: Vec<&'t str>,
    pub(crate) is_question: bool,
}

/// The sentences of a text; lines that go on are one.
pub(crate) fn sentences(text: &str) -> Vec<Sentence<'_>> {
    let mut found = Vec::new();
    let (mut start, mut left) = (0, MAX_WORDS);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_last = chars.peek().is_none();
        let is_spaced =
            chars.peek().is_none_or(|(_, next)| next.is_whitespace() || matches!(next, '"' | ')'));
        let ends = matches!(c, '。' | '！' | '？') || matches!(c, '.' | '!' | '?' | '…') && is_spaced;
        if ends || is_last {
            let end = at + c.len_utf8();
            let sentence = text.get(start..end).unwrap_or_default().trim();
            start = end;
            let words: Vec<&str> = words(sentence).take(left).collect();
            left = left.saturating_sub(words.len());
            let is_question = sentence.trim_end_matches(['"', ')', ':', ' ']).ends_with(['?', '？']);
            if !sentence.is_empty() {
                found.push(Sentence { text: sentence, words, is_question });
            }
        }
    }
    found
}

/// The words of a sentence, with their apostrophes and hyphens; a mark between clauses is a word too.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let of_word = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '-');
    let mark = |rest: &str| match rest.chars().next() {
        Some(':') => ":",
        Some(',' | ';' | '—' | '–' | '(') => ",",
        _ => "",
    };
    text.split_inclusive(move |c: char| !of_word(c))
        .flat_map(move |part| {
            let word = part.trim_end_matches(|c: char| !of_word(c));
            let rest = part.get(word.len()..).unwrap_or_default();
            [word.trim_matches(['\'', '-']), mark(rest)]
        })
        .filter(|word| !word.is_empty())
}

/// Whether a word is a mark between clauses.
pub(crate) fn is_mark(word: &str) -> bool {
    matches!(word, "," | ":")
}

/// Whether a word is one of a list.
pub(crate) fn is_one(word: &str, list: &[Word]) -> bool {
    let first = word.as_bytes().first();
    list.iter().any(|wanted| {
        let begins = wanted.as_bytes().first();
        // Most differ in their first byte.
        match begins {
            Some(b'*') => wanted.strip_prefix('*').is_some_and(|end| word.ends_with(end)),
            _ if begins != first => false,
            _ => wanted.strip_suffix('*').map_or(word == *wanted, |start| word.starts_with(start)),
        }
    })
}

/// Rules by their first words.
#[derive(Debug)]
pub(crate) struct Rules {
    rules: &'static [Rule],
    /// By whole words.
    whole: HashMap<Word, Vec<usize>>,
    /// Beginnings and ends of words.
    parts: Vec<(Word, usize)>,
}

impl Rules {
    pub(crate) fn new(rules: &'static [Rule]) -> Self {
        let (mut whole, mut parts) = (HashMap::<Word, Vec<usize>>::new(), Vec::new());
        for (index, rule) in rules.iter().enumerate() {
            for word in rule.words.first().into_iter().copied().flatten().copied() {
                if word.contains('*') {
                    parts.push((word, index));
                } else {
                    whole.entry(word).or_default().push(index);
                }
            }
        }
        Self { rules, whole, parts }
    }

    /// Whether one of them fits a sentence from a word on whose index is accepted.
    pub(crate) fn fit(&self, sentence: &Sentence<'_>, accepts: impl Fn(usize) -> bool) -> bool {
        sentence.words.iter().enumerate().any(|(at, word)| {
            let whole = self.whole.get(word).into_iter().flatten().copied();
            let is_part = |(part, _): &&(Word, usize)| is_one(word, &[*part]);
            let parts = self.parts.iter().filter(is_part).map(|(_, index)| *index);
            let mut found = whole.chain(parts).filter_map(|index| self.rules.get(index));
            found.any(|rule| sentence.fits_at(rule, at) && accepts(at))
        })
    }
}

impl Sentence<'_> {
    pub(crate) fn has(&self, list: &[Word]) -> bool {
        self.words.iter().any(|word| is_one(word, list))
    }

    fn is(&self, form: Form) -> bool {
        let is_short = || self.words.iter().filter(|word| !is_mark(word)).count() <= 5;
        match form {
            Form::Any => true,
            Form::Question => self.is_question,
            Form::Statement => !self.is_question,
            Form::ShortQuestion => self.is_question && is_short(),
            Form::Short => is_short(),
        }
    }

    /// Whether a rule fits from a word on that is one of its first.
    fn fits_at(&self, rule: &Rule, start: usize) -> bool {
        self.is(rule.form)
            && rule.words.split_first().is_some_and(|(_, rest)| self.fits(rule, rest, start))
            && !self.has(rule.unless)
    }

    /// Whether the later words of a rule follow; of several places each nearest one is taken.
    fn fits(&self, rule: &Rule, rest: &[&'static [Word]], start: usize) -> bool {
        let mut at = start;
        for list in rest {
            // A mark between clauses ends what belongs together.
            let near = self.words.iter().enumerate().skip(at + 1).take(rule.gap + 1);
            let mut near = near.take_while(|(_, word)| !is_mark(word));
            let Some((found, _)) = near.find(|(_, word)| is_one(word, list)) else { return false };
            at = found;
        }
        rule.then.is_empty() || self.words.get(at + 1).is_none_or(|next| is_one(next, rule.then))
    }

    /// Whether a sentence without blanks has a pair.
    pub(crate) fn has_spaceless(&self, (form, first, second): &Spaceless) -> bool {
        let is_form = match form {
            Form::Question | Form::ShortQuestion => self.is_question || self.text.contains('吗'),
            _ => true,
        };
        is_form
            && first.iter().any(|first| {
                self.text.find(first).is_some_and(|at| {
                    let behind = self.text.get(at + first.len()..).unwrap_or_default();
                    second.is_empty() || second.iter().any(|second| behind.contains(second))
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_have_words_and_ends() {
        let found = sentences("is it v1.2? i'd say so, with your go-ahead:\nnow. 好吗？行。");
        let shown: Vec<_> = found.iter().map(|one| (one.words.join(" "), one.is_question)).collect();
        assert_eq!(
            shown,
            [
                ("is it v1 2".to_owned(), true),
                ("i'd say so , with your go-ahead : now".to_owned(), false),
                ("好吗".to_owned(), true),
                ("行".to_owned(), false)
            ]
        );
    }

    #[test]
    fn a_rule_wants_its_words_near_each_other() {
        const RULE: &[Rule] =
            &[rule(Form::Any, 1, &[&["*n't"], &["run*"]]).unless(&["twice"]).then(&["it", ","])];
        let fits =
            |text: &str| sentences(text).iter().any(|sentence| Rules::new(RULE).fit(sentence, |_| true));
        assert!(fits("i won't ever run it") && fits("you can't run.") && fits("don't run, think"));
        assert!(!fits("i won't, running it") && !fits("i won't run twice") && !fits("don't run that"));
        assert!(!fits("i won't be the one who runs it"));
    }
}
