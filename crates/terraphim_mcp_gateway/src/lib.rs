//! Connections to MCP servers, the live catalogue, in-process providers and policy.
//!
//! A [`Gateway`] is made from an [`McpConfig`] and the providers of this
//! process. It starts a server when it is first needed, keeps what it knows of
//! its tools on disk, and lets a call through only if the [`Policy`] allows
//! the tool and its arguments fit. One server that hangs, crashes or talks
//! nonsense harms no other.
//!
//! What this crate does not do: it shows nothing to MCP clients, it makes no
//! code for programs, and it reads neither the environment nor the home
//! folder. The protocol library's types stay inside it.

mod catalogue;
mod config;
mod definitions;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gateway;
mod in_process;
mod measure;
mod observed;
mod policy;
mod provider;
mod resources;
mod upstream;
mod validation;
mod wording;

pub use catalogue::{CatalogueSnapshot, ServerEntry, ServerState};
pub use config::{
    McpConfig, McpConfigError, ServerConfig, ServerTransport, SkippedEntry, StdioServer, parse_mcp_config,
};
pub use error::GatewayError;
pub use gateway::{Collision, Gateway, GatewayConfig, Timeouts};
pub use observed::Observing;
pub use policy::{Denial, Glob, InvalidGlob, Policy};
pub use provider::{
    CallContext, CallFuture, ListFuture, Provider, ProviderError, SynonymGroups, SynonymsFuture,
};
pub use resources::{
    Completion, CompletionQuestion, ResourceBody, ResourceChange, ResourceChanges, ResourceContent,
    ResourceError, ResourceFuture, ResourceHead, ResourcePage, ResourceTemplate, Resources,
};
pub use upstream::{GuardCommand, serve_guard};
