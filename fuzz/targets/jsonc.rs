//! Changes to the JSON files of other programs, which leave every other byte
//! as it is. The first byte of the input chooses which members go, the rest is
//! the file.

#![no_main]

mod adopt;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((choice, text)) = data.split_first() else { return Corpus::Reject };
    let Ok(text) = std::str::from_utf8(text) else { return Corpus::Reject };
    adopt::exercise(text, *choice);
    Corpus::Keep
});
