//! What stands around a program's printed statements.

use std::collections::{BTreeMap, BTreeSet};

use oxc::ast::ast::{Program, Statement};

use super::{DEFAULT, END, IMPORT, Import, LAST, MODULES, SHARE};

/// What of a program stands outside its printed statements.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) imports: Vec<Import>,
    /// Which import asks for a module, by its specifier and whether as a whole, with its names:
    /// many imports of one module ask for it once.
    pub(super) asked: BTreeMap<(String, bool), (usize, BTreeSet<String>)>,
    /// One `const` per import.
    pub(super) bindings: String,
    /// A declaration that is the default export.
    pub(super) default_name: Option<String>,
    /// The text that is the whole program.
    pub(super) only_text: Option<String>,
    /// The function to call if the program does nothing but declare.
    pub(super) only_function: Option<String>,
    /// What the imports declare.
    pub(super) imported: Vec<String>,
    /// Gives what is declared to the programs that follow.
    shared: String,
}

impl Outline {
    /// Notes a getter and a setter of everything that the program declares
    /// outside its functions.
    pub(super) fn share(&mut self, program: &Program<'_>) {
        let mut names = std::mem::take(&mut self.imported);
        for statement in &program.body {
            match statement {
                Statement::VariableDeclaration(variables) => {
                    let patterns = variables.declarations.iter().map(|one| &one.id);
                    names.extend(
                        patterns
                            .flat_map(|pattern| pattern.get_binding_identifiers())
                            .map(|id| id.name.to_string()),
                    );
                }
                Statement::FunctionDeclaration(function) => {
                    names.extend(function.id.iter().map(|id| id.name.to_string()));
                }
                Statement::ClassDeclaration(class) => {
                    names.extend(class.id.iter().map(|id| id.name.to_string()));
                }
                _ => {}
            }
        }
        if names.is_empty() {
            return;
        }
        self.shared = format!("{SHARE}({{");
        for name in names {
            self.shared.push_str(&format!("[\"{name}\"]:[()=>{name},(v)=>{{{name}=v}}],"));
        }
        self.shared.push_str("});");
    }

    /// The async function around the printed program, on lines of its own.
    pub(super) fn wrap(&self, printed: &str) -> String {
        // An arrow function has no `arguments` through which the program could reach these.
        let mut code =
            format!("(async({MODULES},{IMPORT},{DEFAULT},{LAST},{END},{SHARE})=>{{\"use strict\";");
        code.push_str(&self.shared);
        code.push_str(&self.bindings);
        code.push('\n');
        code.push_str(printed);
        code.push('\n');
        if let Some(name) = &self.default_name {
            code.push_str(&format!("{DEFAULT}({name});"));
        }
        if let Some(text) = &self.only_text {
            code.push_str(&format!("{LAST}({});", quoted(text)));
        }
        match &self.only_function {
            Some(name) => code.push_str(&format!("return {END}(()=>{name}());")),
            None => code.push_str(&format!("return {END}();")),
        }
        code.push_str("})");
        code
    }
}

/// A text as a literal of the language.
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            // An escape of Rust's own, `\0`, would be octal before a digit.
            '\u{2028}' | '\u{2029}' => literal.extend(c.escape_unicode()),
            c if c.is_control() => literal.extend(c.escape_unicode()),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}
