//! Declarations for a checker that refuses programs: what nobody has declared
//! may be anything there, because a right program must not be refused for what
//! is not known of a result.

use std::collections::HashSet;

use terraphim_types::ToolDefinition;

use super::{declarations::module_declarations, print::quoted};
use crate::naming::{ModuleTool, ServerModule};

/// What TypeScript programs find beside the language itself: globals, and the
/// module `mcp-runtime`.
pub const RUNTIME_DECLARATIONS: &str = include_str!("../../typescript/runtime.d.ts");

/// The text of [`module_declarations`] for a checker: without remarks, with `any`
/// for what is unknown or was only observed, under the server's own name too,
/// and with the module `mcp-servers/…`.
pub fn checked_declarations(module: &ServerModule, tools: &[ToolDefinition]) -> String {
    let declared: Vec<_> =
        tools.iter().map(|tool| ToolDefinition { observed: None, ..tool.clone() }).collect();
    let mut out = permissive(&module_declarations(module, None, &declared));
    let identifier = &module.identifier;
    let name = module.server.as_str();
    let is_renamed = name != identifier;
    if is_renamed {
        out.push_str(&format!(
            "declare module 'mcp-servers' {{ export {{ {identifier} as {} }}; }}\n",
            quoted(name)
        ));
    }
    let mut text =
        format!("  import {{ {identifier} as server }} from 'mcp-servers';\n  export default server;\n");
    let mut exported: HashSet<String> = HashSet::from(["default".to_owned()]);
    let names = |tool: &'_ ModuleTool| -> Vec<(String, String)> {
        let first = tool.identifiers.first().unwrap_or(&tool.name);
        tool.identifiers.iter().chain([&tool.name]).map(|name| (name.clone(), quoted(first))).collect()
    };
    for (index, (name, first)) in module.tools.iter().flat_map(names).enumerate() {
        if exported.insert(name.clone()) {
            text.push_str(&format!(
                "  const tool{index}: (typeof server)[{first}];\n  export {{ tool{index} as {} }};\n",
                quoted(&name)
            ));
        }
    }
    for itself in [identifier.as_str(), name] {
        if exported.insert(itself.to_owned()) {
            text.push_str(&format!("  export {{ server as {} }};\n", quoted(itself)));
        }
    }
    for specifier in specifiers(module) {
        out.push_str(&format!("declare module {specifier} {{\n{text}}}\n"));
    }
    out
}

/// The same for a server of which no tools are known: a program may call any.
pub fn unavailable_declarations(module: &ServerModule) -> String {
    let identifier = &module.identifier;
    let mut names = String::new();
    if module.server.as_str() != identifier {
        names = format!(" export {{ {identifier} as {} }};", quoted(module.server.as_str()));
    }
    let mut out = format!("declare module 'mcp-servers' {{ export const {identifier}: any;{names} }}\n");
    for specifier in specifiers(module) {
        out.push_str(&format!("declare module {specifier};\n"));
    }
    out
}

fn specifiers(module: &ServerModule) -> Vec<String> {
    let mut names = vec![module.identifier.as_str(), module.server.as_str()];
    names.dedup();
    names.into_iter().map(|name| quoted(&format!("mcp-servers/{name}"))).collect()
}

/// Declarations without remarks, and with `any` for the type `unknown`. Texts
/// and names of properties stay.
fn permissive(declarations: &str) -> String {
    const UNKNOWN: &str = "unknown";
    let mut out = String::with_capacity(declarations.len());
    let mut rest = declarations;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => text_length(rest, first),
            '/' if rest.starts_with("/*") => {
                rest = rest.split_once("*/").map_or("", |(_, after)| after);
                continue;
            }
            c if is_part_of_name(c) => rest.find(|c| !is_part_of_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let is_key = after.starts_with(':') || after.starts_with("?:");
        out.push_str(if token == UNKNOWN && !is_key { "any" } else { token });
        rest = after;
    }
    out
}

fn is_part_of_name(c: char) -> bool {
    c == '$' || unicode_ident::is_xid_continue(c)
}

/// How long the text is that begins here, with its quotes.
fn text_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_unknown_may_be_anything() {
        let text = "/** unknown */ type unknownish = { unknown: string; unknown?: unknown; a: \"unknown\\\"unknown\"; \
                    m: unknown[]; p: Promise<unknown>; 'unknown': unknown };";
        let expected = " type unknownish = { unknown: string; unknown?: any; a: \"unknown\\\"unknown\"; m: any[]; \
                        p: Promise<any>; 'unknown': any };";
        assert_eq!(permissive(text), expected);
        // Nothing that ends too early is read beyond its end.
        assert_eq!(permissive("a /* b"), "a ");
        assert_eq!(permissive("'a\\"), "'a\\");
    }

    #[test]
    fn a_server_is_there_under_every_name() {
        let tools = [json!({ "name": "get-time" }), json!({ "name": "delete" })];
        let tools: Vec<ToolDefinition> =
            tools.into_iter().map(|tool| serde_json::from_value(tool).unwrap()).collect();
        let module = ServerModule::new(&terraphim_types::ServerName::new("my-clock").unwrap(), &tools);
        let text = checked_declarations(&module, &tools);
        for part in [
            "export { my_clock as \"my-clock\" };",
            "declare module \"mcp-servers/my-clock\"",
            "declare module \"mcp-servers/my_clock\"",
            "as \"get_time\" };",
            "as \"get-time\" };",
            "as \"delete\" };",
            "export { server as \"my_clock\" };",
            "Promise<GetTimeResult>",
            "type GetTimeResult = any;",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("unknown"), "{text}");
        let text = unavailable_declarations(&module);
        assert!(text.contains("export const my_clock: any;"), "{text}");
        assert!(text.contains("declare module \"mcp-servers/my-clock\";"), "{text}");
    }
}
