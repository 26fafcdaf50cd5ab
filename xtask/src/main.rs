//! What is done to the project rather than by it: the gate (`ci`), the runs
//! against real MCP servers and clients (`interop`), its figures (`bench`), and
//! the release archive (`dist`). It links nothing of the product.

mod bench;
mod ci;
mod dist;
mod error;
mod eval;
mod fuzz;
mod interop;
mod process;
mod soak;
mod tree;
mod walls;

use std::process::ExitCode;

use error::Error;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  ci [--fix] [--skip-tests] [--only GATE]   every gate, cheapest first; stops at the first failure
  interop [--only NAME]                     runs against real MCP servers and clients; needs the network once
  walls [--only NAME] [--suite NAME]... [--doctor] [--available]
                                            the wall as root, as a user, without namespaces, in containers; needs runc
  soak [--runs N] [--python N] [--bash N] [--kills N] [--crashes N] [--concurrency N]
                                            many checked runs, after which nothing may have grown
  fuzz [TARGET...] [--seconds N] [--jobs N] everything that reads what others wrote, on hostile inputs; needs a C++ compiler
  bench [--data FOLDER] [--only run|kg|notes]
                                            every bench, and which promises hold
  eval discovery --data FOLDER [--cross-validate]
                                            how good and how fast the tool search is on public sets of queries
  eval types --data FOLDER                  types of real catalogues, and what TypeScript's, Python's and Rust's checkers say
  dist                                      the release archive under target/dist

interop, soak and bench take the binary named by TERRAPHIM_BIN instead of building the release one.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ Error::Usage { .. }) => {
            eprintln!("error: {error}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Error> {
    match arguments {
        ["ci", options @ ..] => ci::run(&ci::Options::parse(options)?),
        ["interop"] => interop::run(None),
        ["interop", "--only", name] => interop::run(Some(name)),
        ["walls", options @ ..] => walls::run(&walls::Options::parse(options)?),
        ["soak", options @ ..] => soak::run(&soak::Options::parse(options)?),
        ["fuzz", options @ ..] => fuzz::run(&fuzz::Options::parse(options)?),
        ["bench", options @ ..] => bench::run(&bench::Options::parse(options)?),
        ["eval", "types", options @ ..] => eval::types::run(&eval::types::Options::parse(options)?),
        ["eval", options @ ..] => eval::run(&eval::Options::parse(options)?),
        ["dist"] => dist::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => Err(Error::Usage { complaint: "no command is given".into() }),
        other => Err(Error::Usage { complaint: format!("`{}` is not understood", other.join(" ")) }),
    }
}
