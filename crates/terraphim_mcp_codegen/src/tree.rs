//! The types of a whole catalogue as a folder that can be explored by listing and reading alone:
//! a file for each tool, an index for each server, a README above.
//!
//! Made here are paths and texts; nothing is written. Every path is relative, of plain ASCII, and
//! safe on file systems that fold case or reserve names.

mod bash;
mod paths;
mod python;
mod rust;
mod typescript;

use std::sync::Arc;

use terraphim_types::{Language, ObservedResult, ServerName, ToolDefinition};

use crate::{
    bounded,
    discovery::ServerTools,
    naming::{ServerModule, server_modules},
    rust::server_names,
    tree::paths::stems,
};

/// Longest description of a server or a tool on its line of an index, in characters.
const MAX_SUMMARY_CHARS: usize = 160;

/// One file of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Relative, with `/` between its parts.
    pub path: String,
    /// What the file holds.
    pub text: String,
    /// The server whose file it is; none for what stands above all.
    pub server: Option<ServerName>,
}

/// One server of a tree.
struct Branch<'a> {
    module: &'a ServerModule,
    description: Option<&'a str>,
    tools: &'a [ToolDefinition],
    /// The name of its folder.
    folder: String,
    /// Its name in a Rust program.
    rust_name: String,
    reach: Reach,
}

/// Whether a server has said what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Its tools are those of now, or of its last definitions.
    Reached,
    /// It could not be asked, and nothing is known of it: what stands in its folder is from before.
    NotReached,
}

/// What an index says of a server that was not reached.
const NOT_REACHED: &str = "not reached when this was written; what is here of it is from before";

/// The tree of those servers that are `wanted`, for programs in `language`. Names are those that
/// the servers have among all of them, and so do not depend on what is wanted.
pub fn tree(
    language: Language,
    servers: &[ServerTools],
    wanted: impl Fn(&ServerName) -> bool,
) -> Vec<TreeFile> {
    tree_of(language, servers, |server| wanted(server).then_some(Reach::Reached))
}

/// The same, with what is known of each server that is wanted: indexes mark those that were not reached.
pub fn tree_of(
    language: Language,
    servers: &[ServerTools],
    reach: impl Fn(&ServerName) -> Option<Reach>,
) -> Vec<TreeFile> {
    let servers: Vec<ServerTools> = servers.iter().map(uncounted).collect();
    let pairs: Vec<_> = servers.iter().map(|server| (&server.server, server.tools.as_ref())).collect();
    let modules = server_modules(&pairs);
    let folders = match language {
        Language::Python => python::folders(&modules),
        _ => stems(
            modules.iter().map(|it| (it.server.as_str(), it.identifier.as_str())),
            &["index", "lib", "src", "target", "mcp_runtime", "node_modules"],
        ),
    };
    let branches: Vec<Branch<'_>> = modules
        .iter()
        .zip(&servers)
        .zip(folders.into_iter().zip(server_names(&modules)))
        .filter_map(|((module, server), (folder, rust_name))| {
            let reach = reach(&module.server)?;
            let description = server.description.as_deref();
            Some(Branch { module, description, tools: &server.tools, folder, rust_name, reach })
        })
        .collect();
    match language {
        Language::TypeScript | Language::JavaScript | Language::Node => typescript::files(&branches),
        Language::Python => python::files(&branches),
        Language::Rust => rust::files(&branches),
        Language::Bash => bash::files(&branches),
    }
}

/// The same tools without the numbers of results that their types were inferred from: these change with every call,
/// and a file is to change with its types alone.
fn uncounted(server: &ServerTools) -> ServerTools {
    let is_counted = |tool: &ToolDefinition| tool.observed.as_ref().is_some_and(|seen| seen.observations > 0);
    if !server.tools.iter().any(is_counted) {
        return server.clone();
    }
    let without = |tool: &ToolDefinition| {
        let observed = tool
            .observed
            .as_ref()
            .map(|seen| Arc::new(ObservedResult { schema: seen.schema.clone(), observations: 0 }));
        ToolDefinition { observed, ..tool.clone() }
    };
    ServerTools { tools: server.tools.iter().map(without).collect(), ..server.clone() }
}

/// The README: what the folder is, and a line for each server.
fn readme(
    about: &str,
    branches: &[Branch<'_>],
    prefix: &str,
    name_of: impl Fn(&Branch<'_>) -> String,
) -> TreeFile {
    let mut text = format!("# Tools\n\n{about}\n");
    let tools: usize = branches.iter().map(|branch| branch.module.tools.len()).sum();
    text.push_str(&format!("\n{} servers, {tools} tools:\n\n", branches.len()));
    for branch in branches {
        let count = branch.module.tools.len();
        let tools = match (branch.reach, count) {
            (Reach::NotReached, _) => NOT_REACHED.to_owned(),
            (Reach::Reached, 1) => "1 tool".to_owned(),
            (Reach::Reached, count) => format!("{count} tools"),
        };
        let about = markdown(branch.description.unwrap_or_default());
        let colon = if about.is_empty() { "" } else { ": " };
        let name = branch.module.server.as_str();
        let import = name_of(branch);
        let import = if import == name { String::new() } else { format!(", in a program `{import}`") };
        let name = markdown(name);
        text.push_str(&format!("- [{name}]({prefix}{}) ({tools}{import}){colon}{about}\n", branch.folder));
    }
    TreeFile { path: "README.md".to_owned(), text, server: None }
}

/// A line of somebody else's text, which is no markup.
fn markdown(text: &str) -> String {
    let line = bounded::summary(text, MAX_SUMMARY_CHARS);
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// What a tool does, on one line.
fn summary(tool: &ToolDefinition) -> String {
    let text = tool.description.as_deref().or(tool.title.as_deref()).unwrap_or_default();
    bounded::summary(text, MAX_SUMMARY_CHARS)
}

impl Branch<'_> {
    /// What an index says above the server, if there is something to say.
    fn note(&self) -> Option<&'static str> {
        (self.reach == Reach::NotReached).then_some(NOT_REACHED)
    }

    fn file(&self, path: String, text: String) -> TreeFile {
        TreeFile { path, text, server: Some(self.module.server.clone()) }
    }
}
