//! What can be said of a program before it runs that may be meant so: advice,
//! never a refusal.

use std::collections::{BTreeMap, BTreeSet};

use oxc::{
    ast::ast::*,
    ast_visit::{Visit, walk},
    semantic::Scoping,
    span::Span,
};

use super::Import;
use crate::{json, positions};

/// Most pieces of advice, and most calls that are told of.
const MOST: usize = 50;

/// Longest name that is told of, in bytes.
const NAME_BYTES: usize = 200;

/// What a promise is asked for.
const OF_PROMISES: [&str; 3] = ["then", "catch", "finally"];

/// Names that other surroundings have.
const ABSENT: &[(&[&str], &str)] = &[
    (
        &["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "axios"],
        "there is no network: call a tool of a server, which searchTools('...') finds",
    ),
    (&["require", "module", "exports"], "modules are imported: import { name } from 'mcp-servers'"),
    (
        &["process", "Buffer", "Deno", "Bun", "fs", "path", "os", "__dirname", "__filename"],
        "there is no process and no file system: `workspace` from 'mcp-runtime' keeps data",
    ),
    (
        &["window", "document", "localStorage", "sessionStorage", "navigator", "alert"],
        "there is no browser: the result is what the program returns",
    ),
];

/// What to do instead of using a name that is not there, if it is one that other surroundings have.
pub(crate) fn instead_of(name: &str) -> Option<&'static str> {
    ABSENT.iter().find(|(names, _)| names.contains(&name)).map(|(_, instead)| *instead)
}

/// A call of a tool whose arguments stand in the program.
#[derive(Debug, PartialEq, Eq)]
pub struct LiteralCall {
    /// What the program imports as the server.
    pub server: String,
    /// What it calls.
    pub tool: String,
    /// The names of all arguments.
    pub names: Vec<String>,
    /// Where it stands, from 1.
    pub line: u32,
}

/// What is noticed about a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Advice with its line, from 1.
    pub advice: Vec<(u32, String)>,
    /// The same of names that only other surroundings have.
    pub absent: Vec<(u32, String)>,
    /// Calls for the host to look at.
    pub calls: Vec<LiteralCall>,
}

/// What the host is asked about an import, as JSON, with calls for it to look at.
pub(crate) fn request(import: &Import, calls: &[LiteralCall]) -> String {
    let mut text = String::from("{\"specifier\":");
    json::quote(&import.specifier, &mut text);
    if let Some(names) = &import.names {
        text.push_str(",\"names\":");
        quote_all(names.iter().map(|(name, _)| name.as_str()), &mut text);
    }
    for (index, call) in calls.iter().enumerate() {
        text.push_str(if index > 0 { ",{\"server\":" } else { ",\"calls\":[{\"server\":" });
        json::quote(&call.server, &mut text);
        text.push_str(",\"tool\":");
        json::quote(&call.tool, &mut text);
        text.push_str(&format!(",\"line\":{},\"names\":", call.line));
        quote_all(call.names.iter().map(String::as_str), &mut text);
        text.push('}');
    }
    text.push_str(if calls.is_empty() { "}" } else { "]}" });
    text
}

/// Names as a list in JSON.
pub(crate) fn quote_all<'n>(names: impl Iterator<Item = &'n str>, text: &mut String) {
    text.push('[');
    for (index, name) in names.enumerate() {
        if index > 0 {
            text.push(',');
        }
        json::quote(name, text);
    }
    text.push(']');
}

/// Looks at a program as it was written.
pub(super) fn of(program: &Program<'_>, scoping: &Scoping, source: &str) -> Notes {
    let unresolved = scoping.root_unresolved_references().keys().map(|name| name.as_str());
    let mut look = Look {
        source,
        absent: unresolved.filter(|name| instead_of(name).is_some()).map(str::to_owned).collect(),
        servers: BTreeMap::new(),
        functions: BTreeMap::new(),
        promises: BTreeMap::new(),
        awaited: BTreeSet::new(),
        notes: Notes::default(),
    };
    program.body.iter().for_each(|statement| look.import(statement));
    if look.absent.is_empty() && look.servers.is_empty() && look.functions.is_empty() {
        return look.notes;
    }
    look.visit_program(program);
    look.finish()
}

struct Look<'s> {
    source: &'s str,
    absent: BTreeSet<String>,
    /// Local names of servers, with what they are imported as.
    servers: BTreeMap<String, String>,
    /// Local names of tools, with their servers and what they are imported as.
    functions: BTreeMap<String, (String, String)>,
    /// Variables that are a call not waited for: the tool, and the first property that is asked of them.
    promises: BTreeMap<String, (String, Option<(Span, String)>)>,
    awaited: BTreeSet<String>,
    notes: Notes,
}

