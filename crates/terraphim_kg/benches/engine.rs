//! The engine's figures over a large thesaurus, next to the bare libraries below it.
//!
//! `cargo bench -p terraphim_kg -- FOLDER`, where the folder may hold
//! `wordnet_thesaurus.json` (uncompressed), and
//! `frequency_dictionary_en_82_765.txt` with `noisy_query_en_1000.txt`. What is
//! missing is named and left out.

mod promise;

use std::{
    collections::HashMap,
    error::Error,
    fs,
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde_json::json;
use terraphim_kg::{AutocompleteIndex, Boundaries, ConceptGraph, Matcher, Thesaurus, fold};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.iter().find(|argument| !argument.starts_with('-'));
    if folder.is_none() && !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured: run `cargo bench`, with the folder of the data as an argument");
        return Ok(());
    }
    let file = |name: &str| folder.and_then(|folder| read(Path::new(folder), name));
    match file("wordnet_thesaurus.json") {
        Some(json) => wordnet(&json)?,
        None => println!(
            "not measured: build, memory, matching, replacing, completion; wordnet_thesaurus.json is \
             missing, a thesaurus made from Open English WordNet"
        ),
    }
    match file("frequency_dictionary_en_82_765.txt").zip(file("noisy_query_en_1000.txt")) {
        Some((dictionary, queries)) => noisy(&dictionary, &queries)?,
        None => println!(
            "not measured: noisy queries; SymSpell's frequency_dictionary_en_82_765.txt or \
             noisy_query_en_1000.txt is missing"
        ),
    }
    connecting()
}

