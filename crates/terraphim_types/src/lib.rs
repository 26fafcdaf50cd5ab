//! The vocabulary that every crate of the host shares: names, limits, tool
//! definitions and replies. It does no IO and nothing asynchronous.

mod limits;
mod names;
mod tools;

pub use limits::{Limits, OutputBudget};
pub use names::{InvalidName, Language, RunId, ServerName, TokenCount, ToolName};
pub use tools::{ToolAnnotations, ToolDefinition, ToolReply};
