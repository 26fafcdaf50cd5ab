//! The server's instructions: work in code, and which servers there are. They
//! are made from the configured names alone, so that no server is started.

use terraphim_mcp_codegen::{ServerModule, bounded, server_modules};
use terraphim_mcp_gateway::Gateway;
use terraphim_types::ToolDefinition;

use crate::config::Expose;

/// Longest list of servers, in characters; clients cut instructions at 2,000.
const MAX_LIST_CHARS: usize = 900;

/// Longest name of a server that is shown, in characters.
const MAX_NAME_CHARS: usize = 60;

const CODE: &str = "\
Work in code: one program for execute_code replaces many tool calls, and intermediate results stay out of the conversation.
1. Find tools with search_tools; read get_tool_docs for those that you will call.
2. Write one TypeScript or Python program that imports servers, calls their tools in loops or in parallel, filters and joins there, and \
returns only what is needed.
3. If it fails, the error names the line: correct it and run it again. If it answers status \"running\", call wait.";

const TOOLS: &str = "The first-party tools work on the user's own notes and their knowledge graph.";

/// The instructions of a face, at most 2,000 characters.
pub(crate) fn instructions(gateway: &Gateway, expose: Expose) -> String {
    let names: Vec<_> = gateway.server_names().map(|name| (name, [].as_slice())).collect();
    match expose {
        Expose::Tools => TOOLS.to_owned(),
        Expose::Code => code(&names),
        Expose::All => format!("{}\n{TOOLS}", code(&names)),
    }
}

fn code(names: &[(&terraphim_types::ServerName, &[ToolDefinition])]) -> String {
    let modules = server_modules(names);
    if modules.is_empty() {
        return format!("{CODE}\nNo MCP server is connected.");
    }
    let short = modules.iter().find(|module| module.identifier.chars().count() <= MAX_NAME_CHARS);
    let example = short.map(|module| example(&module.identifier)).unwrap_or_default();
    format!("{CODE}\n{example}{}", list(&modules))
}

fn example(identifier: &str) -> String {
    format!(
        "Example:\nimport {{ {identifier} }} from 'mcp-servers';\nimport {{ searchTools }} from 'mcp-runtime';\n\
         const found = await searchTools({{ server: '{identifier}', limit: 50 }});\n\
         return {{ all: found.total, callable: Object.keys({identifier}) }};\n"
    )
}

/// The names by which programs import the servers, as many as there is room for.
fn list(modules: &[ServerModule]) -> String {
    let mut text = format!("Connected servers ({}): ", modules.len());
    let (mut room, mut shown) = (MAX_LIST_CHARS, 0);
    for module in modules {
        let name = name(module);
        let length = name.chars().count() + 2;
        if length > room {
            break;
        }
        room -= length;
        if shown > 0 {
            text.push_str(", ");
        }
        text.push_str(&name);
        shown += 1;
    }
    match modules.len() - shown {
        0 => text + ".",
        more => format!("{text} and {more} more."),
    }
}

fn name(module: &ServerModule) -> String {
    let identifier = bounded::one_line(&module.identifier, MAX_NAME_CHARS);
    if module.identifier == module.server.as_str() {
        return identifier;
    }
    format!("{identifier} (for `{}`)", bounded::one_line(module.server.as_str(), MAX_NAME_CHARS))
}

#[cfg(test)]
mod tests {
    use terraphim_types::ServerName;

    use super::*;

    #[test]
    fn many_and_hostile_names_stay_within_the_bound() {
        let names: Vec<_> = (0..500)
            .map(|n| ServerName::new(&format!("server \u{202e}`{n}` {}", "x".repeat(200))).unwrap())
            .collect();
        let pairs: Vec<(&ServerName, &[ToolDefinition])> =
            names.iter().map(|name| (name, [].as_slice())).collect();
        let text = code(&pairs);
        assert!(text.chars().count() + TOOLS.chars().count() < 2_000, "{}", text.chars().count());
        assert!(text.contains("Connected servers (500)") && text.contains("more."), "{text}");
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn no_servers_are_said_to_be_none() {
        assert!(code(&[]).ends_with("No MCP server is connected."));
    }
}
