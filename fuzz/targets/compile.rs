//! The guest's compiler on any text.
//!
//! A panic of the parser is the program's failure and is caught, as it is in
//! the guest; one in the guest's own code is a finding. The generated code has
//! to be one function, which the program cannot leave.

#![no_main]

use std::{panic, process, thread};

use libfuzzer_sys::{Corpus, fuzz_target};
use oxc::{
    allocator::Allocator,
    ast::ast::{Expression, Statement},
    parser::Parser,
    semantic::SemanticBuilder,
    span::SourceType,
};
use terraphim_fuzz::lines;
use terraphim_guest::compile::{Compiled, FILE, compile};
use terraphim_sandbox_protocol::{Failure, Syntax};

/// Room for every nesting that an input is long enough for, in bytes.
const STACK: usize = 512 << 20;

fuzz_target!(init: catch_what_is_not_ours(), |data: &[u8]| -> Corpus {
    let Some((first, text)) = data.split_first() else { return Corpus::Reject };
    let Ok(source) = std::str::from_utf8(text) else { return Corpus::Reject };
    let syntax = if first % 2 == 0 { Syntax::TypeScript } else { Syntax::JavaScript };
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(STACK);
        // It ends with a panic only where that was let pass.
        let _ = worker.spawn_scoped(scope, || check(source, syntax)).expect("a thread can be made").join();
    });
    Corpus::Keep
});

/// Ends the process on a panic in our own code, and on a failed assertion here.
fn catch_what_is_not_ours() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let file = info.location().map(panic::Location::file).unwrap_or_default();
        if !file.contains("/registry/") && !file.contains("/rustc/") {
            report(info);
            process::abort();
        }
    }));
}

fn check(source: &str, syntax: Syntax) {
    match (compile(source, syntax), compile(source, syntax)) {
        (Ok(compiled), Ok(again)) => {
            assert_eq!(compiled.code, again.code);
            assert_eq!(compiled.imports, again.imports);
            check_compiled(source, &compiled);
        }
        (Err(failure), Err(again)) => {
            assert_eq!(failure, again);
            check_failure(source, &failure);
        }
        _ => panic!("the same text was taken once and refused once"),
    }
}

fn check_failure(source: &str, failure: &Failure) {
    assert!(!failure.message.is_empty());
    assert!(failure.message.len() + failure.hint.len() <= 4 * source.len() + 4096, "{failure:?}");
    check_place(source, failure.line, failure.column);
}

fn check_place(source: &str, line: u32, column: u32) {
    let lines = lines(source);
    let text = lines.get(line as usize - 1).unwrap_or_else(|| panic!("{line}:{column} in {source:?}"));
    assert!(
        column >= 1 && column as usize <= text.encode_utf16().count() + 1,
        "{line}:{column} in {source:?}"
    );
}

fn check_compiled(source: &str, compiled: &Compiled) {
    let code = compiled.code.as_str();
    check_code(code, SourceType::cjs());
    // A module is strict throughout; of a function the parser does not ask as much.
    check_code(code, SourceType::mjs());
    for import in &compiled.imports {
        let names = import.names.iter().flatten().map(|(_, offset)| *offset);
        for offset in names.chain([import.offset]) {
            assert!(source.is_char_boundary(offset as usize), "{offset} in {source:?}");
        }
    }
    let longest = code.split('\n').map(str::len).max().unwrap_or_default();
    for (number, line) in code.split('\n').enumerate() {
        for column in [1, line.len() / 2 + 1, longest + 1] {
            let (line, column) = (number as u32 + 1, column as u32);
            if let Some(place) = compiled.positions.find(line, column) {
                check_place(source, place.line, place.column);
            }
        }
    }
    let stack = (1..40).map(|line| format!("    at f{line} ({FILE}:{line}:{line})\n")).collect::<String>();
    let (_, told) = compiled.positions.stack(source, &stack, FILE);
    assert!(told.lines().count() <= 20);
}

/// Asserts that generated code is one async function and nothing else.
fn check_code(code: &str, kind: SourceType) {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, kind).parse();
    let complaint = parsed.diagnostics.iter().next();
    assert!(complaint.is_none(), "{complaint:?} in {code:?}");
    let analysed = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    let complaint = analysed.diagnostics.iter().next();
    assert!(complaint.is_none(), "{complaint:?} in {code:?}");
    assert!(parsed.program.directives.is_empty(), "{code:?}");
    let [Statement::ExpressionStatement(only)] = parsed.program.body.as_slice() else {
        panic!("not one expression: {code:?}");
    };
    let function = only.expression.without_parentheses();
    let Expression::ArrowFunctionExpression(function) = function else { panic!("not a function: {code:?}") };
    assert!(function.r#async, "{code:?}");
}
