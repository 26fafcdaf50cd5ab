//! `terraphim tools types`: printed, or as a folder.

mod folder;
mod generated;

use terraphim_mcp_codegen::{
    Reach, ServerTools, TreeFile, module_declarations, server_modules, tree, tree_of,
};
use terraphim_mcp_gateway::{CatalogueSnapshot, ServerState};
use terraphim_types::{Language, ServerName};

pub(crate) use self::folder::TypesError;
use crate::{
    cli::TypesArgs,
    commands::{complain, print},
    error::{CliError, Exit},
};

/// Prints or writes the types of the tools that are known.
pub(crate) fn types(snapshot: &CatalogueSnapshot, args: &TypesArgs) -> Result<Exit, CliError> {
    let wanted = wanted(snapshot, &args.server)?;
    let is_wanted = |server: &ServerName| wanted.contains(server);
    for server in snapshot.servers.iter().filter(|server| is_wanted(&server.name)) {
        let known = server.tools.len();
        match &server.state {
            ServerState::Ready => {}
            ServerState::Loading => complain(&format!("warning: `{}` is still being started", server.name)),
            ServerState::Failed { reason } => complain(&format!(
                "warning: `{}` did not start, {known} of its tools are known from before: {reason}",
                server.name
            )),
        }
    }
    let Some(out) = &args.out else {
        print(printed(snapshot, args.lang, is_wanted).trim_end())?;
        let shown = snapshot.servers.iter().filter(|server| is_wanted(&server.name));
        let tools: usize = shown.map(|server| server.tools.len()).sum();
        complain(&format!("{tools} tools of {} servers for {}", wanted.len(), args.lang));
        return Ok(Exit::Success);
    };
    // What a server had stays until it says what it has.
    let is_silent = |server: &&terraphim_mcp_gateway::ServerEntry| {
        server.tools.is_empty() && server.state != ServerState::Ready && is_wanted(&server.name)
    };
    let silent: Vec<_> =
        snapshot.servers.iter().filter(is_silent).map(|server| server.name.clone()).collect();
    let reach = |server: &ServerName| {
        let reach = if silent.contains(server) { Reach::NotReached } else { Reach::Reached };
        is_wanted(server).then_some(reach)
    };
    let files = tree_of(args.lang, &servers(snapshot), reach);
    let done = folder::write(out, args.lang, &files, &silent)?;
    for path in &done.kept {
        complain(&format!(
            "warning: {path} was changed since it was written, and stays although its tool is gone"
        ));
    }
    // Whoever names a server wants that one, and whoever names none wants some.
    if !silent.is_empty() && (!args.server.is_empty() || silent.len() == wanted.len()) {
        return Err(TypesError::NotReached { servers: silent }.into());
    }
    for server in &silent {
        complain(&format!("warning: `{server}` was not reached: what is there of it stays as it was"));
    }
    let missing = match silent.len() {
        0 => String::new(),
        1 => "; 1 server not reached".to_owned(),
        more => format!("; {more} servers not reached"),
    };
    print(&format!(
        "{}: {} written, {} unchanged, {} removed{missing}",
        out.display(),
        done.written,
        done.unchanged,
        done.removed
    ))?;
    Ok(Exit::Success)
}

/// The servers that are asked for; all where none is named.
fn wanted(snapshot: &CatalogueSnapshot, asked: &[String]) -> Result<Vec<ServerName>, TypesError> {
    let all = snapshot.servers.iter().map(|server| &server.name);
    let unknown = asked.iter().find(|asked| all.clone().all(|name| name.as_str() != asked.as_str()));
    if let Some(name) = unknown {
        let near = terraphim_mcp_codegen::nearest(name, all.map(ServerName::as_str));
        return Err(TypesError::UnknownServer { name: name.clone(), near });
    }
    let is_asked = |name: &&ServerName| asked.is_empty() || asked.iter().any(|one| one == name.as_str());
    Ok(all.filter(is_asked).cloned().collect())
}

fn servers(snapshot: &CatalogueSnapshot) -> Vec<ServerTools> {
    let server = |server: &terraphim_mcp_gateway::ServerEntry| ServerTools {
        server: server.name.clone(),
        description: server.description.clone(),
        tools: server.tools.clone(),
    };
    snapshot.servers.iter().map(server).collect()
}

fn printed(
    snapshot: &CatalogueSnapshot,
    language: Language,
    is_wanted: impl Fn(&ServerName) -> bool,
) -> String {
    let mark = match language {
        Language::TypeScript | Language::JavaScript | Language::Node => return ambient(snapshot, is_wanted),
        Language::Python | Language::Bash => "#",
        Language::Rust => "//",
    };
    let files = tree(language, &servers(snapshot), is_wanted);
    let shown = |file: &TreeFile| format!("{mark} {}\n\n{}", file.path, file.text);
    files.iter().filter(|file| file.server.is_some()).map(shown).collect::<Vec<_>>().join("\n")
}

/// TypeScript as one text of ambient modules.
fn ambient(snapshot: &CatalogueSnapshot, is_wanted: impl Fn(&ServerName) -> bool) -> String {
    let servers: Vec<_> =
        snapshot.servers.iter().map(|server| (&server.name, server.tools.as_ref())).collect();
    let modules = server_modules(&servers);
    let texts =
        modules.iter().zip(&snapshot.servers).filter(|(_, server)| is_wanted(&server.name)).map(
            |(module, server)| module_declarations(module, server.description.as_deref(), &server.tools),
        );
    texts.collect::<Vec<_>>().join("\n")
}
