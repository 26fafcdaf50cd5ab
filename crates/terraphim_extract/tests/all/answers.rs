//! Labelled answers: which blocks hold a program of which language, and which of them are meant to be run.
//!
//! A file of `tests/answers` holds many answers, each below a line `=== NAME: LABELS`, with a label
//! for each block in order: the language (t, j, n, p, b, r, or x for no program) and whether it is
//! meant to be run (+ or -, & where it is one of several that are one program, or ? where it is in doubt
//! with others which of them are one); `<` stands behind it where it is between tags instead of fences.
//! `tuned`, `styles_tuned` and `intents_tuned` were looked at while the points of the signs were set. What
//! is `held` was written and labelled before it was first measured, and no point was changed for it
//! afterwards: its figures are what to expect of other answers by the same hand. The answers of `styles_*`
//! imitate the styles of different models; those of `intents_*` ask for leave, suppose, report what was
//! run, take back, replace, recommend, or seem to; `intents_held` was written before
//! the rules for these, `intents_later` behind them, in words that they might not know.

use std::{collections::HashSet, fs, path::Path};

use terraphim_extract::{ChoiceError, CodeBlock, choose, extract};
use terraphim_types::Language;

/// An answer with its labels.
struct Answer {
    name: String,
    labels: Vec<Label>,
    text: String,
}

/// What is right for a block.
#[derive(PartialEq, Eq)]
struct Label {
    language: Option<Language>,
    is_meant: bool,
    is_step: bool,
    is_doubtful: bool,
}

fn label(text: &str) -> Label {
    let language = match &text[..1] {
        "t" => Some(Language::TypeScript),
        "j" => Some(Language::JavaScript),
        "n" => Some(Language::Node),
        "p" => Some(Language::Python),
        "b" => Some(Language::Bash),
        "r" => Some(Language::Rust),
        "x" => None,
        other => panic!("no language `{other}`"),
    };
    Label {
        language,
        is_meant: text.contains(['+', '&']),
        is_step: text.contains('&'),
        is_doubtful: text.contains('?'),
    }
}

fn answers(half: &str) -> Vec<Answer> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers").join(half);
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let mut answers: Vec<Answer> = Vec::new();
    for file in files {
        for line in fs::read_to_string(&file).expect("a text").split_inclusive('\n') {
            match line.strip_prefix("=== ") {
                Some(head) => {
                    let (name, labels) = head.split_once(':').expect("a name and labels");
                    let labels = labels.split_whitespace().map(label).collect();
                    assert!(answers.iter().all(|answer| answer.name != name), "{name} stands twice");
                    answers.push(Answer { name: name.to_owned(), labels, text: String::new() });
                }
                None => answers.last_mut().expect("a header comes first").text.push_str(line),
            }
        }
    }
    answers
}

/// How well blocks are told apart.
#[derive(Default)]
struct Measure {
    answers: usize,
    blocks: usize,
    right: usize,
    wrongly: usize,
    missed: usize,
    languages: usize,
    /// Answers in which exactly one block is meant, and how many of them are run by themselves.
    single: usize,
    chosen: usize,
    /// Answers of which another block would be run than is meant.
    misrun: usize,
    /// Answers in which it is in doubt which blocks are one program, and how many of them are told to be.
    doubtful: usize,
    doubted: usize,
    told: Vec<String>,
}

impl Measure {
    fn of(half: &str) -> Self {
        let mut measure = Self::default();
        for answer in answers(half) {
            measure.add(&answer);
        }
        measure
    }

    fn add(&mut self, answer: &Answer) {
        let blocks = extract(&answer.text);
        assert_eq!(blocks.len(), answer.labels.len(), "blocks of {}", answer.name);
        self.answers += 1;
        self.blocks += blocks.len();
        for (block, label) in blocks.iter().zip(&answer.labels) {
            self.languages += usize::from(block.language == label.language);
            if block.language != label.language {
                self.tell(answer, block, "language");
            }
            let last = block.part_of.and_then(|last| blocks.get(last - 1)).unwrap_or(block);
            let runs = last.is_meant() && last.doubt.is_none();
            match (runs, label.is_meant) {
                (true, true) => self.right += 1,
                (true, false) => self.wrongly += 1,
                (false, true) => self.missed += 1,
                (false, false) => {}
            }
            if runs != label.is_meant {
                self.tell(answer, block, if label.is_meant { "missed" } else { "wrongly" });
            }
        }
        let numbers = |wanted: fn(&Label) -> bool| -> Vec<usize> {
            let labels = answer.labels.iter().enumerate();
            labels.filter(|(_, label)| wanted(label)).map(|(index, _)| index + 1).collect()
        };
        let (steps, meant) = (numbers(|label| label.is_step), numbers(|label| label.is_meant));
        let expected = if steps.is_empty() { meant } else { steps.clone() };
        let chosen = choose(&blocks, None).map(|chosen| chosen.numbers());
        let doubtful = numbers(|label| label.is_doubtful);
        if !doubtful.is_empty() {
            self.doubtful += 1;
            let is_told =
                matches!(&chosen, Err(ChoiceError::Doubtful { numbers, .. }) if *numbers == doubtful);
            self.doubted += usize::from(is_told);
            if !is_told {
                self.told.push(format!("doubt: {}: {chosen:?}", answer.name));
            }
        }
        let chosen = chosen.ok();
        if expected.len() == 1 || !steps.is_empty() {
            self.single += 1;
            self.chosen += usize::from(chosen.as_ref() == Some(&expected));
        }
        self.misrun += usize::from(chosen.is_some_and(|chosen| {
            let is_meant = chosen.iter().all(|number| expected.contains(number));
            !is_meant || chosen.len() > 1 && chosen != expected || !steps.is_empty() && chosen != steps
        }));
    }

