//! The command line, as clap sees it.

mod tools;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use terraphim_types::{Language, SessionName};

pub(crate) use self::tools::{DetailArg, ToolsCommand, TypesArgs};
use crate::adopt;

/// Turns MCP servers into code modules, and runs an agent's programs against them in a sandbox.
#[derive(Debug, Parser)]
#[command(
    name = "terraphim",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  terraphim run program.ts --report        run a program and show what it cost in tokens
  echo 'return 1 + 1' | terraphim run -    run a program from standard input
  terraphim tools search 'create issue'    find a tool
  terraphim kg search 'rust async'         search the notes
  terraphim mcp                            serve an MCP client over stdio
  terraphim adopt --client claude          move a client's MCP servers behind terraphim
  terraphim doctor                         see what works on this machine"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// Settings; default: `terraphim.toml` here or above, else in the configuration folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// MCP servers; default: `.mcp.json` here or above, and what `adopt` has moved
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) mcp_config: Option<PathBuf>,
    /// Role of the notes; default: the settings' default role
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) role: Option<String>,
    /// Let programs call these tools although they may change something, e.g. 'memory.*'
    #[arg(long, global = true, value_name = "GLOB")]
    pub(crate) allow: Vec<String>,
    /// Where programs keep their data
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Use the files of this session; its variables live in one `terraphim mcp`
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "workspace")]
    pub(crate) session: Option<SessionName>,
    /// Say more on standard error; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a program and print its result as JSON
    Run(RunArgs),
    /// Serve MCP over standard input and output
    Mcp(McpArgs),
    /// List, search and document the tools of all servers
    #[command(
        subcommand,
        after_help = "\
Examples:
  terraphim tools list --json
  terraphim tools search 'create an issue' --server github
  terraphim tools docs terraphim.search --lang py
  terraphim tools types > tools.d.ts
  terraphim tools types --lang py --out types"
    )]
    Tools(ToolsCommand),
    /// Search the notes, and work on texts with their knowledge graph
    #[command(
        subcommand,
        after_help = "\
Examples:
  terraphim kg index
  terraphim kg search 'async AND \"structured concurrency\"' --json
  terraphim kg complete 'asnyc' --fuzzy
  terraphim kg match article.md --once
  terraphim kg replace article.md --link wiki > linked.md
  terraphim kg path 'channels' 'cancellation'"
    )]
    Kg(KgCommand),
    /// List, keep and put back the files that programs work on
    #[command(
        subcommand,
        after_help = "\
Examples:
  terraphim workspace list --session report
  terraphim workspace checkpoint before-cleaning
  terraphim workspace diff before-cleaning
  terraphim workspace restore before-cleaning"
    )]
    Workspace(WorkspaceCommand),
    /// Find the programs in a model's answer
    Extract(ExtractArgs),
    /// Print a prompt that tells a model how to work in code with the connected tools
    Prompt(PromptArgs),
    /// Move a client's MCP servers behind terraphim, or back
    Adopt(AdoptArgs),
    /// Show what works on this machine, and what lifts what does not
    #[command(after_help = "Example:\n  terraphim doctor --json")]
    Doctor(JsonArg),
    /// Measure the promised figures on this machine
    Bench(BenchArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Count tokens for another terraphim process
    #[command(hide = true, name = "token-helper")]
    TokenHelper,
    /// End the servers of another terraphim process when it is gone
    #[command(hide = true, name = "server-guard")]
    ServerGuard,
    /// Be a small MCP server for `bench`
    #[command(hide = true, name = "bench-upstream")]
    BenchUpstream {
        /// How many tools it lists beside its own
        #[arg(long, default_value_t = 0)]
        tools: u32,
        /// A file with more of them
        #[arg(long)]
        definitions: Option<PathBuf>,
    },
}

