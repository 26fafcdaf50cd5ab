//! `terraphim extract`, and the program of `terraphim run --from-markdown`.

use std::{
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::json;
use terraphim_extract::{CodeBlock, THRESHOLD, choose, extract as blocks_of, numbered};
use terraphim_types::Language;

use crate::{
    cli::{ExtractArgs, RunArgs},
    commands::{complain, print, printable},
    error::{CliError, Exit},
};

/// Longest answer that is looked at, in bytes.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Lists the blocks of an answer; a failure if there is none.
pub(crate) fn extract(args: &ExtractArgs) -> Result<Exit, CliError> {
    let blocks = blocks_of(&read(&args.file)?);
    let chosen: Option<usize> = choose(&blocks, None).ok().and_then(|chosen| chosen.numbers().pop());
    if args.json {
        let shown = json!({ "blocks": blocks, "threshold": THRESHOLD, "chosen": chosen });
        print(&printable(&shown.to_string()))?;
    } else if !blocks.is_empty() {
        let shown: String = blocks.iter().map(|block| render(block, chosen)).collect();
        print(shown.trim_end())?;
    }
    if blocks.is_empty() {
        complain(&format!("{}: the text holds no code block", args.file.display()));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Success)
}

fn render(block: &CodeBlock, chosen: Option<usize>) -> String {
    let language = block.language.map_or_else(|| "no program".to_owned(), |language| language.to_string());
    let (first, last) = block.lines;
    let said = match (chosen == Some(block.number), block.part_of) {
        (_, Some(last)) if chosen == Some(last) => format!(", is run with {last}"),
        (_, Some(last)) => format!(", part of the program that {last} ends"),
        (true, None) => format!(", is run{}", joined(block)),
        (false, None) if block.is_meant() => format!(", meant to be run{}", joined(block)),
        (false, None) => String::new(),
    };
    let mut text =
        format!("{}: lines {first}-{last}, {language}, score {}{said}\n", block.number, block.score);
    for signal in &block.signals {
        let _ = writeln!(text, "    {:+} {}", signal.points, signal.name);
    }
    if let Some(doubt) = &block.doubt {
        let _ = writeln!(text, "    in doubt: {doubt}; choose with --block");
    }
    text
}

/// The other blocks of the program that a block ends.
fn joined(block: &CodeBlock) -> String {
    let others = block.joined.iter().filter(|number| **number != block.number);
    let others: Vec<String> = others.map(usize::to_string).collect();
    if others.is_empty() { String::new() } else { format!(" joined with {}", others.join(", ")) }
}

/// The program of an answer, below as many empty lines as stand above it in the file, so that lines are
/// those of the file in everything that is told of it. Several blocks are joined, each at its lines.
pub(crate) fn program(args: &RunArgs, limit: usize) -> Result<(String, Language), CliError> {
    let blocks = blocks_of(&read(&args.file)?);
    let numbers: Vec<usize> =
        args.block.iter().map(|number| usize::try_from(*number).unwrap_or(usize::MAX)).collect();
    let chosen =
        if numbers.is_empty() { choose(&blocks, args.lang) } else { numbered(&blocks, &numbers, args.lang) };
    let chosen = chosen.map_err(|source| CliError::Markdown { path: args.file.clone(), source })?;
    let program = chosen.program();
    if program.text.len() > limit {
        return Err(CliError::ProgramTooLong { path: args.file.clone(), limit });
    }
    if !program.is_in_place {
        complain("note: blocks are joined in another order than the text's: lines count within the program");
    }
    Ok((program.text, chosen.language()))
}

fn read(path: &Path) -> Result<String, CliError> {
    let failed = |source| CliError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let most = MAX_ANSWER_BYTES as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(failed)?;
    }
    if bytes.len() > MAX_ANSWER_BYTES {
        return Err(CliError::AnswerTooLong { path: path.to_owned(), limit: MAX_ANSWER_BYTES });
    }
    String::from_utf8(bytes).map_err(|_| CliError::TextNotUtf8 { path: path.to_owned() })
}