fn read(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

/// Resident memory of this process, in MiB.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

/// The shortest of several runs.
fn best_of(runs: u32, mut work: impl FnMut()) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// Prints a figure; gives its median.
fn percentiles(name: &str, mut times: Vec<Duration>) -> Duration {
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    let last = times.last().copied().unwrap_or_default();
    println!("{name}: p50 {:.1?}, p95 {:.1?}, p99 {:.1?}, max {last:.1?}", at(50), at(95), at(99));
    at(50)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn megabytes_per_second(bytes: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6 / time.as_secs_f64()
}

fn wordnet(json: &str) -> Outcome {
    let before = resident();
    let start = Instant::now();
    let thesaurus = Arc::new(Thesaurus::from_json(json)?);
    let parsed = start.elapsed();
    let matcher = Matcher::new(Arc::clone(&thesaurus), Boundaries::Words)?;
    let compiled = start.elapsed();
    let index = AutocompleteIndex::new(&thesaurus, |_| 0)?;
    let built = start.elapsed();
    println!(
        "build: {} terms, {} concepts in {built:.0?} (thesaurus {parsed:.0?}, automaton {:.0?}, index {:.0?})",
        thesaurus.terms().len(),
        thesaurus.concepts().len(),
        compiled - parsed,
        built - compiled,
    );
    let memory = resident() - before;
    println!(
        "memory: {memory:.1} MiB resident (automaton {:.1}, index {:.1})",
        matcher.automaton_bytes() as f64 / f64::from(1 << 20),
        index.bytes() as f64 / f64::from(1 << 20),
    );
    promise::at_most("build of thesaurus, automaton and index", built.as_secs_f64(), 2.0, "s");
    promise::at_most("resident memory of them", memory, 60.0, "MiB");
    matching(&thesaurus, &matcher)?;
    rewriting(&thesaurus, &matcher)?;
    completing(&thesaurus, &index);
    correcting(&thesaurus, &index);
    let start = Instant::now();
    let bytes = index.to_bytes();
    let written = start.elapsed();
    let again = AutocompleteIndex::from_bytes(&bytes)?;
    println!(
        "index bytes: {} written in {written:.0?}, read in {:.0?}, {} terms",
        bytes.len(),
        start.elapsed() - written,
        again.len()
    );
    Ok(())
}

/// English-like text: terms in a fixed shuffle with small words between.
fn prose(thesaurus: &Thesaurus, bytes: usize) -> String {
    let terms: Vec<&str> = thesaurus.terms().map(|term| term.written.as_str()).collect();
    let glue = ["the", "of", "and", "which", "is", "were", "about", "never", "with", "some", "zzkjh"];
    let mut text = String::with_capacity(bytes + 64);
    let mut state = 1_usize;
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(terms.get((state >> 33) % terms.len()).copied().unwrap_or_default());
        let small = (state >> 20) % 3 + 1;
        for step in 0..small {
            text.push(' ');
            text.push_str(glue.get((state >> (8 + step)) % glue.len()).copied().unwrap_or_default());
        }
        text.push_str(if state >> 40 & 15 == 0 { ".\n\n" } else { " " });
    }
    text
}

fn matching(thesaurus: &Arc<Thesaurus>, matcher: &Matcher) -> Outcome {
    let text = prose(thesaurus, 1 << 20);
    let patterns: Vec<String> = thesaurus.terms().map(|term| fold(&term.written)).collect();
    let anywhere = Matcher::new(Arc::clone(thesaurus), Boundaries::Anywhere)?;
    let lower = text.to_lowercase();
    let raw = |kind| {
        AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).match_kind(kind).build(&patterns)
    };
    let leftmost = raw(MatchKind::LeftmostLongest)?;
    let standard = raw(MatchKind::Standard)?;
    let insensitive = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        .build(&patterns)?;
    let ways: [(&str, &dyn Fn()); 6] = [
        ("words", &|| drop(black_box(matcher.find(&text)))),
        ("anywhere", &|| drop(black_box(anywhere.find(&text)))),
        ("raw leftmost-longest", &|| drop(black_box(leftmost.find_iter(&lower).collect::<Vec<_>>()))),
        ("raw leftmost-longest, any ASCII case", &|| {
            drop(black_box(insensitive.find_iter(&text).collect::<Vec<_>>()))
        }),
        ("raw standard", &|| drop(black_box(standard.find_iter(&lower).collect::<Vec<_>>()))),
        ("raw overlapping", &|| drop(black_box(standard.find_overlapping_iter(&lower).collect::<Vec<_>>()))),
    ];
    let mut times = [Duration::MAX; 6];
    for _ in 0..9 {
        for ((_, way), time) in ways.iter().zip(&mut times) {
            *time = best_of(1, way).min(*time);
        }
    }
    let base = times.get(2).map_or(0.0, Duration::as_secs_f64);
    for ((name, _), time) in ways.iter().zip(times) {
        println!(
            "matching, {name}: {:.1} MB/s, {:.2} of raw leftmost-longest",
            megabytes_per_second(text.len(), time),
            base / time.as_secs_f64()
        );
    }
    let words = times.first().map_or(f64::NAN, |time| base / time.as_secs_f64());
    promise::at_least("matching words, in raw leftmost-longest", words, 0.9, "x");
    Ok(())
}

/// A megabyte of Markdown: prose with links, code, tables and lists.
fn rewriting(thesaurus: &Thesaurus, matcher: &Matcher) -> Outcome {
    let mut text = String::new();
    for (number, paragraph) in prose(thesaurus, 1 << 20).split("\n\n").enumerate() {
        let marked = match number % 8 {
            1 => format!("- {paragraph}\n- `code` and [a link](https://example.org/a)"),
            3 => format!("```text\n{paragraph}\n```"),
            5 => format!("> {paragraph} <b>bold</b> [[linked]]"),
            6 => format!("| a | b |\n| - | - |\n| {} | c |", paragraph.replace('\n', " ")),
            _ => paragraph.to_owned(),
        };
        text.push_str(&marked);
        text.push_str("\n\n");
    }
    text.truncate(text.floor_char_boundary(1 << 20));
    let mut slowest = Duration::ZERO;
    for link in ["wiki", "html", "markdown", "plain"] {
        let kind = link.parse()?;
        let address = |concept: &'_ terraphim_kg::Concept| Some(format!("{}.md", concept.id).into());
        let mut replaced = 0;
        let time = best_of(5, || replaced = matcher.replace_with(&text, kind, address).replaced);
        println!("replacing in 1 MiB of Markdown, {link}: {time:.1?}, {replaced} replaced");
        slowest = slowest.max(time);
    }
    promise::at_most("replacing in 1 MiB of Markdown, slowest link type", milliseconds(slowest), 150.0, "ms");
    let mut found = 0;
    let time = best_of(5, || found = matcher.paragraphs(&text).len());
    println!("paragraphs of 1 MiB of Markdown: {time:.1?}, {found} found");
    Ok(())
}

