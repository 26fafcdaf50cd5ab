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
mod speed;

use std::path::PathBuf;

fn main() {
    let Some(folder) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else {
        println!("nothing is measured: name the folder with the data as an argument");
        return;
    };
    let folder = PathBuf::from(folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        cranfield::evaluate(&folder.join("cranfield")).await;
        speed::measure(None).await;
        let thesaurus = folder.join("wordnet_thesaurus.json");
        if thesaurus.exists() {
            speed::measure(Some(&thesaurus)).await;
        } else {
            println!("wordnet_thesaurus.json is not in {}", folder.display());
        }
    });
}
