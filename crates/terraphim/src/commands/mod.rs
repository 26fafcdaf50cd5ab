//! One file per command.

mod adopt;
mod bench;
mod bench_upstream;
mod doctor;
mod kg;
mod markdown;
mod mcp;
mod prompt;
mod run;
mod tools;
pub(crate) mod types;
mod workspace;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};

use crate::{
    cli::{Cli, Command},
    error::{CliError, Exit},
};

/// Reads the command line, does what it says, and reports what went wrong.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(cli.global.verbose);
    let ended = match cli.command {
        Command::Run(args) => run::run(&cli.global, args),
        Command::Mcp(args) => mcp::mcp(&cli.global, &args),
        Command::Tools(command) => tools::tools(&cli.global, command),
        Command::Kg(command) => kg::kg(&cli.global, command),
        Command::Workspace(command) => workspace::workspace(&cli.global, command),
        Command::Extract(args) => markdown::extract(&args),
        Command::Prompt(args) => prompt::prompt(&cli.global, args),
        Command::Adopt(args) => adopt::adopt(&cli.global, &args),
        Command::Doctor(json) => doctor::doctor(&cli.global, json),
        Command::Bench(args) => bench::bench(&args),
        Command::Completions { shell } => completions(shell),
        Command::TokenHelper => token_helper(),
        Command::ServerGuard => {
            terraphim_mcp_gateway::serve_guard(io::stdin().lock());
            Ok(Exit::Success)
        }
        Command::BenchUpstream { tools, definitions } => bench_upstream::serve(tools, definitions.as_deref()),
    };
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            complain(&format!("error: {}", error.report()));
            ExitCode::from(error.exit() as u8)
        }
    }
}

/// Whether a character would steer a terminal: what came from a program or a
/// server neither gives it orders nor changes the order in which it is read.
fn steers(c: char) -> bool {
    let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reorders || c.is_control() && !matches!(c, '\n' | '\t')
}

/// A line on standard error; a reader that is gone is not an error.
fn complain(text: &str) {
    let text = text.replace(steers, "\u{fffd}");
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// JSON with what would steer a terminal written as escapes. It stands in texts
/// only, and there an escape means the same.
fn printable(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) {
            // All of them have four digits at most.
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Text on standard output; JSON goes through [`printable`] first. A reader that
/// closed it early has what it wanted.
fn print(text: &str) -> Result<(), CliError> {
    written(writeln!(io::stdout().lock(), "{}", text.replace(steers, "\u{fffd}")))
}

/// A document on standard output: as it is, byte for byte, unless a terminal reads it.
fn print_document(text: &str) -> Result<(), CliError> {
    if io::stdout().is_terminal() {
        return print(text.trim_end_matches('\n'));
    }
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn written(result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::Process { action: "write to standard output", source: error })
        }
        _ => Ok(()),
    }
}

fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::ERROR,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(false).init();
}

/// Threads for work on files and on long texts, at most; more of it waits.
const FILE_THREADS: usize = 16;

/// The asynchronous part of a command.
fn block_on<F: Future>(work: F) -> Result<F::Output, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(FILE_THREADS)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|source| CliError::Process { action: "start the runtime", source })?;
    let output = runtime.block_on(work);
    // What still runs belongs to nobody any more; its processes die with their handles.
    runtime.shutdown_background();
    Ok(output)
}

fn completions(shell: clap_complete::Shell) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "terraphim", &mut script);
    print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Success)
}

fn token_helper() -> Result<Exit, CliError> {
    terraphim_code_execution::tokens::serve_helper(io::stdin(), io::stdout().lock())
        .map_err(|source| CliError::Process { action: "count tokens", source })?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_for_a_terminal_says_the_same_and_steers_nothing() {
        let value = json!({ "\u{9b}31m": ["\u{202e}x\u{7f}", "größe\n\u{1b}[2J"] });
        for json in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
            let shown = printable(&json);
            assert!(!shown.contains(steers), "{shown:?}");
            assert_eq!(serde_json::from_str::<Value>(&shown).expect("JSON"), value);
        }
    }
}
