//! Server and tool names as JavaScript identifiers, always the same way.
//!
//! The rule: a name that is an identifier stays as it is, with two exceptions: what could be taken for
//! something else is spelled out ([`spelled_out`]), and a word of the language gets an underscore. In any
//! other name each run of other characters becomes one underscore. Where names of one server fall together, those that are identifiers themselves
//! come first and the others follow in the order of their names, numbered from 2; so the identifiers
//! of a set of tools do not depend on the order in which a server lists them.
//!
//! What policy or the gateway calls a tool is decided elsewhere: the identifiers
//! made here are only how a program writes it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use terraphim_types::{ServerName, ToolDefinition};

use crate::lookalike::spelled_out;

/// Longest identifier that is made from a name, in characters.
const MAX_IDENTIFIER_CHARS: usize = 128;

/// Words that cannot be bound in a module, sorted.
const RESERVED: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Property names to which the language itself gives a meaning on an object or
/// a module (a `then` makes it a promise, `toJSON` is called by serialisation),
/// sorted. They never name a tool.
const SPECIAL: &[&str] = &[
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "default",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "prototype",
    "then",
    "toJSON",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// The tools of one server under the names by which a program calls them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerModule {
    /// The name under which the server is configured.
    pub server: ServerName,
    /// The name that a program imports.
    pub identifier: String,
    /// The server's tools, in the order of its list; a name that the server lists twice stands once.
    pub tools: Vec<ModuleTool>,
}

/// One tool and its names in a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleTool {
    /// The tool's own name.
    pub name: String,
    /// Property names that call it, never empty, unique within the server. The
    /// first can also be bound by a declaration; a later one may be a reserved
    /// word such as `delete`, which is right as a property only.
    pub identifiers: Vec<String>,
}

impl ServerModule {
    /// Names the tools of one server.
    pub fn new(server: &ServerName, tools: &[ToolDefinition]) -> Self {
        Self {
            server: server.clone(),
            identifier: identifier(server.as_str()),
            tools: module_tools(tools.iter().map(|tool| tool.name.as_str())),
        }
    }
}

/// Names the tools of several servers, whose identifiers differ from each other.
pub fn server_modules(servers: &[(&ServerName, &[ToolDefinition])]) -> Vec<ServerModule> {
    let names = servers.iter().map(|(server, _)| server.as_str());
    let unique = unique_identifiers(names);
    let mut modules: Vec<_> =
        servers.iter().map(|(server, tools)| ServerModule::new(server, tools)).collect();
    for module in &mut modules {
        if let Some(identifier) = unique.get(module.server.as_str()) {
            module.identifier.clone_from(identifier);
        }
    }
    modules
}

/// The JavaScript identifier that stands for a name: the name itself where it
/// is one that looks like no other, else with each run of other characters replaced by one underscore,
/// and with an underscore behind a reserved word or before a digit.
pub fn identifier(name: &str) -> String {
    let mut made = String::new();
    let mut replaced = false;
    let head = name
        .char_indices()
        .nth(MAX_IDENTIFIER_CHARS)
        .map_or(name, |(end, _)| name.get(..end).unwrap_or(name));
    for c in spelled_out(head).chars().take(MAX_IDENTIFIER_CHARS) {
        if c == '$' || unicode_ident::is_xid_continue(c) {
            if replaced && !made.is_empty() {
                made.push('_');
            }
            replaced = false;
            if made.is_empty() && !(c == '$' || c == '_' || unicode_ident::is_xid_start(c)) {
                made.push('_');
            }
            made.push(c);
        } else {
            replaced = true;
        }
    }
    if made.is_empty() || is_reserved(&made) {
        made.push('_');
    }
    made
}

/// The camelCase form of a snake_case or kebab-case name: `read_range` gives
/// `readRange`. A name without separators stays as it is.
pub fn camel_case(name: &str) -> String {
    let made = identifier(name);
    let head = made.len() - made.trim_start_matches('_').len();
    let mut camel: String = made.chars().take(head).collect();
    let mut raise = false;
    for c in made.chars().skip(head) {
        match c {
            '_' => raise = true,
            _ if raise => {
                camel.extend(c.to_uppercase());
                raise = false;
            }
            _ => camel.push(c),
        }
    }
    // Raising a character can leave the set of identifiers, and stripping can uncover a reserved word.
    identifier(&camel)
}

/// The PascalCase form of a name, as type names are written.
pub(crate) fn pascal_case(name: &str) -> String {
    let camel = camel_case(name);
    let mut chars = camel.trim_matches('_').chars();
    let raised: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    identifier(&raised)
}

/// Whether `name` can be written after a dot or as an unquoted key.
pub(crate) fn is_property_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '$' || c == '_' || unicode_ident::is_xid_start(c))
        && chars.all(|c| c == '$' || unicode_ident::is_xid_continue(c))
}