fn completing(thesaurus: &Thesaurus, index: &AutocompleteIndex) {
    let mut slowest = Duration::ZERO;
    for letters in [1, 2, 3, 5] {
        let prefixes: Vec<String> =
            thesaurus.terms().step_by(127).map(|term| term.written.chars().take(letters).collect()).collect();
        let times = prefixes.iter().map(|prefix| best_of(3, || drop(black_box(index.complete(prefix, 10)))));
        slowest = slowest.max(percentiles(&format!("prefix of {letters}, top 10"), times.collect()));
    }
    promise::at_most("prefix, top 10, slowest p50", milliseconds(slowest) * 1e3, 20.0, "µs");
}

fn correcting(thesaurus: &Thesaurus, index: &AutocompleteIndex) {
    let typed: Vec<String> = thesaurus
        .terms()
        .filter(|term| term.written.chars().count() > 4)
        .step_by(97)
        .map(|term| misspelled(&term.written))
        .collect();
    for distance in 1..=4 {
        let mut times = Vec::new();
        for query in &typed {
            times.push(best_of(3, || drop(black_box(index.nearest(query, distance, 10)))));
        }
        let median = percentiles(&format!("distance {distance}, top 10"), times);
        if distance == 2 {
            promise::at_most("distance 2, top 10, p50", milliseconds(median), 1.0, "ms");
        }
    }
    let mut times = Vec::new();
    for query in &typed {
        times.push(best_of(3, || drop(black_box(index.similar(query, 0.6, 10)))));
    }
    percentiles("jaro-winkler 0.6, top 10", times);
}

/// Paths through all of a complete graph of 1,000 concepts, and through none.
fn connecting() -> Outcome {
    let data: serde_json::Map<_, _> =
        (0..1_003).map(|id| (format!("c{id}"), json!({ "id": id, "nterm": format!("c{id}") }))).collect();
    let thesaurus = Thesaurus::from_json(&json!({ "name": "complete", "data": data }).to_string())?;
    let all: Vec<_> = thesaurus.indices().collect();
    let (clique, leaves) = all.split_at(1_000);
    let mut graph = ConceptGraph::new();
    let start = Instant::now();
    for (at, one) in clique.iter().enumerate() {
        for other in clique.iter().skip(at + 1) {
            graph.insert((*one, *other), &[*one, *other]);
        }
    }
    println!("graph: {} documents put in in {:.0?}", graph.document_count(), start.elapsed());
    let some: Vec<_> = clique.iter().step_by(50).copied().collect();
    for (name, asked) in [("all", clique), ("20", &some)] {
        let start = Instant::now();
        let answer = graph.connect(asked);
        let time = start.elapsed();
        println!("connecting {name} of a complete graph: {:?} in {time:.1?}", answer.verdict);
        if asked.len() == clique.len() {
            let name = "path through a complete graph of 1,000 concepts";
            promise::at_most(name, time.as_secs_f64(), 1.0, "s");
        }
    }
    let Some(center) = clique.first().copied() else { return Ok(()) };
    for leaf in leaves {
        graph.insert((center, *leaf), &[center, *leaf]);
    }
    let start = Instant::now();
    let answer = graph.connect(leaves);
    println!("connecting three leaves of it: {:?} in {:.1?}", answer.verdict, start.elapsed());
    let asked: Vec<_> = leaves.iter().take(2).chain(clique.iter().skip(1)).copied().collect();
    let start = Instant::now();
    let answer = graph.connect(&asked);
    println!("connecting two leaves and the rest: {:?} in {:.1?}", answer.verdict, start.elapsed());
    let start = Instant::now();
    let ranked = graph.rank(&some, 10).len();
    println!("ranking by 20 concepts: {ranked} documents in {:.1?}", start.elapsed());
    Ok(())
}

