//! 10,000 notes of 2 KB: indexing, following, searching.

use std::{
    fmt::Write,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use terraphim_notes::{Haystack, Library, NotesConfig, Phase, Relevance, Role, RoleView, SearchRequest};

use crate::promise;

const NOTES: usize = 10_000;
const NOTE_BYTES: usize = 2_048;
const VOCABULARY: u64 = 20_000;
const CONCEPTS: u64 = 1_000;
const SEARCHES: usize = 600;

/// The names of what is promised.
struct Promised {
    index: &'static str,
    follow: &'static str,
    search: &'static str,
    search_indexing: &'static str,
}

const PROMISED: Promised = Promised {
    index: "indexing 10,000 notes of 2 KB",
    follow: "changed note visible, p50",
    search: "search, p95",
    search_indexing: "search while indexing, p95",
};

const PROMISED_WITH_WORDNET: Promised = Promised {
    index: "with WordNet, indexing 10,000 notes of 2 KB",
    follow: "with WordNet, changed note visible, p50",
    search: "with WordNet, search, p95",
    search_indexing: "with WordNet, search while indexing, p95",
};

/// A small generator of pseudo-random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        // Steele, Lea and Flood, 2014.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// A word, the more frequent the lesser its number.
    fn word(&mut self) -> String {
        let ceiling = self.roll(VOCABULARY) + 1;
        word(self.roll(ceiling))
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

fn word(number: u64) -> String {
    let (consonants, vowels) = (b"bcdfghjklmnpqrstvwxz", b"aeiou");
    let mut word = String::new();
    let mut rest = number + 17;
    while rest > 0 {
        for letters in [consonants.as_slice(), vowels.as_slice()] {
            let size = letters.len() as u64;
            word.push(char::from(letters[(rest % size) as usize]));
            rest /= size;
        }
    }
    word
}

pub(crate) async fn measure(thesaurus: Option<&Path>) {
    let promised = if thesaurus.is_some() { PROMISED_WITH_WORDNET } else { PROMISED };
    let home = tempfile::tempdir().expect("a folder");
    let mut dice = Dice(1);
    write_notes(home.path(), &mut dice);
    let graph = home.path().join("kg");
    fs::create_dir(&graph).expect("created");
    for concept in 0..CONCEPTS {
        let name = word(concept * 7 + 50);
        let synonyms = format!("synonyms:: {}, {}\n", dice.words(2), word(concept * 7 + 51));
        fs::write(graph.join(format!("{name}.md")), synonyms).expect("written");
    }
    println!(
        "\n{NOTES} notes, knowledge graph: {}",
        thesaurus.map_or("1000 concepts".into(), |path| path.display().to_string())
    );
    let role = Role {
        name: "Bench".into(),
        short_name: "bench".into(),
        relevance: Relevance::TerraphimGraph,
        theme: None,
        knowledge_graph: Some(thesaurus.map_or(graph, Path::to_owned)),
        haystacks: vec![Haystack { path: home.path().join("notes"), include: vec![], exclude: vec![] }],
    };
    let config =
        NotesConfig { roles: vec![role], default_role: None, index_dir: Some(home.path().join("index")) };
    let before = resident();
    let start = Instant::now();
    let library = Library::new(config.clone()).expect("a good configuration");
    let status = library.refresh(None).await.expect("a status");
    assert_eq!(status.documents, NOTES as u64);
    let indexed = start.elapsed();
    println!("index all        {indexed:>9.1?}   resident {:.0} MB, {before:.0} MB before", resident());
    promise::at_most(promised.index, indexed.as_secs_f64(), 10.0, "s");
    drop(library);

    let start = Instant::now();
    let library = Library::new(config).expect("a good configuration");
    let view = library.view(None).await.expect("a view");
    println!("open again       {:>9.1?}", start.elapsed());
    let start = Instant::now();
    let terms = view.autocomplete().expect("an index").len();
    println!("completion       {:>9.1?}   {terms} terms", start.elapsed());
    println!("graph            {} nodes, {} edges", view.graph().node_count(), view.graph().edge_count());
    drop(view);
    println!("resident         {:.0} MB", resident());

    let mut times = Vec::new();
    searches(&library, &mut dice, &mut times, || true).await;
    promise::at_most(promised.search, report("search idle", &mut times)[1], 5.0, "ms");
    let [p50, _] = follow(&library, home.path()).await;
    promise::at_most(promised.follow, p50, 200.0, "ms");
    let mut times = searches_while_indexing(&library, home.path(), &mut dice).await;
    let [_, p95] = report("search indexing", &mut times);
    if times.len() == SEARCHES {
        promise::at_most(promised.search_indexing, p95, 5.0, "ms");
    } else {
        println!("not measured: {}; indexing was over too soon", promised.search_indexing);
    }
    let start = Instant::now();
    library.refresh(None).await.expect("a status");
    println!(
        "index all again  {:>9.1?}   after the searches, resident {:.0} MB",
        start.elapsed(),
        resident()
    );
}

fn write_notes(home: &Path, dice: &mut Dice) {
    for number in 0..NOTES {
        let folder = home.join(format!("notes/{}", number % 100));
        fs::create_dir_all(&folder).expect("created");
        let mut text = format!("# {}\n\n", dice.words(5));
        while text.len() < NOTE_BYTES {
            let count = 40 + dice.roll(40) as usize;
            writeln!(text, "{}.\n", dice.words(count)).expect("written");
        }
        text.truncate(NOTE_BYTES);
        fs::write(folder.join(format!("{number}.md")), text).expect("written");
    }
}

async fn wait_until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never happens");
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}

fn search(view: &RoleView, query: String) -> usize {
    let request = SearchRequest { query, limit: 10, skip: 0, explain: false };
    view.search(&request).expect("a page").total
}

/// Searches while `goes_on` says so, until there are enough times.
async fn searches(library: &Library, dice: &mut Dice, times: &mut Vec<Duration>, goes_on: impl Fn() -> bool) {
    while times.len() < SEARCHES && goes_on() {
        let round = times.len();
        let words = dice.words(2 + round % 3);
        let query = match round % 6 {
            0 => words.replacen(' ', " AND ", 1),
            1 => format!("\"{words}\""),
            2 => format!("{}*", words.get(..3).unwrap_or("a")),
            _ => words,
        };
        let start = Instant::now();
        let view = library.view(None).await.expect("a view");
        search(&view, query);
        times.push(start.elapsed());
    }
}

/// Writes all notes anew, as often as it takes, and searches while they are read.
async fn searches_while_indexing(library: &Library, home: &Path, dice: &mut Dice) -> Vec<Duration> {
    let reads = || library.progress(None).is_ok_and(|progress| progress.phase == Phase::Reading);
    let mut times = Vec::new();
    for seed in 2..12 {
        if times.len() == SEARCHES {
            break;
        }
        let home = home.to_owned();
        let written = tokio::task::spawn_blocking(move || write_notes(&home, &mut Dice(seed)));
        written.await.expect("written");
        let patience = Instant::now() + Duration::from_secs(2);
        while !reads() && Instant::now() < patience {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        searches(library, dice, &mut times, reads).await;
    }
    times
}

/// From the end of the write until a search finds it.
async fn follow(library: &Library, home: &Path) -> [f64; 2] {
    let mut times = Vec::new();
    for round in 0..30 {
        let path = home.join(format!("notes/{}/{}.md", round % 100, round));
        let text = fs::read_to_string(&path).expect("a note");
        let word = format!("unheardof{round}");
        let start = Instant::now();
        fs::write(&path, format!("{text} {word}")).expect("written");
        loop {
            let view = library.view(None).await.expect("a view");
            if search(&view, word.clone()) == 1 {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "it is never found");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(start.elapsed());
        wait_until(|| library.progress(None).is_ok_and(|progress| progress.phase == Phase::Ready)).await;
    }
    report("change visible", &mut times)
}

/// Prints a figure; gives its p50 and p95, in milliseconds.
fn report(name: &str, times: &mut [Duration]) -> [f64; 2] {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    println!("{name:<16} {:>9.2?} p50 {:>9.2?} p95 {:>9.2?} max", at(50), at(95), at(100).max(at(99)));
    [at(50), at(95)].map(|time| time.as_secs_f64() * 1e3)
}

/// Resident memory of this process, in MB.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0 / 1e6)
}
