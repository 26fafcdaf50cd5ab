//! Retrieval quality on the Cranfield collection: 1,400 abstracts, 225 questions
//! and graded judgements of which abstracts answer them.

use std::{collections::HashMap, fs, path::Path};

use serde::Deserialize;
use tantivy::{
    Index, TantivyDocument,
    collector::TopDocs,
    query::QueryParser,
    schema::{STORED, STRING, Schema, TEXT, Value},
};
use terraphim_notes::{Haystack, Library, NotesConfig, Relevance, Role, SearchRequest};

use crate::promise;

const DEPTH: usize = 10;

#[derive(Deserialize)]
struct Abstract {
    id: String,
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct Question {
    id: String,
    text: String,
}

#[derive(Deserialize)]
struct Judgement {
    query: String,
    doc: String,
    grade: f64,
}

/// What a question's answers are worth, by document.
type Grades = HashMap<String, HashMap<String, f64>>;

pub(crate) async fn evaluate(folder: Option<&Path>) {
    let collection = folder.and_then(|folder| {
        lines::<Abstract>(folder, "docs")
            .zip(lines::<Question>(folder, "queries"))
            .zip(lines::<Judgement>(folder, "qrels"))
    });
    let Some(((docs, questions), judgements)) = collection else {
        println!(
            "not measured: nDCG; docs.jsonl, queries.jsonl or qrels.jsonl of the Cranfield collection is missing"
        );
        return;
    };
    let mut grades = Grades::new();
    for Judgement { query, doc, grade } in judgements {
        grades.entry(query).or_default().insert(doc, grade.max(0.0));
    }
    let bare = bare_index(&docs, &questions);
    println!("cranfield  nDCG@10 {:.4}  tantivy, its defaults", mean(&questions, &bare, &grades));

    let home = tempfile::tempdir().expect("a folder");
    let notes = home.path().join("notes");
    fs::create_dir(&notes).expect("created");
    for document in &docs {
        let title = document.title.replace('"', "'");
        let text = format!("---\ntitle: \"{title}\"\n---\n\n{}\n", document.text);
        fs::write(notes.join(format!("{}.md", document.id)), text).expect("written");
    }
    let mut best = f64::NAN;
    for relevance in [Relevance::TitleScorer, Relevance::Bm25, Relevance::Bm25plus, Relevance::Bm25f] {
        let role = Role {
            name: "Cranfield".into(),
            short_name: "cranfield".into(),
            relevance,
            theme: None,
            knowledge_graph: None,
            haystacks: vec![Haystack { path: notes.clone(), include: vec![], exclude: vec![] }],
        };
        let index_dir = Some(home.path().join("index"));
        let config = NotesConfig { roles: vec![role], default_role: None, index_dir };
        let library = Library::new(config).expect("a good configuration");
        let view = library.view(None).await.expect("a view");
        let found: Vec<Vec<String>> = questions
            .iter()
            .map(|question| {
                let request =
                    SearchRequest { query: question.text.clone(), limit: DEPTH, skip: 0, explain: false };
                let page = view.search(&request).expect("a page");
                page.documents
                    .into_iter()
                    .map(|found| found.path.trim_end_matches(".md").to_owned())
                    .collect()
            })
            .collect();
        let gain = mean(&questions, &found, &grades);
        println!("cranfield  nDCG@10 {gain:.4}  {}", relevance.name());
        best = best.max(gain);
    }
    promise::at_least("nDCG@10 of the best function", best, 0.4, "of 1");
}

fn lines<T: for<'a> Deserialize<'a>>(folder: &Path, name: &str) -> Option<Vec<T>> {
    let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect())
}

/// The same texts in an index as the library makes it by itself.
fn bare_index(docs: &[Abstract], questions: &[Question]) -> Vec<Vec<String>> {
    let mut builder = Schema::builder();
    let id = builder.add_text_field("id", STRING | STORED);
    let title = builder.add_text_field("title", TEXT);
    let text = builder.add_text_field("text", TEXT);
    let index = Index::create_in_ram(builder.build());
    let mut writer = index.writer(15_000_000).expect("a writer");
    for document in docs {
        let mut indexed = TantivyDocument::new();
        indexed.add_text(id, &document.id);
        indexed.add_text(title, &document.title);
        indexed.add_text(text, &document.text);
        writer.add_document(indexed).expect("added");
    }
    writer.commit().expect("committed");
    let searcher = index.reader().expect("a reader").searcher();
    let parser = QueryParser::for_index(&index, vec![title, text]);
    let search = |question: &Question| {
        let words = question.text.replace(|c: char| !c.is_alphanumeric(), " ");
        let query = parser.parse_query(&words).expect("a query");
        let top = searcher.search(&query, &TopDocs::with_limit(DEPTH).order_by_score()).expect("found");
        let ids = top.into_iter().map(|(_, address)| {
            let document: TantivyDocument = searcher.doc(address).expect("a document");
            document.get_first(id).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        });
        ids.collect()
    };
    questions.iter().map(search).collect()
}

/// The mean over the questions of the normalised discounted cumulative gain
/// (Järvelin and Kekäläinen, 2002) of the first ten, the gain being the grade.
fn mean(questions: &[Question], found: &[Vec<String>], grades: &Grades) -> f64 {
    let discounted = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
        gains.take(DEPTH).zip(2_u32..).map(|(gain, place)| gain / f64::from(place).log2()).sum()
    };
    let mut sum = 0.0;
    let mut count = 0.0;
    for (question, found) in questions.iter().zip(found) {
        let Some(grades) = grades.get(&question.id) else { continue };
        let mut best: Vec<f64> = grades.values().copied().collect();
        best.sort_by(|a, b| b.total_cmp(a));
        let ideal = discounted(&mut best.into_iter());
        let gained = discounted(&mut found.iter().map(|id| grades.get(id).copied().unwrap_or(0.0)));
        if ideal > 0.0 {
            sum += gained / ideal;
            count += 1.0;
        }
    }
    sum / count
}
