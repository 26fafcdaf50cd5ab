//! Connections to MCP servers, the live catalogue, in-process providers and policy.
mod provider;
pub use provider::{CallContext, CallFuture, ListFuture, Provider, ProviderError};
