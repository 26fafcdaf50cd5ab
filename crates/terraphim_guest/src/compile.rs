//! From an agent's program to one async function: types removed, imports
//! turned into bindings, exports and the last expression handed to the
//! runtime, and every generated position mapped back.

use std::{collections::BTreeSet, path::Path};

use oxc::{
    allocator::{Allocator, ArenaVec, TakeIn},
    ast::{ast::*, builder::AstBuilder},
    ast_visit::{VisitMut, walk_mut},
    codegen::{Codegen, CodegenOptions},
    diagnostics::OxcDiagnostic,
    parser::{ParseOptions, Parser},
    semantic::SemanticBuilder,
    span::{GetSpan, SourceType, Span},
    transformer::{TransformOptions, Transformer},
};
use terraphim_sandbox_protocol::{Failure, FailureKind, Syntax};

use crate::positions::{self, Mapping, Positions};

pub(crate) mod advice;
mod outline;
mod refused;

use self::outline::{Outline, quoted};

/// The name under which the interpreter knows the program.
pub const FILE: &str = "<program>";

const MODULES: &str = "__terraphim_modules";
const IMPORT: &str = "__terraphim_import";
const DEFAULT: &str = "__terraphim_default";
const LAST: &str = "__terraphim_last";
const END: &str = "__terraphim_end";
const SHARE: &str = "__terraphim_share";

/// What a module import asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module's name as it stands in the program.
    pub specifier: String,
    /// The imported names with their offsets; `None` for the whole module.
    pub names: Option<Vec<(String, u32)>>,
    /// Where it stands, as a byte offset.
    pub offset: u32,
}

/// A program that can be evaluated.
pub struct Compiled {
    /// One expression: the async function.
    pub code: String,
    /// What it imports, in the order of the bindings.
    pub imports: Vec<Import>,
    /// From its lines to the program's.
    pub positions: Positions,
    /// What can be said of it.
    pub notes: advice::Notes,
}

/// Compiles a program, or says what is wrong with it.
pub fn compile(source: &str, syntax: Syntax) -> Result<Compiled, Failure> {
    compile_shared(source, syntax, false)
}

/// The same; with `shares`, what the program declares outside its functions is
/// there for the programs that follow it in this interpreter.
pub fn compile_shared(source: &str, syntax: Syntax, shares: bool) -> Result<Compiled, Failure> {
    if source.trim().is_empty() {
        return Err(syntax_error(source, 0, "the program is empty", "write at least one statement"));
    }
    let allocator = Allocator::default();
    let source_type = match syntax {
        Syntax::TypeScript | Syntax::Node => SourceType::ts().with_module(true),
        Syntax::JavaScript => SourceType::mjs(),
        Syntax::Python | Syntax::Bash | Syntax::Rust | Syntax::RustBuild => {
            return Err(syntax_error(source, 0, "this process runs TypeScript and JavaScript only", ""));
        }
    };
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, source, source_type).with_options(options).parse();
    if let Some(first) = parsed.diagnostics.iter().next() {
        return Err(diagnosed(source, first));
    }
    let mut program = parsed.program;
    program.hashbang = None;
    if let Some(refusal) = refused::by_syntax(&program, source) {
        return Err(refused_at(source, &refusal));
    }
    let notes = strip_types(&allocator, &mut program, source, shares)?;
    let mut shape = Shape { source, allocator: &allocator, program: Outline::default() };
    shape.rewrite(&mut program)?;
    let mut outline = shape.program;
    if shares {
        outline.share(&program);
    }
    let printed = Codegen::new()
        .with_options(CodegenOptions { source_map_path: Some(FILE.into()), ..CodegenOptions::default() })
        .build(&program);
    if printed.code.contains('\0') {
        // It ends the text for the interpreter. In strings it was written as an escape.
        let offset = u32::try_from(source.find('\0').unwrap_or_default()).unwrap_or(u32::MAX);
        let hint = "leave it out, or write \\0 where it is meant";
        return Err(syntax_error(source, offset, "the program contains a NUL character", hint));
    }
    let tokens = printed.map.iter().flat_map(|map| map.get_tokens());
    // The wrapper's first line stands before the printed program.
    let mappings = tokens.map(|token| Mapping {
        line: token.get_dst_line() + 1,
        column: token.get_dst_col(),
        source_line: token.get_src_line(),
        source_column: token.get_src_col(),
    });
    let positions = Positions::new(mappings.collect());
    Ok(Compiled { code: outline.wrap(&printed.code), imports: outline.imports, positions, notes })
}

