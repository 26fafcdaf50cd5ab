//! Types of a TypeScript program, checked before it runs by the native checker
//! of TypeScript where the machine has one. The checker stays, behind walls of
//! its own; it sees the program, what every program finds, and the modules that
//! this one imports. Programs in other languages, and those for `node`, are not
//! checked here.

mod find;
mod imports;
mod program;
mod report;
mod resident;
mod verdict;
mod wire;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use terraphim_mcp_codegen::{
    RUNTIME_DECLARATIONS, ServerModule, checked_declarations, unavailable_declarations,
};
use terraphim_mcp_gateway::Gateway;
use terraphim_sandbox::{CheckerProcess, Checkers};
use terraphim_types::{Language, ServerName, ToolDefinition};

pub use self::find::CheckerPlaces;
use self::{
    find::Found,
    program::Program,
    report::Diagnostic,
    resident::{Deadlines, Resident, Start, Texts, Unchecked},
    verdict::{About, Verdict, judge},
};
use crate::{
    modules::{find as find_module, known_servers},
    outcome::{ErrorKind, RunError, TypeCheck, with_causes},
};

/// Longest text of the modules of a program, in bytes: what comes after it may be anything.
const MODULES_BYTES: usize = 8 << 20;

/// What is said when a program runs without having been checked.
const UNCHECKED: &str = "type check asked for, but";

/// The type checker of a host; it is looked for when a check is first asked for.
pub(crate) struct TypeChecker {
    places: CheckerPlaces,
    /// The checker that was found last.
    found: Mutex<Option<(Found, Arc<Resident<Jailed>>)>>,
    declared: Mutex<HashMap<ServerName, Declared>>,
}

/// The declarations of a server whose tools have not changed since.
struct Declared {
    of: Arc<[ToolDefinition]>,
    identifier: String,
    text: Arc<str>,
}

/// What is to be checked.
pub(crate) struct Asked<'a> {
    pub(crate) gateway: &'a Arc<Gateway>,
    pub(crate) source: &'a str,
    pub(crate) language: Language,
    /// Whether programs before it may have declared names that it uses.
    pub(crate) in_session: bool,
    /// How long a server may take to start.
    pub(crate) wait: Duration,
}

/// What came of a check that refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whether it was done.
    pub state: TypeCheck,
    /// What whoever asked should know.
    pub told: Vec<String>,
}

impl TypeChecker {
    pub(crate) fn new(places: CheckerPlaces) -> Self {
        Self { places, found: Mutex::default(), declared: Mutex::default() }
    }

    /// The name, version and folder of the machine's checker, once it has started.
    pub(crate) async fn about(&self) -> Result<String, String> {
        let (found, resident) = self.resident()?;
        let said = resident.warm_up(RUNTIME_DECLARATIONS).await.map_err(|error| with_causes(&error))?;
        Ok(format!("{said}, {}", found.folder.join(&found.name).display()))
    }

    /// Checks a program. A program that is not to run is an error, and so is a checker that somebody
    /// has named where there is none.
    pub(crate) async fn check(&self, asked: &Asked<'_>) -> Result<Checked, RunError> {
        let unchecked = |why: String| Ok(Checked { told: vec![why], state: TypeCheck::Unavailable });
        if asked.language != Language::TypeScript {
            let note =
                format!("{UNCHECKED} types are checked in TypeScript alone, and this is {}", asked.language);
            return unchecked(note);
        }
        let resident = match self.resident() {
            Ok((_, resident)) => resident,
            Err(why) if self.places.named.is_some() => {
                let message = format!("the type check that was asked for cannot be done: {why}");
                let hint = "name the program of TypeScript 7, or nothing for the one that is found";
                return Err(RunError::new(ErrorKind::Sandbox, message, hint));
            }
            Err(why) => return unchecked(format!("{UNCHECKED} {why}; the built-in advice was used")),
        };
        // It starts while the servers are asked for their tools.
        let (warm, modules) = tokio::join!(resident.warm_up(RUNTIME_DECLARATIONS), self.modules(asked));
        let verdict = match warm {
            Ok(_) => verdict(&resident, asked, &modules).await,
            Err(error) => Err(error),
        };
        match verdict {
            Ok(Verdict::Clean(told)) => Ok(Checked { told, state: TypeCheck::Passed }),
            Ok(Verdict::Refused(error)) => Err(error),
            Ok(Verdict::Unread(why)) => {
                unchecked(format!("{UNCHECKED} the checker does not read this as a program: {why}"))
            }
            Err(error) => {
                let why = with_causes(&error);
                unchecked(format!("{UNCHECKED} {why}; the program ran unchecked, with the built-in advice"))
            }
        }
    }

