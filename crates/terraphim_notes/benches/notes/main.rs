//! How well and how quickly notes are found, next to the bare index library.
//!
//! `cargo bench -p terraphim_notes -- FOLDER`, where the folder may hold
//! `cranfield/{docs,queries,qrels}.jsonl` and `wordnet_thesaurus.json`
//! (uncompressed). What is missing is named and left out.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement that cannot be made ends the program"
)]

mod cranfield;
#[path = "../../../terraphim_kg/benches/promise/mod.rs"]
mod promise;
mod speed;

use std::path::PathBuf;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.iter().find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    if folder.is_none() && !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured: run `cargo bench`, with the folder of the data as an argument");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        cranfield::evaluate(folder.as_deref().map(|folder| folder.join("cranfield")).as_deref()).await;
        speed::measure(None).await;
        let thesaurus = folder.map(|folder| folder.join("wordnet_thesaurus.json"));
        match thesaurus.filter(|file| file.exists()) {
            Some(thesaurus) => speed::measure(Some(&thesaurus)).await,
            None => println!(
                "not measured: notes with WordNet; wordnet_thesaurus.json is missing, a thesaurus made from \
                 Open English WordNet"
            ),
        }
    });
}
