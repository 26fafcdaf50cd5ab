//! Why the gateway gave no reply to a call.

use terraphim_types::{ServerName, ToolName};

use crate::{
    policy::{Denial, Glob},
    provider::ProviderError,
    wording::did_you_mean,
};

/// Why a call or a listing failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The server said so, or could not be reached.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// No server of that name is configured.
    #[error("there is no server `{name}`{}", did_you_mean(nearest))]
    UnknownServer {
        /// The name asked for.
        name: String,
        /// The known names that resemble it, the closest first.
        nearest: Vec<String>,
    },
    /// The server lists no such tool.
    #[error("server `{server}` has no tool `{tool}`{}", did_you_mean(nearest))]
    UnknownTool {
        /// The server asked.
        server: ServerName,
        /// The tool asked for.
        tool: String,
        /// The server's tools that resemble it, the closest first.
        nearest: Vec<String>,
    },
    /// The policy does not let the tool be called.
    #[error("{}", denied(tool, denial))]
    Denied {
        /// The tool asked for.
        tool: ToolName,
        /// Which rule stands against it.
        denial: Denial,
    },
}

fn denied(tool: &ToolName, denial: &Denial) -> String {
    match denial {
        Denial::Forbidden(glob) => forbidden(tool, glob),
        Denial::NotAllowed => format!(
            "`{tool}` may change something (it does not declare itself read-only) and is not allowed: \
             allow it with `--allow '{tool}'` or with `allow = [\"{tool}\"]` in `terraphim.toml`"
        ),
    }
}

fn forbidden(tool: &ToolName, glob: &Glob) -> String {
    format!("`{tool}` is denied by the pattern `{glob}`: to call it, remove that pattern from `deny`")
}
