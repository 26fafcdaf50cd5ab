//! Imports: what `'mcp-servers'` and `'mcp-servers/x'` give to a program.
//! Only the servers that are named are looked at, so the cost of a run does
//! not grow with the catalogue.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use terraphim_mcp_codegen::{ModuleTool, ServerModule, nearest, python_word, server_modules};
use terraphim_mcp_gateway::Gateway;
use terraphim_types::ServerName;

use crate::advice::LiteralCall;

/// What the guest asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct ImportRequest {
    specifier: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    /// Calls whose arguments stand in the program.
    #[serde(default)]
    pub(crate) calls: Vec<LiteralCall>,
}

/// The servers of an import.
#[derive(Debug, Serialize)]
pub(crate) struct ImportReply {
    servers: Vec<ModuleTable>,
}

/// One server as the guest builds it.
#[derive(Debug, Serialize)]
struct ModuleTable {
    server: ServerName,
    identifier: String,
    tools: Vec<ModuleTool>,
    /// Why it has no tools; every call of it fails with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Why an import cannot be resolved.
#[derive(Debug)]
pub(crate) struct ImportError {
    /// The imported name that is wrong, or empty for the specifier.
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// Resolves an import.
///
/// A server that needs longer than `wait` to start is there with a reason why it has no tools yet.
pub(crate) async fn resolve(
    gateway: &Arc<Gateway>,
    request: &ImportRequest,
    wait: Duration,
) -> Result<ImportReply, ImportError> {
    let known = known_servers(gateway);
    let wanted = match request.specifier.strip_prefix("mcp-servers") {
        Some("") => match &request.names {
            Some(names) => find_all(&known, names)?,
            None => known.iter().collect(),
        },
        Some(path) if path.starts_with('/') => {
            let name = path.trim_start_matches('/');
            vec![find(&known, name).ok_or_else(|| unknown_server(&known, name, ""))?]
        }
        _ => return Err(unknown_module(&known, &request.specifier)),
    };
    let servers = join_all(wanted.into_iter().map(|module| table(gateway, module, wait))).await;
    let reply = ImportReply { servers };
    if request.specifier != "mcp-servers" {
        check_tool_names(&reply, request.names.as_deref().unwrap_or_default())?;
    }
    Ok(reply)
}

/// Every server with its identifier, without its tools.
pub(crate) fn known_servers(gateway: &Gateway) -> Vec<ServerModule> {
    let names: Vec<_> = gateway.server_names().map(|name| (name, [].as_slice())).collect();
    server_modules(&names)
}

pub(crate) fn find<'k>(known: &'k [ServerModule], name: &str) -> Option<&'k ServerModule> {
    let named =
        |name: &str| known.iter().find(|module| module.identifier == name || module.server.as_str() == name);
    named(name).or_else(|| named(python_word(name)?))
}

fn find_all<'k>(known: &'k [ServerModule], names: &[String]) -> Result<Vec<&'k ServerModule>, ImportError> {
    names.iter().map(|name| find(known, name).ok_or_else(|| unknown_server(known, name, name))).collect()
}

async fn table(gateway: &Arc<Gateway>, module: &ServerModule, wait: Duration) -> ModuleTable {
    let (server, identifier) = (module.server.clone(), module.identifier.clone());
    // A task of its own, so that a slow start goes on for the next run.
    let (starting, name) = (Arc::clone(gateway), server.clone());
    let started = tokio::spawn(async move { starting.tools(&name).await });
    let error = match tokio::time::timeout(wait, started).await {
        Ok(Ok(Ok(tools))) => {
            let tools = ServerModule::new(&server, &tools).tools;
            return ModuleTable { server, identifier, tools, error: None };
        }
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(failed)) => format!("server `{server}` could not be asked: {failed}"),
        Err(_) => format!(
            "server `{server}` is still starting after {:.0} s: try again, or give the run a longer time",
            wait.as_secs_f64()
        ),
    };
    ModuleTable { server, identifier, tools: Vec::new(), error: Some(error) }
}

fn check_tool_names(reply: &ImportReply, names: &[String]) -> Result<(), ImportError> {
    let Some(table) = reply.servers.first().filter(|table| table.error.is_none()) else { return Ok(()) };
    let identifiers: Vec<_> = table.tools.iter().flat_map(|tool| &tool.identifiers).collect();
    let unknown = names.iter().find(|name| {
        let own = *name == "default" || **name == table.identifier;
        !own && !identifiers.contains(name) && !table.tools.iter().any(|tool| tool.name == **name)
    });
    let Some(name) = unknown else { return Ok(()) };
    Err(ImportError {
        name: name.clone(),
        message: format!("the server `{}` has no tool `{name}`", table.server),
        hint: suggestion(name, identifiers.into_iter().map(String::as_str)),
    })
}

fn unknown_server(known: &[ServerModule], name: &str, at: &str) -> ImportError {
    let near = suggestion(name, known.iter().map(|module| module.identifier.as_str()));
    let all: Vec<_> = known.iter().take(20).map(|module| module.identifier.as_str()).collect();
    ImportError {
        name: at.to_owned(),
        message: format!("there is no server `{name}`"),
        hint: if near.is_empty() { format!("the servers are {}", all.join(", ")) } else { near },
    }
}

fn unknown_module(known: &[ServerModule], specifier: &str) -> ImportError {
    let server = find(known, specifier).map(|module| module.identifier.clone());
    ImportError {
        name: String::new(),
        message: format!("there is no module '{specifier}'"),
        hint: match server {
            Some(identifier) => format!("write import {{ {identifier} }} from 'mcp-servers'"),
            None => "only 'mcp-servers', 'mcp-servers/<server>' and 'mcp-runtime' can be imported".into(),
        },
    }
}

fn suggestion<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> String {
    let near = nearest(name, candidates);
    if near.is_empty() { String::new() } else { format!("did you mean {}?", near.join(", ")) }
}
