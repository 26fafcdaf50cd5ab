//! One file per command.

mod adopt;
mod bench;
mod bench_upstream;
mod doctor;
mod mcp;
mod run;
mod tools;

use std::{
    io::{self, Write},
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
        Command::Adopt(args) => adopt::adopt(&cli.global, &args),
        Command::Doctor(json) => doctor::doctor(&cli.global, json),
        Command::Bench(args) => bench::bench(&args),
        Command::Completions { shell } => completions(shell),
        Command::TokenHelper => token_helper(),
        Command::ServerGuard => {
            terraphim_mcp_gateway::serve_guard(io::stdin().lock());
            Ok(Exit::Success)
        }
        Command::BenchUpstream { tools } => bench_upstream::serve(tools),
    };
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            complain(&format!("error: {}", error.report()));
            ExitCode::from(error.exit() as u8)
        }
    }
}

/// A line on standard error; a reader that is gone is not an error. What came
/// from a program or a server must not steer the terminal.
fn complain(text: &str) {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let text = text.replace(steers, "\u{fffd}");
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Text on standard output. A reader that closed it early has what it wanted.
fn print(text: &str) -> Result<(), CliError> {
    match writeln!(io::stdout().lock(), "{text}") {
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

/// The asynchronous part of a command.
fn block_on<F: Future>(work: F) -> Result<F::Output, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
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