fn strip_types<'a>(
    allocator: &'a Allocator,
    program: &mut Program<'a>,
    source: &str,
    keeps_imports: bool,
) -> Result<advice::Notes, Failure> {
    let analysed = SemanticBuilder::new().with_check_syntax_error(true).with_enum_eval(true).build(program);
    if let Some(first) = analysed.diagnostics.iter().next() {
        return Err(diagnosed(source, first));
    }
    if let Some(refusal) = refused::by_names(program, analysed.semantic.scoping()) {
        return Err(refused_at(source, &refusal));
    }
    let notes = advice::of(program, analysed.semantic.scoping(), source);
    let scoping = analysed.semantic.into_scoping();
    let mut options = TransformOptions::default();
    // What this program does not use, one that follows may.
    options.typescript.only_remove_type_imports = keeps_imports;
    let transformed =
        Transformer::new(allocator, Path::new(FILE), &options).build_with_scoping(scoping, program);
    match transformed.diagnostics.iter().next() {
        Some(first) => Err(diagnosed(source, first)),
        None => Ok(notes),
    }
}

fn diagnosed(source: &str, diagnostic: &OxcDiagnostic) -> Failure {
    let offset = diagnostic.labels.iter().next().map_or(0, |label| label.offset());
    // What is missing at the end is shown behind the last line that has text.
    let offset = offset.min(u32::try_from(source.trim_end().len()).unwrap_or(u32::MAX));
    let hint = diagnostic.help.as_deref().unwrap_or_default();
    if diagnostic.message.starts_with("Namespaces exporting non-const") {
        let message = "a namespace cannot export a variable that changes";
        return syntax_error(source, offset, message, "write `export const`, or use an object");
    }
    // Some messages quote a character of the program.
    let mut message = String::with_capacity(diagnostic.message.len());
    for c in diagnostic.message.chars() {
        if c.is_control() && c != '\n' { message.extend(c.escape_unicode()) } else { message.push(c) }
    }
    syntax_error(source, offset, &message, hint)
}

fn refused_at(source: &str, refusal: &refused::Refusal) -> Failure {
    syntax_error(source, refusal.span.start, &refusal.message, &refusal.hint)
}

pub(crate) fn syntax_error(source: &str, offset: u32, message: &str, hint: &str) -> Failure {
    let position = positions::of_offset(source, offset);
    Failure {
        kind: FailureKind::Syntax,
        message: message.to_owned(),
        hint: hint.to_owned(),
        line: position.line,
        column: position.column,
        stack: String::new(),
    }
}

struct Shape<'s, 'a> {
    source: &'s str,
    allocator: &'a Allocator,
    program: Outline,
}