impl Look<'_> {
    fn import(&mut self, statement: &Statement<'_>) {
        let Statement::ImportDeclaration(import) = statement else { return };
        let Some(server) = import.source.value.strip_prefix("mcp-servers") else { return };
        let server = server.strip_prefix('/');
        for one in import.specifiers.iter().flatten() {
            let local = one.local().name.to_string();
            match (server, one) {
                (None, ImportDeclarationSpecifier::ImportSpecifier(one)) => {
                    self.servers.insert(local, one.imported.name().to_string());
                }
                (Some(server), ImportDeclarationSpecifier::ImportSpecifier(one)) => {
                    let tool = one.imported.name().to_string();
                    self.functions.insert(local, (server.to_owned(), tool));
                }
                (Some(server), _) => {
                    self.servers.insert(local, server.to_owned());
                }
                (None, _) => {}
            }
        }
    }

    fn say(&mut self, span: Span, text: String) {
        let line = positions::of_offset(self.source, span.start).line;
        if self.notes.advice.len() < MOST && !self.notes.advice.iter().any(|(at, _)| *at == line) {
            self.notes.advice.push((line, text));
        }
    }

    /// The server and the tool that a call calls.
    fn tool_of(&self, call: &CallExpression<'_>) -> Option<(String, String)> {
        match &call.callee {
            Expression::Identifier(name) => self.functions.get(name.name.as_str()).cloned(),
            Expression::StaticMemberExpression(member) => {
                let Expression::Identifier(server) = &member.object else { return None };
                let server = self.servers.get(server.name.as_str())?;
                Some((server.clone(), member.property.name.to_string()))
            }
            _ => None,
        }
    }

    /// The tool that an expression is a call of, which nothing waits for.
    fn promise(&self, expression: &Expression<'_>) -> Option<String> {
        let Expression::CallExpression(call) = expression.without_parentheses() else { return None };
        self.tool_of(call).map(|(server, tool)| format!("{server}.{tool}"))
    }

    fn asked(&mut self, object: &Expression<'_>, property: &str, span: Span) {
        if OF_PROMISES.contains(&property) {
            return;
        }
        if let Some(tool) = self.promise(object) {
            let text = format!(
                "`{property}` is asked of the call of `{tool}`, not of its value: write (await {tool}(...)).{property}"
            );
            self.say(span, text);
        } else if let Expression::Identifier(name) = object
            && let Some((_, first)) = self.promises.get_mut(name.name.as_str())
        {
            first.get_or_insert_with(|| (span, property.to_owned()));
        }
    }

    fn finish(mut self) -> Notes {
        for (name, (tool, asked)) in std::mem::take(&mut self.promises) {
            let Some((span, property)) = asked.filter(|_| !self.awaited.contains(&name)) else { continue };
            let text = format!(
                "`{name}` is the call of `{tool}`, which nothing awaits, so it has no `{property}`: \
                 write const {name} = await {tool}(...)"
            );
            self.say(span, text);
        }
        self.notes.advice.sort();
        self.notes
    }

    fn literal(&mut self, call: &CallExpression<'_>) {
        let Some((server, tool)) = self.tool_of(call) else { return };
        let names = match call.arguments.as_slice() {
            [] => Some(Vec::new()),
            [Argument::ObjectExpression(object)] => {
                let name = |property: &ObjectPropertyKind<'_>| match property {
                    ObjectPropertyKind::ObjectProperty(one) if !one.computed => {
                        one.key.static_name().map(|name| name.to_string())
                    }
                    _ => None,
                };
                object.properties.iter().map(name).collect()
            }
            _ => None,
        };
        let Some(names) = names else { return };
        let fits = |name: &str| name.len() <= NAME_BYTES;
        let fit = fits(&server) && fits(&tool) && names.len() <= MOST && names.iter().all(|name| fits(name));
        if fit && self.notes.calls.len() < MOST {
            let line = positions::of_offset(self.source, call.span.start).line;
            self.notes.calls.push(LiteralCall { server, tool, names, line });
        }
    }
}