/// What is done with a workspace: that of `--session` or `--workspace`, or the default one.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// List the files, and the checkpoints with their sizes
    List(JsonArg),
    /// Keep a copy of all files under a name; an earlier one of that name is replaced
    Checkpoint {
        /// Letters, digits, `.`, `_`, `-`
        name: String,
    },
    /// Make the files what they were; what they are now is kept as `before-restore`
    Restore {
        /// A checkpoint
        name: String,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Show how the files differ from a checkpoint
    Diff {
        /// A checkpoint
        name: String,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Delete a checkpoint
    Forget {
        /// A checkpoint
        name: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
The result is what the program returns, or exports as default, or its last expression.
Exit codes: 0 result, 1 the program failed, 2 usage, 3 a limit was reached, 4 the sandbox failed,
130 ended by SIGINT, 143 ended by SIGTERM.

Examples:
  terraphim run program.ts
  terraphim run program.ts --allow 'github.create_issue' --timeout 60s
  terraphim run - --lang javascript --json < program.js
  terraphim run --from-markdown answer.md
  terraphim run --from-markdown answer.md --lang python
  terraphim run --from-markdown answer.md --block 1,3")]
pub(crate) struct RunArgs {
    /// The program; `-` for standard input
    pub(crate) file: PathBuf,
    /// typescript, javascript, node, python, bash or rust; default: by the file's extension, TypeScript for standard input.
    /// With --from-markdown only blocks of this language count (JavaScript is TypeScript and node, too); with --block it is
    /// the language of blocks that name none
    #[arg(long, alias = "language", value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
    /// The file is a model's answer: run the block of code in it that is meant to be run, or the blocks that are steps of
    /// one program
    #[arg(long)]
    pub(crate) from_markdown: bool,
    /// With --from-markdown: run this block, as `terraphim extract` counts them; several, as `1,2,3`, are joined in this order
    #[arg(long, value_name = "N", requires = "from_markdown", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) block: Vec<u32>,
    /// Wall-clock limit, e.g. 500ms, 30s, 2m
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Memory limit in MiB
    #[arg(long, default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u64).range(8..=4096))]
    pub(crate) memory: u64,
    /// Check the types of a TypeScript program first, and do not run it if they are wrong;
    /// needs TypeScript 7, see `terraphim doctor`
    #[arg(long)]
    pub(crate) check: bool,
    /// Leave the workspace as it was if the program fails
    #[arg(long)]
    pub(crate) rollback_on_failure: bool,
    /// Print the whole outcome as JSON: result, logs, error, usage, tokens, files
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what the run cost in tokens, and would have cost without code, on standard error
    #[arg(long)]
    pub(crate) report: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A block with a score of 60 or more is meant to be run; `terraphim run --from-markdown` runs it. Blocks of which later
ones use names that earlier ones define are joined into one program.

Examples:
  terraphim extract answer.md
  some-agent | terraphim extract - --json")]
pub(crate) struct ExtractArgs {
    /// The answer, in Markdown; `-` for standard input
    pub(crate) file: PathBuf,
    /// Print JSON, with the text of each block
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  terraphim prompt --lang python
  terraphim prompt --lang typescript --budget 800 --task 'summarise the open issues'")]
pub(crate) struct PromptArgs {
    /// typescript, javascript, node, python, bash or rust
    #[arg(long, alias = "language", value_name = "LANGUAGE", default_value = "typescript")]
    pub(crate) lang: Language,
    /// Most tokens of the prompt (o200k)
    #[arg(long, value_name = "TOKENS", default_value_t = 1500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) budget: u64,
    /// What is to be done: the tools are chosen by it
    #[arg(long, value_name = "TEXT")]
    pub(crate) task: Option<String>,
    /// Print JSON, with what was left out
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
SIGTERM, SIGINT and the end of standard input end it: no new run begins, those under way have 10 s,
their answers are still written, then the servers are ended and the exit code is 0. A second one of
these, or a client that no longer reads, ends the runs at once.

Examples:
  claude mcp add terraphim -- terraphim mcp      add it to Claude Code
  terraphim mcp --expose all --role engineer     show the built-in tools by name too")]
pub(crate) struct McpArgs {
    /// Which tools the client sees
    #[arg(long, value_enum, default_value_t)]
    pub(crate) expose: Expose,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Expose {
    /// The code-mode tools
    #[default]
    Code,
    /// The tools of the built-in server
    Tools,
    /// Both
    All,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KgCommand {
    /// Bring the index of the notes up to date, and show what it holds
    Index(JsonArg),
    /// Find notes
    Search {
        /// Words, of which any may match; "a phrase" must occur; AND, OR, ( ) and prefix* work
        query: String,
        /// Most notes to show
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How many of the best to leave out
        #[arg(long, default_value_t = 0)]
        skip: u32,
        /// Show where each score comes from
        #[arg(long)]
        explain: bool,
        /// Show whole notes
        #[arg(long)]
        body: bool,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Complete a term of the knowledge graph
    Complete {
        /// What was typed
        text: String,
        /// Correct it instead
        #[arg(long)]
        fuzzy: bool,
        /// Most terms to show
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Find the terms in a text
    Match {
        /// The text; `-` for standard input
        file: PathBuf,
        /// Each term once, with its count
        #[arg(long)]
        once: bool,
        /// Most terms to show
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Turn the terms of a Markdown text into links
    Replace {
        /// The text; `-` for standard input
        file: PathBuf,
        /// What a term becomes
        #[arg(long, value_enum, default_value_t)]
        link: Link,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Show the paragraphs of a Markdown text that mention a term
    Paragraphs {
        /// The text; `-` for standard input
        file: PathBuf,
        /// Leave the terms out
        #[arg(long)]
        without_terms: bool,
        /// Most paragraphs to show
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Find one path through all of some terms in the graph of the notes
    Path {
        /// The terms
        #[arg(required = true)]
        terms: Vec<String>,
        #[command(flatten)]
        json: JsonArg,
    },
}

/// What a term becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Link {
    /// [[concept|term]]
    #[default]
    Wiki,
    /// An HTML link
    Html,
    /// A Markdown link
    Markdown,
    /// The concept's name
    Plain,
}

impl Link {
    /// Its name as the tool takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wiki => "wiki",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Plain => "plain",
        }
    }
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct JsonArg {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  terraphim adopt --client claude                show the changes and ask
  terraphim adopt --client cursor --yes          make them without asking
  terraphim adopt --client claude --undo         put everything back, byte for byte")]
pub(crate) struct AdoptArgs {
    /// claude, cursor or vscode
    #[arg(long)]
    pub(crate) client: adopt::Client,
    /// Only these scopes: local, project, user
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<adopt::Scope>,
    /// Change the files without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Put the client's files back as they were
    #[arg(long)]
    pub(crate) undo: bool,
    /// With --undo: keep what the client changed since, and put only its servers back
    #[arg(long, requires = "undo", conflicts_with = "force")]
    pub(crate) keep_changes: bool,
    /// With --undo: put files back although they were changed since
    #[arg(long, requires = "undo")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  terraphim bench --runs 1000 --json")]
pub(crate) struct BenchArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Runs per figure
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    pub(crate) runs: u32,
    /// Measure type checks alone, over the first 100 tools of this file: on each line a JSON object with `tool`
    #[arg(long, value_name = "FILE")]
    pub(crate) check: Option<PathBuf>,
}

/// Reads `500ms`, `30s`, `2m` or plain seconds, between 10 ms and an hour.
fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        _ => return Err("use ms, s or m, as in 500ms, 30s, 2m".into()),
    };
    let seconds =
        number.parse::<f64>().map_err(|_| "write a number with a unit, as in 30s".to_owned())? * factor;
    if !(0.01..=3600.0).contains(&seconds) {
        return Err("it must be between 10ms and 60m".into());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("3"), Ok(Duration::from_secs(3)));
        for bad in ["", "s", "5h", "-1s", "nan", "0s", "61m", "1e9s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