impl<'a> Shape<'_, 'a> {
    fn error(&self, span: Span, message: &str, hint: &str) -> Failure {
        syntax_error(self.source, span.start, message, hint)
    }

    fn rewrite(&mut self, program: &mut Program<'a>) -> Result<(), Failure> {
        if self.source.contains("import") {
            let mut dynamic = DynamicImports { allocator: self.allocator, meta: None };
            dynamic.visit_program(program);
            if let Some(span) = dynamic.meta {
                return Err(self.error(span, "`import.meta` does not exist here", "leave it out"));
            }
        }
        if let ([], Some(only)) = (program.body.as_slice(), program.directives.last()) {
            self.program.only_text = Some(only.expression.value.to_string());
        }
        // The program is strict by its wrapper, and a directive is printed as it was written.
        program.directives.clear();
        let statements = program.body.take_in(&AstBuilder::new(self.allocator));
        let last =
            statements.iter().rposition(|statement| matches!(statement, Statement::ExpressionStatement(_)));
        self.find_only_function(&statements, last.is_some());
        for (index, statement) in statements.into_iter().enumerate() {
            if let Some(statement) = self.statement(statement, last == Some(index))? {
                program.body.push(statement);
            }
        }
        Ok(())
    }

    fn statement(
        &mut self,
        statement: Statement<'a>,
        is_last: bool,
    ) -> Result<Option<Statement<'a>>, Failure> {
        match statement {
            Statement::ImportDeclaration(import) => self.import(&import).map(|()| None),
            Statement::ExportDeclaration(export) => Ok(Some(Statement::from(export.unbox().declaration))),
            Statement::ExportNamedDeclaration(export) => {
                let default = export.specifiers.iter().find(|one| one.exported.name() == "default");
                if let Some(default) = default {
                    self.program.default_name = Some(default.local.name().to_string());
                }
                Ok(None)
            }
            Statement::ExportFromDeclaration(export) => Err(self.re_export(export.span)),
            Statement::ExportAllDeclaration(export) => Err(self.re_export(export.span)),
            Statement::ExportDefaultDeclaration(export) => {
                let export = export.unbox();
                self.export_default(export.span, export.declaration)
            }
            Statement::ExpressionStatement(statement) if is_last => {
                let statement = statement.unbox();
                Ok(Some(self.hand_over(LAST, statement.span, statement.expression)))
            }
            other => Ok(Some(other)),
        }
    }

    fn re_export(&self, span: Span) -> Failure {
        self.error(span, "a program cannot export from another module", "import it and return what you need")
    }

    /// `function_name(expression);`
    fn hand_over(&self, function: &'static str, span: Span, expression: Expression<'a>) -> Statement<'a> {
        let builder = AstBuilder::new(self.allocator);
        let mut arguments = ArenaVec::new_in(&builder);
        arguments.push(Argument::from(expression));
        let callee = Expression::new_identifier(span, function, &builder);
        let call = Expression::new_call_expression(span, callee, None, arguments, false, &builder);
        Statement::new_expression_statement(span, call, &builder)
    }

    fn export_default(
        &mut self,
        span: Span,
        declaration: ExportDefaultDeclarationKind<'a>,
    ) -> Result<Option<Statement<'a>>, Failure> {
        let statement = match declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => match &function.id {
                Some(id) => {
                    self.program.default_name = Some(id.name.to_string());
                    Statement::FunctionDeclaration(function)
                }
                None => {
                    let mut function = function;
                    function.r#type = FunctionType::FunctionExpression;
                    self.hand_over(DEFAULT, span, Expression::FunctionExpression(function))
                }
            },
            ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                return Err(self.error(class.span, "a class cannot be a result", "return a value"));
            }
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return Ok(None),
            other => match other.try_into() {
                Ok(expression) => self.hand_over(DEFAULT, span, expression),
                Err(()) => return Err(self.error(span, "this cannot be exported", "export a value")),
            },
        };
        Ok(Some(statement))
    }

    fn import(&mut self, import: &ImportDeclaration<'a>) -> Result<(), Failure> {
        if import.import_kind.is_type() {
            return Ok(());
        }
        let specifiers = || import.specifiers.iter().flatten();
        let is_type = |one: &ImportDeclarationSpecifier<'_>| match one {
            ImportDeclarationSpecifier::ImportSpecifier(one) => one.import_kind.is_type(),
            _ => false,
        };
        let declared = specifiers().filter(|one| !is_type(one)).map(|one| one.local().name.to_string());
        self.program.imported.extend(declared);
        let is_whole = |one: &ImportDeclarationSpecifier<'_>| {
            matches!(one, ImportDeclarationSpecifier::ImportNamespaceSpecifier(_))
        };
        let whole = specifiers().any(is_whole);
        let index = self.asked_for(import, whole);
        let mut pattern = Vec::new();
        for specifier in specifiers() {
            match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) if one.import_kind.is_type() => {}
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    let name = one.imported.name();
                    pattern.push(format!("{}:{}", quoted(name.as_str()), one.local.name));
                    self.ask_for(import, whole, name.as_str(), one.span);
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one)
                    if !matches!(import.source.value.as_str(), "mcp-servers" | "mcp-runtime") =>
                {
                    pattern.push(format!("default:{}", one.local.name));
                    self.ask_for(import, whole, "default", one.span);
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    return Err(self.error(
                        one.span,
                        "these modules have no default export",
                        &format!("write import {{ {} }} from '{}'", one.local.name, import.source.value),
                    ));
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                    self.program.bindings.push_str(&format!("const {}={MODULES}[{index}];", one.local.name));
                }
            }
        }
        if !pattern.is_empty() {
            let pattern = pattern.join(",");
            self.program.bindings.push_str(&format!("const {{{pattern}}}={MODULES}[{index}];"));
        }
        Ok(())
    }

    /// The index of the import that asks for a module, by its names or as a whole.
    fn asked_for(&mut self, import: &ImportDeclaration<'a>, whole: bool) -> usize {
        let specifier = import.source.value.to_string();
        let imports = &mut self.program.imports;
        let entry = self.program.asked.entry((specifier.clone(), whole)).or_insert_with(|| {
            let names = (!whole).then(Vec::new);
            imports.push(Import { specifier, names, offset: import.span.start });
            (imports.len() - 1, BTreeSet::new())
        });
        entry.0
    }

    fn ask_for(&mut self, import: &ImportDeclaration<'a>, whole: bool, name: &str, span: Span) {
        let key = (import.source.value.to_string(), whole);
        let Some((index, known)) = self.program.asked.get_mut(&key) else { return };
        if known.insert(name.to_owned())
            && let Some(names) = self.program.imports.get_mut(*index).and_then(|one| one.names.as_mut())
        {
            names.push((name.to_owned(), span.start));
        }
    }

    /// `main`, or the one function without parameters, of a program that has
    /// no other way to give a result.
    fn find_only_function(&mut self, statements: &[Statement<'a>], has_expression: bool) {
        let has_result = has_expression
            || statements.iter().any(|statement| {
                matches!(statement, Statement::ExportDefaultDeclaration(_) | Statement::ReturnStatement(_))
            });
        if has_result {
            return;
        }
        let functions: Vec<_> = statements.iter().flat_map(declared_functions).collect();
        let main = functions.iter().find(|(name, _)| name == "main");
        let mut without_parameters = functions.iter().filter(|(_, parameters)| *parameters == 0);
        let only = match (without_parameters.next(), without_parameters.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        self.program.only_function = main.or(only).map(|(name, _)| name.clone());
    }
}

/// The functions that a top-level statement declares, with their number of parameters.
fn declared_functions(statement: &Statement<'_>) -> Vec<(String, usize)> {
    let declaration = match statement {
        Statement::ExportDeclaration(export) => Some(&export.declaration),
        other => other.as_declaration(),
    };
    match declaration {
        Some(Declaration::FunctionDeclaration(function)) => {
            let name = function.id.as_ref().map(|id| id.name.to_string());
            name.map(|name| (name, function.params.items.len())).into_iter().collect()
        }
        Some(Declaration::VariableDeclaration(variables)) => {
            let named = variables.declarations.iter().filter_map(|variable| {
                let parameters = match variable.init.as_ref()? {
                    Expression::ArrowFunctionExpression(arrow) => arrow.params.items.len(),
                    Expression::FunctionExpression(function) => function.params.items.len(),
                    _ => return None,
                };
                Some((variable.id.get_identifier_name()?.to_string(), parameters))
            });
            named.collect()
        }
        _ => Vec::new(),
    }
}

/// Turns `import(x)` into a call of the runtime's own function.
struct DynamicImports<'a> {
    allocator: &'a Allocator,
    meta: Option<Span>,
}

impl<'a> VisitMut<'a> for DynamicImports<'a> {
    fn visit_expression(&mut self, expression: &mut Expression<'a>) {
        walk_mut::walk_expression(self, expression);
        match expression {
            Expression::ImportExpression(import) => {
                let span = import.span();
                let builder = AstBuilder::new(self.allocator);
                let mut arguments = ArenaVec::new_in(&builder);
                arguments.push(Argument::from(import.source.take_in(&builder)));
                let callee = Expression::new_identifier(span, IMPORT, &builder);
                *expression = Expression::new_call_expression(span, callee, None, arguments, false, &builder);
            }
            Expression::ImportMeta(meta) => self.meta = Some(meta.span()),
            _ => {}
        }
    }
}