impl<'a> Visit<'a> for Look<'_> {
    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        if let Some(instead) =
            instead_of(name.name.as_str()).filter(|_| self.absent.remove(name.name.as_str()))
        {
            let line = positions::of_offset(self.source, name.span.start).line;
            self.notes.absent.push((line, format!("`{}` is not there: {instead}", name.name)));
        }
    }

    fn visit_unary_expression(&mut self, unary: &UnaryExpression<'a>) {
        // Whoever asks whether it is there knows that it may not be.
        if !unary.operator.is_typeof() {
            walk::walk_unary_expression(self, unary);
        } else if let Expression::Identifier(name) = &unary.argument {
            self.absent.remove(name.name.as_str());
        }
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.literal(call);
        walk::walk_call_expression(self, call);
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        self.asked(&member.object, member.property.name.as_str(), member.span);
        walk::walk_static_member_expression(self, member);
    }

    fn visit_variable_declarator(&mut self, variable: &VariableDeclarator<'a>) {
        if let Some(name) = variable.id.get_identifier_name()
            && let Some(tool) = variable.init.as_ref().and_then(|init| self.promise(init))
        {
            self.promises.insert(name.to_string(), (tool, None));
        }
        walk::walk_variable_declarator(self, variable);
    }

    fn visit_await_expression(&mut self, awaited: &AwaitExpression<'a>) {
        if let Expression::Identifier(name) = &awaited.argument {
            self.awaited.insert(name.name.to_string());
        }
        walk::walk_await_expression(self, awaited);
    }

    fn visit_for_of_statement(&mut self, each: &ForOfStatement<'a>) {
        if let Some(tool) = self.promise(&each.right).filter(|_| !each.r#await) {
            let text = format!("the call of `{tool}` is not its value: write for (... of await {tool}(...))");
            self.say(each.span, text);
        }
        walk::walk_for_of_statement(self, each);
    }
}

#[cfg(test)]
mod tests {
    use terraphim_sandbox_protocol::Syntax;

    use super::*;

    fn notes(source: &str) -> Notes {
        crate::compile::compile(source, Syntax::TypeScript).map_err(|failure| failure.message).unwrap().notes
    }

    const SERVERS: &str =
        "import { files, mail as m } from 'mcp-servers'; import { list } from 'mcp-servers/files';\n";

    #[test]
    fn what_is_probably_not_meant_is_said_with_its_line() {
        for (program, expected) in [
            ("const r = await fetch('x')", "`fetch` is not there: there is no network"),
            ("const fs = require('fs')", "`require` is not there: modules are imported"),
            ("return document.title", "`document` is not there: there is no browser"),
            ("return files.read({ path: 'a' }).length", "`length` is asked of the call of `files.read`"),
            ("return (list()).length", "`length` is asked of the call of `files.list`"),
            (
                "const d = m.all(); return d.map(x => x)",
                "`d` is the call of `mail.all`, which nothing awaits",
            ),
            ("for (const x of m.all()) console.log(x)", "write for (... of await mail.all(...))"),
        ] {
            let notes = notes(&format!("{SERVERS}{program}"));
            let said = [notes.advice, notes.absent].concat();
            let [(2, text)] = said.as_slice() else { panic!("{program}: {said:?}") };
            assert!(text.contains(expected), "{program}: {text}");
        }
    }

    #[test]
    fn what_may_well_be_meant_is_not() {
        for program in [
            "if (typeof fetch === 'function') await fetch('x')",
            "const fetch = (x: string) => x; return fetch('x')",
            "const d = files.read({}); return (await d).length",
            "const all = [files.read({}), list()]; return (await Promise.all(all)).length",
            "return files.read({}).then(x => x.length)",
            "const d = files.read({}); return d.catch(() => 0)",
            "return (await files.read({})).length",
            "for await (const x of m.all()) console.log(x)",
            "return { process: 1, path: 2 }.process",
            "return notImported.read({}).length",
        ] {
            let notes = notes(&format!("{SERVERS}{program}"));
            assert_eq!((notes.advice, notes.absent), (Vec::new(), Vec::new()), "{program}");
        }
    }

    #[test]
    fn calls_are_told_whose_arguments_all_stand_there() {
        let program = "
await files.read({ path: 'a', 'the limit': 1 });
await m.send();
await list({ ...given });
await files.read({ [name]: 1 });
await files.read(given);";
        let told = notes(&format!("{SERVERS}{program}")).calls;
        let call = |server: &str, tool: &str, names: &[&str], line| LiteralCall {
            server: server.into(),
            tool: tool.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            line,
        };
        assert_eq!(told, [call("files", "read", &["path", "the limit"], 3), call("mail", "send", &[], 4)]);
    }

    #[test]
    fn a_program_of_many_calls_is_told_of_in_part() {
        let program = "await files.read({ a: 1 }); files.x().y;\n".repeat(500);
        let notes = notes(&format!("{SERVERS}{program}"));
        assert_eq!((notes.advice.len(), notes.calls.len()), (MOST, MOST));
    }
}
