//! Two plain searches to compare with: BM25 (Robertson and others, 1994; k1 1.2,
//! b 0.75) over the words of names and descriptions as they stand, and over split
//! and stemmed words of these, of parameters and of the server's name. Both leave out stop words.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use super::{
    measure::Answer,
    sets::{Loaded, Tool},
};

const SATURATION: f64 = 1.2;
const LENGTH: f64 = 0.75;
/// Words that both leave out.
const STOP_WORDS: &[&str] = &[
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "do", "for", "from",
    "have", "help", "how", "i", "if", "in", "into", "is", "it", "its", "like", "me", "my", "need", "of",
    "on", "or", "please", "should", "some", "that", "the", "their", "them", "there", "these", "this", "to",
    "want", "was", "what", "when", "where", "which", "who", "will", "with", "would", "you", "your",
];
/// Endings that the second one strips.
const ENDINGS: &[&str] = &["ations", "ation", "ing", "ions", "ion", "ers", "er", "ed", "es", "s", "e"];
/// How many tools an answer has.
const DEPTH: usize = 10;

/// The answers of both to all queries of a set.
pub(super) fn answers(set: &Loaded) -> [(&'static str, Vec<Answer>); 2] {
    let plain = |tool: &Tool| plain(&format!("{} {}", tool.name, tool.description));
    let split = |tool: &Tool| {
        split(&format!("{} {} {} {}", tool.name, tool.description, tool.parameters, tool.server))
    };
    [
        ("plain BM25", ask(set, &Bm25::new(set.tools.iter().map(plain)), self::plain)),
        ("split BM25", ask(set, &Bm25::new(set.tools.iter().map(split)), self::split)),
    ]
}

fn ask(set: &Loaded, index: &Bm25, words: fn(&str) -> Vec<String>) -> Vec<Answer> {
    let answer = |query: &super::sets::Query| {
        let start = Instant::now();
        let found = index.search(&words(&query.text));
        let micros = start.elapsed().as_secs_f64() * 1e6;
        let ids = found.into_iter().filter_map(|number| set.tools.get(number));
        let places = ids.map(|tool| vec![tool.id.clone()]).collect();
        Answer { setting: String::new(), query: query.id.clone(), places, micros }
    };
    set.queries.iter().map(answer).collect()
}

/// Runs of letters, digits and underscores in lower case.
fn plain(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.map(str::to_lowercase).filter(|word| !STOP_WORDS.contains(&word.as_str())).collect()
}

/// Runs of letters of one case and of digits, without a plural's ending.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last = ' ';
    for c in text.chars() {
        let opens = c.is_uppercase() && !last.is_uppercase() || c.is_numeric() != last.is_numeric();
        if (!c.is_alphanumeric() || opens) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        last = c;
    }
    words.retain(|word| !word.is_empty() && !STOP_WORDS.contains(&word.as_str()));
    words.iter().map(|word| stem(word).to_owned()).collect()
}

/// A word without the first ending that leaves four letters.
fn stem(word: &str) -> &str {
    let rests = ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending));
    rests.into_iter().find(|rest| rest.chars().count() >= 4).unwrap_or(word)
}

struct Bm25 {
    /// For each word the texts that hold it, and how often.
    postings: HashMap<String, Vec<(usize, f64)>>,
    lengths: Vec<f64>,
    average: f64,
}

impl Bm25 {
    #[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
    fn new(texts: impl Iterator<Item = Vec<String>>) -> Self {
        let mut index = Self { postings: HashMap::new(), lengths: Vec::new(), average: 0.0 };
        for (number, words) in texts.enumerate() {
            index.lengths.push(words.len() as f64);
            let mut counts: HashMap<String, f64> = HashMap::new();
            for word in words {
                *counts.entry(word).or_default() += 1.0;
            }
            for (word, count) in counts {
                index.postings.entry(word).or_default().push((number, count));
            }
        }
        index.average = index.lengths.iter().sum::<f64>() / (index.lengths.len().max(1) as f64);
        index
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of tools are small")]
    fn search(&self, words: &[String]) -> Vec<usize> {
        let total = self.lengths.len() as f64;
        let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
        for postings in words.iter().filter_map(|word| self.postings.get(word)) {
            let holding = postings.len() as f64;
            let rarity = (1.0 + (total - holding + 0.5) / (holding + 0.5)).ln();
            for (number, count) in postings {
                let length = self.lengths.get(*number).copied().unwrap_or_default() / self.average.max(1.0);
                let frequency =
                    count * (SATURATION + 1.0) / (count + SATURATION * (1.0 - LENGTH + LENGTH * length));
                *scores.entry(*number).or_default() += rarity * frequency;
            }
        }
        let mut ranked: Vec<_> = scores.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.into_iter().take(DEPTH).map(|(number, _)| number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_second_parts_and_stems() {
        assert_eq!(plain("Use create_issue, now."), ["use", "create_issue", "now"]);
        assert_eq!(split("listCommits of repo_2 classes"), ["list", "commit", "repo", "2", "class"]);
    }

    #[test]
    fn rare_words_count_more() {
        let texts = ["get a file", "get a branch", "get a list of a branch"];
        let index = Bm25::new(texts.iter().map(|text| plain(text)));
        assert_eq!(index.search(&plain("get branch")), [1, 2, 0]);
    }
}
