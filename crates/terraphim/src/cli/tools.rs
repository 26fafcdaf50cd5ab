//! What `terraphim tools` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use terraphim_types::Language;

use super::JsonArg;

#[derive(Debug, Subcommand)]
pub(crate) enum ToolsCommand {
    /// List every tool by server
    List(JsonArg),
    /// Find tools
    Search {
        /// Words for what the tool should do; with --category, --capability or --server they may be left out
        #[arg(required_unless_present_any = ["category", "capability", "server"], value_name = "WORDS")]
        query: Vec<String>,
        /// Only tools of this category
        #[arg(long, value_name = "NAME")]
        category: Option<String>,
        /// Only tools with this capability; given more than once, with any of them
        #[arg(long, value_name = "NAME")]
        capability: Vec<String>,
        /// Only tools of this server
        #[arg(long)]
        server: Option<String>,
        /// Most tools to show
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// How many of the best to leave out
        #[arg(long, default_value_t = 0, value_name = "N")]
        offset: u32,
        /// Show by which words each tool was found
        #[arg(long)]
        explain: bool,
        /// Whose signatures to show: ts, js, node, py, bash, rust
        #[arg(long, default_value_t, alias = "language", value_name = "LANGUAGE")]
        lang: Language,
        /// Room for the answer in tokens; what does not fit is told in fewer words
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
        max_tokens: Option<u32>,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Show how tools are called
    Docs {
        /// Names such as `server.tool`; a server's name stands for its tools in brief
        #[arg(required = true)]
        names: Vec<String>,
        /// Whose calls to show: ts, js, node, py, bash, rust
        #[arg(long, default_value_t, alias = "language", value_name = "LANGUAGE")]
        lang: Language,
        /// How much to tell of each; without it all, and of a server's tools in brief
        #[arg(long, value_enum)]
        detail: Option<DetailArg>,
        /// Room for the answer in tokens; the first tools are told in full, the next in brief
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
        max_tokens: Option<u32>,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Print the types of every tool, or write them as a folder that `ls` and `cat` explore
    Types(TypesArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
With --out a folder is kept: a README, an index for each server, a file for each tool. What is as it
should be is not touched; of the rest only what this command wrote is changed or removed. The folder
is checked with `tsc -p DIR`, in DIR with `mypy --strict PROGRAM.py`, or with `cargo check`.

Examples:
  terraphim tools types > tools.d.ts
  terraphim tools types --lang ts --out types
  terraphim tools types --lang py --server github")]
pub(crate) struct TypesArgs {
    /// typescript, python, rust or bash
    #[arg(long, alias = "language", value_name = "LANGUAGE", default_value = "typescript")]
    pub(crate) lang: Language,
    /// The folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Only this server's tools; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Vec<String>,
}

/// How much is told of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DetailArg {
    /// Its name
    Name,
    /// Its name, what it does in one line, its signature
    Brief,
    /// All that a call needs
    Full,
}
