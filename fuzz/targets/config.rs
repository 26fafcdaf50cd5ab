//! Files that configure MCP servers, in every dialect.

#![no_main]

use std::{collections::HashSet, path::Path};

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use terraphim_fuzz::{assert_one_line, mutate};
use terraphim_mcp_gateway::{McpConfig, McpConfigError, ServerTransport, parse_mcp_config};

/// A value that would be a variable again if it were looked at twice.
const TRICKY: &str = "${HOME}";

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    match parse(text) {
        Ok(config) => check(text, &config),
        Err(error) => check_error(text, &error),
    }
    Corpus::Keep
});

fn parse(text: &str) -> Result<McpConfig, McpConfigError> {
    let env = |name: &str| match name {
        "TRICKY" => Some(TRICKY.to_owned()),
        "EMPTY" => Some(String::new()),
        "HOME" => panic!("a value was expanded twice, or a variable was asked for that nobody wrote"),
        _ => None,
    };
    // What asks for it by name may have it.
    let asked = text.contains("HOME") || text.contains("\\u");
    let home = |name: &str| if name == "HOME" { Some("/h".to_owned()) } else { env(name) };
    let env: &dyn Fn(&str) -> Option<String> = if asked { &home } else { &env };
    parse_mcp_config(Path::new("/p/.mcp.json"), text, env)
}

fn check(text: &str, config: &McpConfig) {
    assert_eq!(parse(text).as_ref().ok(), Some(config));
    let mut names = HashSet::new();
    for server in &config.servers {
        assert!(names.insert(&server.name), "{} stands twice", server.name);
        match &server.transport {
            ServerTransport::Stdio(stdio) => {
                assert!(!stdio.command.is_empty());
                let texts = stdio.args.iter().chain([&stdio.command]);
                assert!(
                    !texts.chain(stdio.env.iter().map(|(_, value)| value)).any(|text| text.contains('\0'))
                );
                assert!(!stdio.env.iter().any(|(key, _)| key.is_empty() || key.contains(['=', '\0'])));
                assert!(stdio.cwd.as_ref().is_none_or(|cwd| cwd.is_absolute()));
                let shown = format!("{stdio:?}");
                let secret = stdio.env.iter().find(|(_, value)| value.len() > 64);
                assert!(secret.is_none_or(|(_, value)| stdio.command.contains(value)
                    || stdio.env.iter().any(|(key, _)| key.contains(value.as_str()))
                    || stdio.cwd.as_ref().is_some_and(|cwd| cwd.to_string_lossy().contains(value.as_str()))
                    || !shown.contains(value.as_str())));
            }
            ServerTransport::Unusable { reason } => assert!(!reason.is_empty()),
        }
    }
    assert!(config.skipped.iter().all(|skipped| !skipped.reason.is_empty()));
    // Comments and white space around it mean nothing.
    let dressed = format!("// {{\n/* \" */{}\n/* }} */ // ]", text.trim_start_matches('\u{feff}'));
    let again = parse(&dressed).unwrap_or_else(|error| panic!("with comments around it: {error}"));
    assert_eq!(again, *config);
}

fn check_error(text: &str, error: &McpConfigError) {
    let lines = text.lines().count();
    assert!(error.line >= 1 && error.line <= lines + 1, "line {} of {lines}", error.line);
    let line = text.lines().nth(error.line - 1).unwrap_or_default();
    assert!(
        error.column >= 1 && error.column <= line.chars().count() + 1,
        "column {} of {line:?}",
        error.column
    );
    assert!(!error.complaint.is_empty());
    assert_one_line(&error.excerpt, 120);
    assert!(!error.excerpt.contains(char::is_control));
    assert!(error.to_string().lines().count() >= 3);
}
