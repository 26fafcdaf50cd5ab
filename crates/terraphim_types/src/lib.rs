//! The vocabulary that every crate of the host shares: names, limits, tool
//! definitions and replies. It does no IO and nothing asynchronous.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "terraphim runs on Linux: its sandbox is made of Linux namespaces, Landlock and seccomp. \
     On macOS and Windows use a Linux container or WSL2."
);

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("terraphim runs on x86_64 and aarch64: its system-call filters are made for these.");

mod json;
mod limits;
mod names;
mod tools;

pub use json::JsonText;
pub use limits::{Limits, OutputBudget};
pub use names::{InvalidName, Language, RunId, ServerName, SessionName, TokenCount, ToolName};
pub use tools::{ObservedResult, ToolAnnotations, ToolDefinition, ToolReply};
