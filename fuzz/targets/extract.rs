//! Answers of models: blocks lie in order within the text, hold what stands on their lines, and looking
//! for them takes steps by the length of the text.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use terraphim_extract::{CodeBlock, STEPS_PER_BYTE, choose, extract_counted};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    let (blocks, steps) = extract_counted(text);
    assert!(steps <= STEPS_PER_BYTE * (text.len() as u64 + 1), "{steps} steps for {} bytes", text.len());
    let (mut end, mut line) = (0, 0);
    for (index, block) in blocks.iter().enumerate() {
        assert_eq!(block.number, index + 1);
        assert!(end <= block.bytes.start && line < block.lines.0, "{block:?}");
        (end, line) = (block.bytes.end, block.lines.1);
        check(text, block);
    }
    match choose(&blocks, None) {
        Ok(chosen) => {
            let numbers = chosen.numbers();
            assert!(numbers.is_sorted() && numbers.last().is_some_and(|last| blocks[last - 1].is_meant()));
            assert!(chosen.program().is_in_place, "{text:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // A line of words before everything moves blocks and changes nothing else of where they are.
    let (moved, _) = extract_counted(&format!("# words\n\n{text}"));
    assert_eq!(moved.len(), blocks.len(), "{text:?}");
    for (moved, block) in moved.iter().zip(&blocks) {
        assert_eq!((moved.first_line, &moved.code), (block.first_line + 2, &block.code), "{text:?}");
    }
    Corpus::Keep
});

fn check(text: &str, block: &CodeBlock) {
    let source = text.get(block.bytes.clone()).expect("it lies between characters");
    assert_eq!(source.lines().count(), block.lines.1 - block.lines.0 + 1, "{block:?}");
    assert!(block.lines.0 <= block.first_line && block.first_line <= block.lines.1 + 1, "{block:?}");
    let lines = block.code.lines().count();
    assert!(block.first_line + lines <= block.lines.1 + 2, "{block:?}");
    // Each line of code is the end of a line of the text, but for blanks that a tab was cut into.
    for (code, line) in block.code.lines().zip(text.split('\n').skip(block.first_line - 1)) {
        let shown = code.trim_start_matches(' ').trim_end_matches('\r');
        // The tag that ends an element may stand behind its code.
        let ends =
            block.element.is_some() && line.contains(shown) || line.trim_end_matches('\r').ends_with(shown);
        assert!(shown.is_empty() || ends, "{shown:?} of {line:?}");
    }
    let sum: i32 = block.signals.iter().map(|signal| signal.points).sum();
    assert_eq!(sum, i32::from(block.score), "{block:?}");
    assert!(block.score <= 100 && (block.language.is_some() || block.score == 0), "{block:?}");
}
