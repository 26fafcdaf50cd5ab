//! The interpreter's stack, put into the program's own lines.
//!
//! The input is a program, a zero byte and a stack, in which a program can
//! write what it likes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use terraphim_fuzz::lines;
use terraphim_guest::positions::{Mapping, Position, Positions, of_offset};

const FILE: &str = "<p>";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (source, stack) = text.split_once('\0').unwrap_or((&text, ""));
    let lines = lines(source);
    check_offsets(source, &lines);

    // Every third character is a place of its own, one generated line further down.
    let mut mappings = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let units = line.encode_utf16().count();
        for column in (0..=units).step_by(3) {
            let (number, column) = (number as u32, column as u32);
            mappings.push(Mapping { line: number + 1, column, source_line: number, source_column: column });
        }
    }
    let positions = Positions::new(mappings);
    let (innermost, told) = positions.stack(source, stack, FILE);
    assert_eq!((innermost, told.clone()), positions.stack(source, stack, FILE));
    let frames: Vec<&str> = if told.is_empty() { Vec::new() } else { told.lines().collect() };
    assert_eq!(innermost.is_some(), !told.is_empty());
    assert!(frames.len() <= 20, "{told}");
    assert!(told.len() <= stack.len() + frames.len() * 48, "{told}");
    if let Some(place) = innermost {
        check_place(place, &lines);
        assert!(frames[0].ends_with(&format!("({}:{})", place.line, place.column)), "{told}");
    }
    assert!(frames.iter().all(|frame| frame.starts_with("at ")), "{told}");
});

fn check_offsets(source: &str, lines: &[&str]) {
    let mut last = Position { line: 1, column: 1 };
    for offset in [0, source.len() / 3, source.len() / 2, source.len(), source.len() + 9] {
        let place = of_offset(source, offset as u32);
        check_place(place, lines);
        assert!((place.line, place.column) >= (last.line, last.column), "offsets go forward");
        last = place;
    }
}

fn check_place(place: Position, lines: &[&str]) {
    let line = lines.get(place.line as usize - 1).expect("a line of the program");
    assert!(place.column >= 1 && place.column as usize <= line.chars().count() + 1, "{place:?} in {line:?}");
}
