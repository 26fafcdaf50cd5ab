//! `terraphim extract`, and the program of `terraphim run --from-markdown`.

use std::{
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::json;
use terraphim_extract::{CodeBlock, THRESHOLD, choose, extract as blocks_of};
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
    let chosen = choose(&blocks).ok().map(|block| block.number);
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
    let said = match (chosen == Some(block.number), block.is_meant()) {
        (true, _) => ", is run",
        (false, true) => ", meant to be run",
        (false, false) => "",
    };
    let mut text =
        format!("{}: lines {first}-{last}, {language}, score {}{said}\n", block.number, block.score);
    for signal in &block.signals {
        let _ = writeln!(text, "    {:+} {}", signal.points, signal.name);
    }
    text
}

/// The program of an answer, below as many empty lines as stand above it in the file, so that lines are
/// those of the file in everything that is told of it.
pub(crate) fn program(args: &RunArgs, limit: usize) -> Result<(String, Language), CliError> {
    let blocks = blocks_of(&read(&args.file)?);
    let block = match args.block {
        Some(number) => numbered(&blocks, number, &args.file)?,
        None => choose(&blocks).map_err(|source| CliError::Markdown { path: args.file.clone(), source })?,
    };
    let Some(language) = args.lang.or(block.language) else {
        let message =
            format!("block {} holds no program of a known language: give it with --lang", block.number);
        return Err(CliError::Block { path: args.file.clone(), message });
    };
    let program = "\n".repeat(block.first_line.saturating_sub(1)) + &block.code;
    if program.len() > limit {
        return Err(CliError::ProgramTooLong { path: args.file.clone(), limit });
    }
    Ok((program, language))
}

fn numbered<'b>(blocks: &'b [CodeBlock], number: u32, path: &Path) -> Result<&'b CodeBlock, CliError> {
    let found = usize::try_from(number).ok().and_then(|number| blocks.get(number.checked_sub(1)?));
    found.ok_or_else(|| {
        let message = match blocks.len() {
            0 => "the text holds no code block".to_owned(),
            count => {
                format!("there is no block {number}: the blocks are 1 to {count}, see `terraphim extract`")
            }
        };
        CliError::Block { path: path.to_owned(), message }
    })
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