    fn resident(&self) -> Result<(Found, Arc<Resident<Jailed>>), String> {
        let found = find::find(&self.places)?;
        let mut known = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, resident)) = known.as_ref()
            && *of == found
        {
            return Ok((found, Arc::clone(resident)));
        }
        let jailed = Jailed(Checkers::new(&found.folder, &found.name));
        let resident = Arc::new(Resident::new(jailed, Deadlines::default()));
        *known = Some((found.clone(), Arc::clone(&resident)));
        Ok((found, resident))
    }

    /// The declarations of what the program imports.
    async fn modules(&self, asked: &Asked<'_>) -> Modules {
        let known = known_servers(asked.gateway);
        let imports = imports::of(asked.source);
        let by_word = |module: &ServerModule| {
            imports.whole
                && (imports::names(asked.source, &module.identifier)
                    || imports::names(asked.source, module.server.as_str()))
        };
        let mut wanted: Vec<&ServerModule> =
            imports.names.iter().filter_map(|name| find_module(&known, name)).collect();
        wanted.extend(known.iter().filter(|module| by_word(module)));
        wanted.sort_by(|a, b| a.server.cmp(&b.server));
        wanted.dedup_by(|a, b| a.server == b.server);
        let texts = join_all(wanted.iter().map(|module| self.declared(asked, module))).await;
        let mut text = String::new();
        for (declared, module) in texts.into_iter().zip(wanted) {
            if text.len() + declared.len() <= MODULES_BYTES {
                text.push_str(&declared);
            } else {
                text.push_str(&unavailable_declarations(module));
            }
        }
        if text.is_empty() {
            // A module without anything in it, so that it is the name that is wrong.
            let _ = writeln!(text, "declare module 'mcp-servers' {{ export {{}}; }}");
        }
        Modules { text, servers: known.into_iter().map(|module| module.identifier).collect() }
    }

    async fn declared(&self, asked: &Asked<'_>, module: &ServerModule) -> Arc<str> {
        let server = &module.server;
        // A task of its own, so that a slow start goes on for the run.
        let (gateway, name) = (Arc::clone(asked.gateway), server.clone());
        let started = tokio::spawn(async move { gateway.tools(&name).await });
        let Ok(Ok(Ok(tools))) = tokio::time::timeout(asked.wait, started).await else {
            // The run says why.
            return unavailable_declarations(module).into();
        };
        let cache = || self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache().get(server)
            && Arc::ptr_eq(&known.of, &tools)
            && known.identifier == module.identifier
        {
            return Arc::clone(&known.text);
        }
        let named =
            ServerModule { identifier: module.identifier.clone(), ..ServerModule::new(server, &tools) };
        let identifier = named.identifier.clone();
        let of = Arc::clone(&tools);
        // Definitions of thousands of tools take a while.
        let made = tokio::task::spawn_blocking(move || checked_declarations(&named, &tools)).await;
        let Ok(text) = made else { return unavailable_declarations(module).into() };
        let text: Arc<str> = text.into();
        cache().insert(server.clone(), Declared { of, identifier, text: Arc::clone(&text) });
        text
    }
}

/// What a program imports.
struct Modules {
    text: String,
    /// What programs call the servers, all of them.
    servers: Vec<String>,
}

async fn verdict<T: Start>(
    resident: &Resident<T>,
    asked: &Asked<'_>,
    modules: &Modules,
) -> Result<Verdict, Unchecked> {
    let mut program = Program::new(asked.source);
    let texts = |program| Texts { runtime: RUNTIME_DECLARATIONS, modules: &modules.text, program };
    let mut found: Vec<Diagnostic> = resident.check(&texts(asked.source)).await?;
    let replaced = program.without_returns(&found);
    if let Some(text) = &replaced {
        found = resident.check(&texts(text)).await?;
    }
    let about = About { is_followed: asked.in_session, servers: &modules.servers };
    let text = replaced.as_deref().unwrap_or(asked.source);
    Ok(judge(asked.source, (&program, text), &found, &about))
}

/// Checkers behind walls.
struct Jailed(Checkers);

impl Start for Jailed {
    type Stream = CheckerProcess;

    async fn start(&self) -> Result<CheckerProcess, String> {
        self.0.start().await.map_err(|error| with_causes(&error))
    }

    fn folder(&self) -> &str {
        Checkers::FOLDER
    }
}
