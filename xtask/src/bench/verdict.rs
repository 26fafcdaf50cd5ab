//! What benches told of their promises, and the table of it.
//!
//! Two forms are read: lines `promise | NAME | VALUE | BOUND | VERDICT`, and the
//! rows of `terraphim bench`, which end in `ok` or `MISSED` where something is
//! promised.

/// What the bench of `terraphim_kg` has to tell.
pub(super) const KG: &[&str] = &[
    "build of thesaurus, automaton and index",
    "resident memory of them",
    "matching words, in raw leftmost-longest",
    "prefix, top 10, slowest p50",
    "distance 2, top 10, p50",
    "noisy queries found in the top 10",
    "noisy queries, p50",
    "replacing in 1 MiB of Markdown, slowest link type",
    "path through a complete graph of 1,000 concepts",
];

/// What the bench of `terraphim_notes` has to tell.
pub(super) const NOTES: &[&str] = &[
    "indexing 10,000 notes of 2 KB",
    "changed note visible, p50",
    "search, p95",
    "search while indexing, p95",
    "with WordNet, indexing 10,000 notes of 2 KB",
    "with WordNet, changed note visible, p50",
    "with WordNet, search, p95",
    "with WordNet, search while indexing, p95",
    "nDCG@10 of the best function",
];

/// How a promise fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Kept,
    Missed,
    NotMeasured,
}

/// A promise and how it fared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    bench: &'static str,
    name: String,
    value: String,
    bound: String,
    pub(super) verdict: Verdict,
}

impl Told {
    /// The promise on one line, where it is not kept.
    pub(super) fn finding(&self) -> String {
        let Self { bench, name, value, bound, .. } = self;
        match self.verdict {
            Verdict::NotMeasured => format!("{bench}: {name}: not measured"),
            _ => format!("{bench}: {name}: {value}, promised {bound}"),
        }
    }
}

/// The promises among the lines of a bench, and those that it owes.
pub(super) fn of(bench: &'static str, owed: &[&str], lines: &[String]) -> Vec<Told> {
    let mut told: Vec<Told> = lines.iter().filter_map(|line| marked(bench, line)).collect();
    if owed.is_empty() {
        told.extend(lines.iter().filter_map(|line| row(bench, line)));
    }
    for name in owed {
        if !told.iter().any(|told| told.name == *name) {
            let (value, bound) = (String::new(), String::new());
            told.push(Told { bench, name: (*name).to_owned(), value, bound, verdict: Verdict::NotMeasured });
        }
    }
    told
}

fn verdict_of(word: &str) -> Option<Verdict> {
    match word {
        "ok" => Some(Verdict::Kept),
        "MISSED" => Some(Verdict::Missed),
        _ => None,
    }
}

fn marked(bench: &'static str, line: &str) -> Option<Told> {
    let mut parts = line.strip_prefix("promise | ")?.split(" | ");
    let (name, value, bound) = (parts.next()?, parts.next()?, parts.next()?);
    let verdict = verdict_of(parts.next()?)?;
    Some(Told { bench, name: name.to_owned(), value: value.to_owned(), bound: bound.to_owned(), verdict })
}

/// A row of the binary's table: name, p50, p99, promise, perhaps the plain client's, unit, verdict.
fn row(bench: &'static str, line: &str) -> Option<Told> {
    let (name, figures) = line.split_once("  ")?;
    let words: Vec<&str> = figures.split_whitespace().collect();
    let [p50, _, promise, .., unit, verdict] = words.as_slice() else { return None };
    let verdict = verdict_of(verdict)?;
    let number = |text: &str| text.parse::<f64>().is_ok();
    (number(p50) && number(promise)).then(|| Told {
        bench,
        name: name.to_owned(),
        value: format!("{p50} {unit}"),
        bound: format!("{promise} {unit}"),
        verdict,
    })
}

/// All promises, one on each line, and how many fared how.
pub(super) fn table(told: &[Told]) -> String {
    let mut text = String::new();
    for Told { bench, name, value, bound, verdict } in told {
        let word = match verdict {
            Verdict::Kept => "ok",
            Verdict::Missed => "MISSED",
            Verdict::NotMeasured => "not measured",
        };
        text.push_str(&format!("{bench:<6} {name:<50} {value:>14} {bound:>20}  {word}\n"));
    }
    let count = |verdict| told.iter().filter(|told| told.verdict == verdict).count();
    text.push_str(&format!(
        "{} promises: {} kept, {} missed, {} not measured",
        told.len(),
        count(Verdict::Kept),
        count(Verdict::Missed),
        count(Verdict::NotMeasured)
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn both_forms_are_read_and_what_is_owed_is_not_passed() {
        let said =
            lines("build: 1 s\npromise | a | 0.600 s | at most 2 s | ok\npromise | b | NaN | x | MISSED\n");
        let told = of("kg", &["a", "c"], &said);
        let shown: Vec<_> = told.iter().map(|told| (told.name.as_str(), told.verdict)).collect();
        assert_eq!(shown, [("a", Verdict::Kept), ("b", Verdict::Missed), ("c", Verdict::NotMeasured)]);
        assert!(table(&told).ends_with("\n3 promises: 1 kept, 1 missed, 1 not measured"), "{}", table(&told));
        assert_eq!(told.iter().map(Told::finding).next_back(), Some("kg: c: not measured".into()));
        let said = lines(concat!(
            "                              p50       p99   promise plain client\n",
            "run without a call           0.54      0.90      0.60              ms ok\n",
            "run with one call            1.54      1.90      1.00         0.13 ms MISSED\n",
            "resident memory of the zygote 5.10     5.10                       MiB \n",
        ));
        let told = of("run", &[], &said);
        let shown: Vec<_> = told.iter().map(|told| (told.name.as_str(), told.value.as_str())).collect();
        assert_eq!(shown, [("run without a call", "0.54 ms"), ("run with one call", "1.54 ms")]);
        assert_eq!(told.iter().map(|told| told.verdict).next_back(), Some(Verdict::Missed));
    }

    #[test]
    fn the_benches_tell_what_they_owe() {
        for (owed, files) in [
            (KG, &["crates/terraphim_kg/benches/engine.rs"][..]),
            (
                NOTES,
                &[
                    "crates/terraphim_notes/benches/notes/speed.rs",
                    "crates/terraphim_notes/benches/notes/cranfield.rs",
                ],
            ),
        ] {
            let sources: String = files.iter().map(|file| tree::read(file).expect("a bench")).collect();
            for name in owed {
                assert!(sources.contains(&format!("\"{name}\"")), "no bench tells `{name}`");
            }
        }
    }
}
