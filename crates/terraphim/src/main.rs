//! The terraphim command line: the composition root, and the only reader of
//! arguments, environment, home folder and configuration files.

mod adopt;
mod cli;
mod commands;
mod compose;
mod error;
mod settings;

fn main() -> std::process::ExitCode {
    commands::main()
}
