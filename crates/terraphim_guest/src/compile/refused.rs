//! What is TypeScript but has no meaning here. Each construct is refused by its
//! name, with what to write instead, before anything turns it into something else.

use oxc::{
    ast::ast::*,
    ast_visit::{Visit, walk},
    semantic::Scoping,
    span::{GetSpan, Span},
};

/// Names that the compiled program uses for itself begin with this.
const RESERVED: &str = "__terraphim_";

/// A construct that is refused.
pub(super) struct Refusal {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) hint: String,
}

fn refusal(span: Span, message: impl Into<String>, hint: impl Into<String>) -> Option<Refusal> {
    Some(Refusal { span, message: message.into(), hint: hint.into() })
}

/// Refuses what can be seen in the text alone.
pub(super) fn by_syntax(program: &Program<'_>, source: &str) -> Option<Refusal> {
    let by_statement = program.body.iter().find_map(statement);
    by_statement.or_else(|| second_default(program)).or_else(|| {
        if !source.contains('@') && !source.contains("accessor") {
            return None;
        }
        let mut members = Members { found: None };
        members.visit_program(program);
        members.found
    })
}

/// Refuses what depends on which names there are.
pub(super) fn by_names(program: &Program<'_>, scoping: &Scoping) -> Option<Refusal> {
    let named = program.body.iter().filter_map(|statement| match statement {
        Statement::ExportNamedDeclaration(export) if !export.export_kind.is_type() => Some(export),
        _ => None,
    });
    let values = named.flat_map(|export| &export.specifiers).filter(|one| !one.export_kind.is_type());
    let mut locals = values.filter_map(|one| match &one.local {
        ModuleExportName::IdentifierReference(local) => Some(local),
        _ => None,
    });
    if let Some(local) = locals.find(|local| scoping.get_root_binding(local.name).is_none()) {
        let message = format!("`{}` is exported but not declared in this program", local.name);
        return refusal(local.span, message, "declare it, or leave it out");
    }
    if !scoping.root_unresolved_references().keys().any(|name| name.starts_with(RESERVED)) {
        return None;
    }
    let mut reserved = Reserved { found: None };
    reserved.visit_program(program);
    reserved.found
}

fn statement(statement: &Statement<'_>) -> Option<Refusal> {
    match statement {
        Statement::TSExportAssignment(export) => refusal(
            export.span,
            "`export =` does not exist here",
            "write `export default`, or return the value",
        ),
        Statement::TSNamespaceExportDeclaration(export) => {
            refusal(export.span, "`export as namespace` does not exist here", "leave it out")
        }
        Statement::TSImportEqualsDeclaration(import) => require(import),
        Statement::ExportDeclaration(export) => match &export.declaration {
            Declaration::TSImportEqualsDeclaration(import) => require(import),
            _ => None,
        },
        Statement::ImportDeclaration(import) => {
            let phase = match import.phase? {
                ImportPhase::Source => "source",
                ImportPhase::Defer => "defer",
            };
            refusal(import.span, format!("`import {phase}` does not exist here"), "write a plain import")
        }
        _ => None,
    }
}

/// `import x = require('y')`; `import x = a.b` only names something.
fn require(import: &TSImportEqualsDeclaration<'_>) -> Option<Refusal> {
    let external = matches!(import.module_reference, TSModuleReference::ExternalModuleReference(_));
    if !external || import.import_kind.is_type() {
        return None;
    }
    refusal(
        import.span,
        "`import x = require(...)` does not exist here",
        "write import { server } from 'mcp-servers'; there are no other packages",
    )
}

/// A second default export that is a value.
fn second_default(program: &Program<'_>) -> Option<Refusal> {
    let mut defaults = program.body.iter().flat_map(|statement| match statement {
        Statement::ExportDefaultDeclaration(export) => {
            let is_value = match &export.declaration {
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => false,
                // Without a body it is one of several signatures.
                ExportDefaultDeclarationKind::FunctionDeclaration(function) => function.body.is_some(),
                _ => true,
            };
            is_value.then_some(export.span).into_iter().collect()
        }
        Statement::ExportNamedDeclaration(export) if !export.export_kind.is_type() => {
            let named = export.specifiers.iter().filter(|one| one.exported.name() == "default");
            named.map(|one| one.span).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    });
    let second = defaults.nth(1)?;
    refusal(
        second,
        "there is more than one default export",
        "keep one; for several values, export one object that holds them",
    )
}

/// The first use of a reserved name.
struct Reserved {
    found: Option<Refusal>,
}

impl<'a> Visit<'a> for Reserved {
    fn visit_identifier_reference(&mut self, reference: &IdentifierReference<'a>) {
        if self.found.is_none() && reference.name.starts_with(RESERVED) {
            let message = format!("names that begin with `{RESERVED}` are reserved");
            self.found = refusal(reference.span, message, "choose another name");
        }
    }
}

/// What only a visit of every class finds.
struct Members {
    found: Option<Refusal>,
}

impl<'a> Visit<'a> for Members {
    fn visit_decorator(&mut self, decorator: &Decorator<'a>) {
        let found = refusal(
            decorator.span(),
            "decorators do not exist here",
            "call the function yourself, as in `const f = log(function f() { ... })`",
        );
        self.found = self.found.take().or(found);
    }

    fn visit_accessor_property(&mut self, property: &AccessorProperty<'a>) {
        let found = refusal(
            property.span(),
            "`accessor` fields do not exist here",
            "write a plain field, or `get` and `set`",
        );
        self.found = self.found.take().or(found);
        walk::walk_accessor_property(self, property);
    }
}
