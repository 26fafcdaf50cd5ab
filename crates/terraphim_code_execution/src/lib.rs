//! Runs an agent's program: bridge, outcome, workspace and token account.
//!
//! [`Executor::execute`] is the main flow. It lends a process from the
//! sandbox's pool, answers the program's calls from the gateway, and cuts what
//! comes out to the budget of a model. It neither prints nor reads the
//! environment; whoever embeds it gives it folders and commands.

mod advice;
mod bridge;
mod catalogue;
mod check;
mod executor;
#[cfg(fuzzing)]
pub mod fuzzing;
mod media;
mod modules;
mod outcome;
mod prompt;
mod rust;
mod sessions;
pub mod tokens;
mod workspace;

pub use catalogue::{FoundTool, LiveCatalogue, LoadState, SearchAnswer, Shown, UnavailableServer};
pub use check::{Checked, CheckerPlaces};
pub use executor::{ExecuteRequest, Execution, Executor, ExecutorConfig, SessionRequest};
pub use outcome::{ErrorKind, FileChange, Outcome, RunError, RunUsage, SavedFile, TypeCheck, Wall};
pub use prompt::{ComposedPrompt, DEFAULT_PROMPT_BUDGET, PromptError, PromptRequest, compose_prompt};
pub use terraphim_sandbox::ClientId;
pub use workspace::{BEFORE_RESTORE, Checkpoint, Workspace, WorkspaceError};
