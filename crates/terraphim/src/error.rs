//! What the command line reports, and its exit codes.

use std::{io, path::PathBuf};

use terraphim_code_execution::{ErrorKind, RunError};

/// Exit codes, as scripts see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A result.
    Success = 0,
    /// The program failed, or a request could not be answered.
    Failed = 1,
    /// The command line or a configuration file is wrong.
    Usage = 2,
    /// A limit was reached.
    Limit = 3,
    /// The sandbox failed.
    Sandbox = 4,
    /// SIGINT ended the run; 128 and the signal's number, as shells have it.
    Interrupted = 130,
    /// SIGTERM ended the run.
    Terminated = 143,
}

impl Exit {
    /// The code for a program's failure.
    pub(crate) fn of(error: &RunError) -> Self {
        match error.kind {
            ErrorKind::Limit => Self::Limit,
            ErrorKind::Sandbox => Self::Sandbox,
            ErrorKind::Syntax | ErrorKind::Runtime | ErrorKind::Tool | ErrorKind::Denied => Self::Failed,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// A file that was named cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A program is not UTF-8.
    #[error("{} is not UTF-8 text: a program must be", path.display())]
    NotText { path: PathBuf },
    /// A text is not UTF-8.
    #[error("{} is not UTF-8 text", path.display())]
    TextNotUtf8 { path: PathBuf },
    /// A program is longer than the limit.
    #[error("{} is longer than the {limit} bytes that a program may have: load data with a tool instead", path.display())]
    ProgramTooLong { path: PathBuf, limit: usize },
    /// The language of a program is unknown.
    #[error("the language of {} is not known: give it with --lang typescript, javascript, python, bash, rust or node", path.display())]
    Language { path: PathBuf },
    /// No block of an answer can be chosen.
    #[error("{}", path.display())]
    Markdown { path: PathBuf, source: terraphim_extract::ChoiceError },
    /// A Markdown file was given as a program.
    #[error("{} is Markdown, not a program: run the program in it with `terraphim run --from-markdown`, or give the language with --lang", path.display())]
    MarkdownProgram { path: PathBuf },
    /// An answer is longer than is looked at.
    #[error("{} is longer than {limit} bytes: cut it to the part with the program", path.display())]
    AnswerTooLong { path: PathBuf, limit: usize },
    /// A prompt cannot be made.
    #[error(transparent)]
    Prompt(#[from] terraphim_code_execution::PromptError),
    /// `terraphim.toml` is wrong.
    #[error("{}: {message}", path.display())]
    Settings { path: PathBuf, message: String },
    /// The servers' configuration is wrong.
    #[error(transparent)]
    McpConfig(#[from] terraphim_mcp_gateway::McpConfigError),
    /// A role is wrong.
    #[error("{}", path.display())]
    Roles {
        path: PathBuf,
        #[source]
        source: terraphim_notes::ConfigError,
    },
    /// What a tool has kept in place of the roles cannot be used.
    #[error(transparent)]
    Managed(#[from] terraphim_notes::ManagedError),
    /// The notes cannot answer.
    #[error("{message}")]
    Notes { message: String },
    /// No folder for data or settings is known.
    #[error("no home folder is known: set HOME, or {alternative}")]
    NoHome { alternative: &'static str },
    /// The clients' files cannot be changed.
    #[error(transparent)]
    Adopt(#[from] crate::adopt::AdoptError),
    /// Something that was asked for does not exist.
    #[error("{0}")]
    NotFound(NotFound),
    /// A server that was asked for does not exist.
    #[error("{0}")]
    NoServer(NoServer),
    /// The types of the tools cannot be written.
    #[error(transparent)]
    Types(#[from] crate::commands::types::TypesError),
    /// The runtime of the process failed.
    #[error("failed to {action}")]
    Process {
        action: &'static str,
        #[source]
        source: io::Error,
    },
    /// The sandbox cannot be used at all.
    #[error(transparent)]
    Sandbox(#[from] terraphim_sandbox::SandboxError),
    /// A workspace cannot do what was asked.
    #[error(transparent)]
    Workspace(#[from] terraphim_code_execution::WorkspaceError),
    /// A server or the catalogue failed.
    #[error(transparent)]
    Gateway(#[from] terraphim_mcp_gateway::GatewayError),
    /// The connection to a client broke.
    #[error(transparent)]
    Face(#[from] terraphim_mcp_server::FaceError),
}

/// Names that no tool has.
#[derive(Debug)]
pub(crate) struct NotFound(pub(crate) Vec<terraphim_mcp_codegen::UnknownTool>);

impl std::fmt::Display for NotFound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, unknown) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "there is no tool `{}`", unknown.name)?;
            if !unknown.nearest.is_empty() {
                write!(f, ": did you mean {}?", unknown.nearest.join(", "))?;
            }
        }
        Ok(())
    }
}

/// A name that no server has.
#[derive(Debug)]
pub(crate) struct NoServer(pub(crate) terraphim_mcp_codegen::UnknownTool);

impl std::fmt::Display for NoServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no server `{}`", self.0.name)?;
        match self.0.nearest.as_slice() {
            [] => f.write_str(": see `terraphim tools list`"),
            near => write!(f, ": did you mean {}?", near.join(", ")),
        }
    }
}

impl CliError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Read { .. }
            | Self::NotText { .. }
            | Self::TextNotUtf8 { .. }
            | Self::Managed(_)
            | Self::Language { .. }
            | Self::Markdown { .. }
            | Self::MarkdownProgram { .. }
            | Self::Settings { .. }
            | Self::McpConfig(_)
            | Self::Roles { .. }
            | Self::NoHome { .. } => Exit::Usage,
            Self::ProgramTooLong { .. } | Self::AnswerTooLong { .. } => Exit::Limit,
            Self::Sandbox(_) => Exit::Sandbox,
            Self::Adopt(_)
            | Self::Notes { .. }
            | Self::NotFound(_)
            | Self::NoServer(_)
            | Self::Types(_)
            | Self::Process { .. }
            | Self::Prompt(_)
            | Self::Workspace(_)
            | Self::Gateway(_)
            | Self::Face(_) => Exit::Failed,
        }
    }

    /// The message with every cause.
    pub(crate) fn report(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }
}