    fn tell(&mut self, answer: &Answer, block: &CodeBlock, what: &str) {
        let signals: Vec<_> =
            block.signals.iter().map(|signal| format!("{:+} {}", signal.points, signal.name)).collect();
        let language = block.language.map_or_else(|| "none".to_owned(), |language| language.to_string());
        self.told.push(format!(
            "{what}: {} {} {language} {}: {}",
            answer.name,
            block.number,
            block.score,
            signals.join(", ")
        ));
    }

    fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrongly) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / (self.right + self.missed) as f64
    }

    fn f1(&self) -> f64 {
        2.0 * self.precision() * self.recall() / (self.precision() + self.recall())
    }

    fn line(&self) -> String {
        format!(
            "{} answers, {} blocks: precision {:.3}, recall {:.3}, F1 {:.3}; language {:.3}; run by themselves {} of {}; run wrongly {}; in doubt {} of {}",
            self.answers,
            self.blocks,
            self.precision(),
            self.recall(),
            self.f1(),
            self.languages as f64 / self.blocks as f64,
            self.chosen,
            self.single,
            self.misrun,
            self.doubted,
            self.doubtful
        )
    }
}

#[test]
fn what_is_shown_adds_up_to_the_score() {
    let mut clamped = 0;
    for half in
        ["tuned", "held", "styles_tuned", "styles_held", "intents_tuned", "intents_held", "intents_later"]
    {
        for answer in answers(half) {
            for block in extract(&answer.text) {
                let sum: i32 = block.signals.iter().map(|signal| signal.points).sum();
                assert_eq!(sum, i32::from(block.score), "{}: {block:?}", answer.name);
                let names: HashSet<_> = block.signals.iter().map(|signal| signal.name).collect();
                assert_eq!(names.len(), block.signals.len(), "{}: {block:?}", answer.name);
                let is_end = |name: &&str| name.starts_with("cut off at");
                clamped += names.iter().filter(|name| is_end(name)).count();
            }
        }
    }
    assert!(clamped > 50, "{clamped}");
}

#[test]
fn programs_that_are_meant_are_told_from_others() {
    let tuned = Measure::of("tuned");
    println!("tuned: {}", tuned.line());
    // What is wrong is shown for the tuned half alone, so that nobody mends the other by looking at it.
    println!("{}", tuned.told.join("\n"));
    let held = Measure::of("held");
    println!("held: {}", held.line());
    let styles_tuned = Measure::of("styles_tuned");
    println!("styles_tuned: {}", styles_tuned.line());
    println!("{}", styles_tuned.told.join("\n"));
    let styles_held = Measure::of("styles_held");
    println!("styles_held: {}", styles_held.line());
    let intents_tuned = Measure::of("intents_tuned");
    println!("intents_tuned: {}", intents_tuned.line());
    println!("{}", intents_tuned.told.join("\n"));
    let intents_held = Measure::of("intents_held");
    println!("intents_held: {}", intents_held.line());
    let intents_later = Measure::of("intents_later");
    println!("intents_later: {}", intents_later.line());
    assert!(tuned.answers >= 100 && held.answers >= 100, "{} and {}", tuned.answers, held.answers);
    assert!(styles_tuned.answers >= 20 && styles_held.answers >= 20);
    assert!(styles_tuned.f1() >= 0.95 && styles_tuned.misrun == 0, "{}", styles_tuned.line());
    assert!(styles_held.f1() >= 0.9 && styles_held.misrun == 0, "{}", styles_held.line());
    assert!(intents_tuned.f1() >= 0.97 && intents_tuned.misrun == 0, "{}", intents_tuned.line());
    assert!(intents_tuned.doubted >= 3 && intents_held.doubted >= 1, "{}", intents_tuned.line());
    assert!(intents_held.f1() >= 0.9 && intents_held.misrun <= 2, "{}", intents_held.line());
    assert!(intents_later.f1() >= 0.6 && intents_later.misrun <= 12, "{}", intents_later.line());
    assert!(tuned.f1() >= 0.97, "{}", tuned.line());
    assert!(held.f1() >= 0.9 && held.misrun <= 4, "{}", held.line());
}
