//! What the gateway asks of a server, whether it runs in this process or is
//! an upstream in a process of its own.

use std::{future::Future, pin::Pin, sync::Arc};

use serde_json::{Map, Value};
use terraphim_types::{ServerName, ToolDefinition, ToolReply};
use tokio_util::sync::CancellationToken;

/// A pending list of tools. A list that is the same as before is best the same
/// allocation: it is asked for with every run, and then not looked at.
pub type ListFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Arc<[ToolDefinition]>, ProviderError>> + Send + 'a>>;

/// A pending tool call.
pub type CallFuture<'a> = Pin<Box<dyn Future<Output = Result<ToolReply, ProviderError>> + Send + 'a>>;

/// Groups of words of one meaning, shared: other words are another allocation.
pub type SynonymGroups = Arc<Vec<Vec<String>>>;

/// Pending groups of words.
pub type SynonymsFuture<'a> = Pin<Box<dyn Future<Output = Option<SynonymGroups>> + Send + 'a>>;

/// A server of tools. Its two kinds are the in-process provider and the
/// upstream connection; the contract tests in this crate hold both to it.
pub trait Provider: Send + Sync + 'static {
    /// The name under which programs import it.
    fn name(&self) -> &ServerName;

    /// One or two sentences on what it is for, where it says so.
    fn description(&self) -> Option<String>;

    /// Its tools, in its own order.
    fn list_tools(&self) -> ListFuture<'_>;

    /// Calls one tool. A tool that answers with `is_error` is a reply, not an error.
    fn call_tool<'a>(
        &'a self,
        tool: &'a str,
        arguments: Map<String, Value>,
        context: CallContext,
    ) -> CallFuture<'a>;

    /// Words of one meaning, for whoever searches tools; it is asked with every
    /// search, and answers within a second.
    fn synonyms(&self) -> SynonymsFuture<'_> {
        Box::pin(async { None })
    }
}

/// What goes along with a call.
#[derive(Debug, Clone, Default)]
pub struct CallContext {
    /// Ends the call; a cancelled call answers [`ProviderError::Cancelled`].
    pub cancel: CancellationToken,
}

/// Why a server gave no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The server lists no such tool.
    #[error("server `{server}` has no tool `{tool}`")]
    UnknownTool {
        /// The server asked.
        server: ServerName,
        /// The tool asked for.
        tool: String,
    },
    /// The arguments do not fit the tool's input schema.
    #[error("the arguments of `{server}.{tool}` are not valid: {complaint}")]
    InvalidArguments {
        /// The server asked.
        server: ServerName,
        /// The tool asked for.
        tool: String,
        /// What is wrong, with the path of the offending property.
        complaint: String,
    },
    /// The caller ended the call.
    #[error("the call was cancelled")]
    Cancelled,
    /// The server could not be started or did not speak MCP.
    #[error("server `{server}` did not start: {reason}")]
    NotStarted {
        /// The server asked.
        server: ServerName,
        /// The cause, with the tail of its standard error where there is one.
        reason: String,
    },
    /// The server's connection ended during the call.
    #[error("server `{server}` went away during the call: {reason}")]
    Disconnected {
        /// The server asked.
        server: ServerName,
        /// The cause, with the tail of its standard error where there is one.
        reason: String,
    },
    /// The server answered with a protocol error or with something that is no reply.
    #[error("server `{server}` answered `{tool}` with an error: {message}")]
    Protocol {
        /// The server asked.
        server: ServerName,
        /// The tool or request asked for.
        tool: String,
        /// What it said.
        message: String,
    },
    /// The server did not answer in time.
    #[error("server `{server}` did not answer `{request}` within {seconds} s")]
    TimedOut {
        /// The server asked.
        server: ServerName,
        /// The tool or request asked for.
        request: String,
        /// The deadline that passed, in seconds.
        seconds: u64,
    },
}
