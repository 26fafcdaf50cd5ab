//! What a program in Rust names: a library for each server that it names, and
//! one over them that is called `mcp_servers`.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use terraphim_mcp_codegen::{ServerModule, rust as codegen, server_modules};
use terraphim_types::{ServerName, ToolDefinition};

use super::{
    Asked,
    compiler::{Crate, Kind, Library, Text},
};
use crate::outcome::{ErrorKind, RunError};

/// What programs call the library of all servers, and that of the host's functions.
const SERVERS: &str = "mcp_servers";
const RUNTIME: &str = "mcp_runtime";

/// The modules that a program names.
pub(super) struct Modules {
    /// Whether it names any library at all.
    pub(super) is_used: bool,
    pub(super) has_servers: bool,
    pub(super) servers: Vec<Module>,
    /// The names of all modules.
    pub(super) known: Vec<String>,
}

/// The module of one server.
#[derive(Clone)]
pub(super) struct Module {
    module: Arc<ServerModule>,
    /// What programs call it.
    name: String,
    source: Text,
}

/// The modules of servers whose tools have not changed since, by the server's name.
pub(super) type Texts = Mutex<HashMap<ServerName, (Arc<[ToolDefinition]>, Module)>>;

/// The modules of the servers that a program names: those are started, and no others.
pub(super) async fn resolve(asked: &Asked<'_>, texts: &Texts) -> Result<Modules, RunError> {
    let words = words(asked.source);
    let has_servers = words.contains(SERVERS);
    let mut modules = Modules {
        is_used: has_servers || words.contains(RUNTIME),
        has_servers,
        servers: Vec::new(),
        known: Vec::new(),
    };
    if !has_servers {
        return Ok(modules);
    }
    let known = module_names(asked);
    let named = known.iter().filter(|(_, name)| words.contains(plain(name)));
    let wait = asked.limits.wall * 2 / 3;
    let servers = join_all(named.map(|(server, name)| module(asked, texts, (server, name), wait))).await;
    modules.servers = servers.into_iter().collect::<Result<_, _>>()?;
    modules.known = known.into_iter().map(|(_, name)| name).collect();
    Ok(modules)
}

/// The words of a text that could be identifiers. What stands in texts and remarks is
/// among them: a server that is built for nothing does no harm.
fn words(source: &str) -> BTreeSet<&str> {
    source.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

/// An identifier without the mark of one that is a keyword, too.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

async fn module(
    asked: &Asked<'_>,
    texts: &Texts,
    (module, name): (&ServerModule, &str),
    wait: Duration,
) -> Result<Module, RunError> {
    let unusable =
        |why: String| RunError::new(ErrorKind::Tool, why, "leave it out, or look at its own settings");
    let server = &module.server;
    // A task of its own, so that a slow start goes on for the next run.
    let (gateway, asked_server) = (Arc::clone(asked.gateway), server.clone());
    let started = tokio::spawn(async move { gateway.tools(&asked_server).await });
    let tools = match tokio::time::timeout(wait, started).await {
        Ok(Ok(Ok(tools))) => tools,
        Ok(Ok(Err(error))) => return Err(unusable(format!("the server `{server}` cannot be used: {error}"))),
        Ok(Err(failed)) => {
            return Err(unusable(format!("the server `{server}` could not be asked: {failed}")));
        }
        Err(_) => {
            let message =
                format!("the server `{server}` is still starting after {:.0} s", wait.as_secs_f64());
            return Err(RunError::new(ErrorKind::Tool, message, "try again, or give the run a longer time"));
        }
    };
    let known = texts.lock().unwrap_or_else(PoisonError::into_inner).get(server).cloned();
    if let Some((of, known)) = known
        && Arc::ptr_eq(&of, &tools)
        && (&known.name, &known.module.identifier) == (&name.to_owned(), &module.identifier)
    {
        return Ok(known);
    }
    let of = Arc::clone(&tools);
    let named = ServerModule { identifier: module.identifier.clone(), ..ServerModule::new(server, &tools) };
    let made = Arc::new(named);
    let named = Arc::clone(&made);
    // Definitions of thousands of tools take a while.
    let source =
        tokio::task::spawn_blocking(move || Text::new(&codegen::server_crate(&named, None, &tools))).await;
    let source = source.map_err(|error| unusable(format!("the server `{server}` has no module: {error}")))?;
    let made = Module { module: made, name: name.to_owned(), source };
    let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
    texts.insert(server.clone(), (of, made.clone()));
    Ok(made)
}

impl Module {
    /// The crate of this module.
    pub(super) fn library(&self, runtime: &Library) -> Crate {
        let externs = vec![runtime.clone()];
        Crate { externs, ..library(codegen::crate_name(&self.module), self.source.clone()) }
    }

    /// Why a program that names it cannot be made.
    pub(super) fn explain(&self, mut error: RunError) -> RunError {
        // A place in a text that the program's author has not written.
        (error.line, error.column, error.snippet, error.stack) = (None, None, None, None);
        if error.kind == ErrorKind::Syntax {
            error.kind = ErrorKind::Tool;
            error.hint = Some("call its tools with mcp_runtime::call".to_owned());
        }
        error.message = format!(
            "the module of the server `{}` cannot be compiled: {}",
            self.module.server, error.message
        );
        error
    }
}

impl Modules {
    /// The library over those of the servers.
    pub(super) fn facade(&self, made: &[Library]) -> Crate {
        let lines = self.servers.iter().zip(made);
        let source: String = lines
            .map(|(module, library)| format!("pub use {} as {};\n", library.name(), module.name))
            .collect();
        Crate { externs: made.to_vec(), ..library(SERVERS.to_owned(), Text::new(&source)) }
    }
}

/// The library of the host's functions.
pub(super) fn runtime() -> Crate {
    static TEXT: OnceLock<Text> = OnceLock::new();
    let text = TEXT.get_or_init(|| Text::new(&codegen::runtime())).clone();
    Crate { kind: Kind::Runtime, ..library(RUNTIME.to_owned(), text) }
}

fn library(name: String, source: Text) -> Crate {
    Crate { kind: Kind::Library, name, source, externs: Vec::new(), known: Vec::new() }
}

/// Every server, without its tools, with the name of its module.
fn module_names(asked: &Asked<'_>) -> Vec<(ServerModule, String)> {
    let servers: Vec<_> = asked.gateway.server_names().map(|name| (name, [].as_slice())).collect();
    let modules = server_modules(&servers);
    let names = codegen::server_names(&modules);
    modules.into_iter().zip(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_identifiers_are() {
        let found = words("use mcp_servers::{r#type, größe};\nlet x2=a.b();");
        for word in ["use", "mcp_servers", "type", "größe", "x2", "a", "b"] {
            assert!(found.contains(word), "{word}");
        }
        assert!(!found.contains(""));
    }
}