fn is_reserved(name: &str) -> bool {
    RESERVED.binary_search(&name).is_ok() || SPECIAL.binary_search(&name).is_ok()
}

/// One identifier for each distinct name. Names that already are identifiers
/// keep themselves; the others follow in the order of their names, so that the
/// order of a server's list does not matter.
pub(crate) fn unique_identifiers<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let mut order: Vec<_> = names.map(|name| (identifier(name) != name, name)).collect();
    order.sort_unstable();
    order.dedup();
    let mut taken = HashSet::new();
    let mut unique = BTreeMap::new();
    for (_, name) in order {
        let base = identifier(name);
        let made = free_name(&base, |candidate| !taken.contains(candidate));
        taken.insert(made.clone());
        unique.insert(name, made);
    }
    unique
}

/// `base` where it is free, else the first free one of `base_2`, `base_3`, ...
pub(crate) fn free_name(base: &str, is_free: impl Fn(&str) -> bool) -> String {
    if is_free(base) {
        return base.to_owned();
    }
    let numbered = (2_u64..).map(|n| format!("{base}_{n}"));
    numbered.into_iter().find(|candidate| is_free(candidate)).unwrap_or_else(|| base.to_owned())
}

fn module_tools<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<ModuleTool> {
    let primary = unique_identifiers(names.clone());
    let mut taken: HashSet<String> = primary.values().cloned().collect();
    let mut aliases: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    // Own names come before any camelCase form, so that no alias hides a tool.
    for name in primary.keys() {
        let is_plain = is_property_name(name) && spelled_out(name) == *name;
        if is_plain && SPECIAL.binary_search(name).is_err() && taken.insert((*name).to_owned()) {
            aliases.entry(name).or_default().push((*name).to_owned());
        }
    }
    let mut order: Vec<_> = primary.iter().map(|(name, made)| (name != made, *name)).collect();
    order.sort_unstable();
    for (_, name) in order {
        let camel = camel_case(name);
        if taken.insert(camel.clone()) {
            aliases.entry(name).or_default().push(camel);
        }
    }
    let mut seen = HashSet::new();
    names
        .filter(|name| seen.insert(*name))
        .filter_map(|name| {
            let mut identifiers = vec![primary.get(name)?.clone()];
            identifiers.extend(aliases.remove(name).unwrap_or_default());
            Some(ModuleTool { name: name.to_owned(), identifiers })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(RESERVED.is_sorted());
        assert!(SPECIAL.is_sorted());
    }

    #[test]
    fn names_become_identifiers() {
        for (name, made) in [
            ("search", "search"),
            ("read_range", "read_range"),
            ("list-collections", "list_collections"),
            ("OpenStreetMap (OSM) MCP Server", "OpenStreetMap_OSM_MCP_Server"),
            ("12306-mcp", "_12306_mcp"),
            ("delete", "delete_"),
            ("then", "then_"),
            ("__proto__", "__proto___"),
            ("", "_"),
            ("--", "_"),
            ("八字", "八字"),
            ("a.b/c", "a_b_c"),
            ("_private", "_private"),
            ("s\u{435}arch", "su0435arch"),
            ("a\u{fe0f}b", "a_b"),
        ] {
            assert_eq!(identifier(name), made, "{name}");
        }
        assert!(identifier(&"x".repeat(1 << 20)).len() <= 129);
    }

    #[test]
    fn camel_case_is_made_of_separators() {
        assert_eq!(camel_case("read_range"), "readRange");
        assert_eq!(camel_case("list-collections"), "listCollections");
        assert_eq!(camel_case("getTables"), "getTables");
        assert_eq!(camel_case("_x_y"), "_xY");
        assert_eq!(pascal_case("read_range"), "ReadRange");
        assert_eq!(pascal_case("12-x"), "_12X");
    }

    fn identifiers(names: &[&str]) -> Vec<Vec<String>> {
        module_tools(names.iter().copied()).into_iter().map(|tool| tool.identifiers).collect()
    }

    #[test]
    fn collisions_do_not_depend_on_order() {
        assert_eq!(
            identifiers(&["a-b", "a_b", "a.b", "aB"]),
            [vec!["a_b_2"], vec!["a_b"], vec!["a_b_3"], vec!["aB"]]
        );
        assert_eq!(
            identifiers(&["aB", "a.b", "a_b", "a-b"]),
            [vec!["aB"], vec!["a_b_3"], vec!["a_b"], vec!["a_b_2"]]
        );
    }

    #[test]
    fn reserved_words_stay_callable_by_their_own_name() {
        assert_eq!(
            identifiers(&["delete", "read_all"]),
            [vec!["delete_", "delete"], vec!["read_all", "readAll"]]
        );
        assert_eq!(identifiers(&["then", "toJSON"]), [vec!["then_"], vec!["toJSON_"]]);
    }
}