/// The term with its third letter left out and two neighbours swapped.
fn misspelled(term: &str) -> String {
    let mut chars: Vec<char> = term.chars().collect();
    chars.remove(2);
    let last = chars.len() - 1;
    chars.swap(last - 1, last);
    chars.into_iter().collect()
}

fn noisy(dictionary: &str, queries: &str) -> Outcome {
    let mut weights: HashMap<&str, u64> = HashMap::new();
    for line in dictionary.trim_start_matches('\u{feff}').lines() {
        if let Some((word, count)) = line.split_once(' ') {
            weights.insert(word, count.trim().parse()?);
        }
    }
    let data: serde_json::Map<_, _> =
        weights.keys().map(|word| ((*word).to_owned(), json!({ "id": 1, "nterm": word }))).collect();
    let thesaurus = Thesaurus::from_json(&json!({ "name": "words", "data": data }).to_string())?;
    let index = AutocompleteIndex::new(&thesaurus, |term| {
        weights.get(term.written.as_str()).copied().unwrap_or_default()
    })?;
    let pairs: Vec<(&str, &str)> = queries
        .lines()
        .filter_map(|line| {
            let mut parts = line.trim_start_matches('\u{feff}').split_whitespace();
            Some((parts.next()?, parts.next()?))
        })
        .collect();
    let mut best = (0, Duration::MAX);
    for distance in 1..=4 {
        let (mut times, mut hits) = (Vec::new(), 0);
        for (typed, meant) in &pairs {
            let nearest = index.nearest(typed, distance, 10)?;
            times.push(best_of(3, || drop(black_box(index.nearest(typed, distance, 10)))));
            hits += usize::from(nearest.iter().any(|near| near.suggestion.term == *meant));
        }
        let name = format!("noisy, distance {distance}: {hits} of {} in the top 10", pairs.len());
        let median = percentiles(&name, times);
        if hits > best.0 {
            best = (hits, median);
        }
    }
    let found = u32::try_from(best.0).map_or(f64::NAN, f64::from);
    promise::at_least("noisy queries found in the top 10", found, 900.0, "of 1,000");
    promise::at_most("noisy queries, p50", milliseconds(best.1), 1.0, "ms");
    let (mut times, mut hits) = (Vec::new(), 0);
    for (typed, meant) in &pairs {
        let near = index.correct(typed, 0.6, 10)?;
        times.push(best_of(3, || drop(black_box(index.correct(typed, 0.6, 10)))));
        hits += usize::from(near.iter().any(|near| near.suggestion.term == *meant));
    }
    percentiles(&format!("noisy, corrected: {hits} of {} in the top 10", pairs.len()), times);
    let (mut times, mut hits) = (Vec::new(), 0);
    for (typed, meant) in &pairs {
        let near = index.similar(typed, 0.6, 10)?;
        times.push(best_of(3, || drop(black_box(index.similar(typed, 0.6, 10)))));
        hits += usize::from(near.iter().any(|near| near.suggestion.term == *meant));
    }
    percentiles(&format!("noisy, jaro-winkler: {hits} of {} in the top 10", pairs.len()), times);
    Ok(())
}
