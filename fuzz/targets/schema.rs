//! Definitions of tools, and everything that is made from them.
//!
//! The input is JSON: `tools` is a list of definitions, `description` a
//! server's, `query` words of a search, `names` names of tools.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use oxc::{allocator::Allocator, parser::Parser, span::SourceType};
use terraphim_fuzz::{assert_one_line, document, list_at, mutate, text_at};
use terraphim_mcp_codegen::{
    Detail, DiscoveryIndex, ServerModule, ServerTools, ToolQuery, declarations, docs, example_arguments,
    example_call, signature,
};
use terraphim_mcp_gateway::fuzzing::read_tool;
use terraphim_types::{Language, ServerName, ToolDefinition};

/// Longest text that is made from one tool, in bytes: types, docs and an example.
const TOOL: usize = 120_000;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some(input) = document(data) else { return Corpus::Reject };
    let server = ServerName::new("s").expect("a name");
    let tools: Vec<ToolDefinition> =
        list_at(&input, "tools").iter().filter_map(|tool| read_tool(&server, tool.clone())).collect();
    if tools.is_empty() {
        return Corpus::Reject;
    }
    let description = text_at(&input, "description");
    check_declarations(&server, description, &tools);
    check_examples(&server, &tools);
    let tools: Arc<[ToolDefinition]> = tools.into();
    let servers = ServerTools { server, description: description.map(str::to_owned), tools };
    let index = DiscoveryIndex::build(std::slice::from_ref(&servers));
    let text = text_at(&input, "query").map(str::to_owned);
    for detail in [Detail::Name, Detail::Brief, Detail::Full] {
        check_search(&index, &servers, text.clone(), detail);
    }
    let asked: Vec<String> =
        list_at(&input, "names").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    check_docs(&index, asked);
    check_docs(&index, index.names().map(str::to_owned).collect());
    Corpus::Keep
});

fn check_declarations(server: &ServerName, description: Option<&str>, tools: &[ToolDefinition]) {
    let text = declarations(server, description, tools);
    assert_eq!(text, declarations(server, description, tools));
    assert!(text.len() <= tools.len() * TOOL, "{} bytes", text.len());
    assert!(text.ends_with("}\n"), "{text}");
    parse(&text, SourceType::d_ts());
    for tool in tools {
        let line = signature(tool);
        assert_one_line(&line, 210);
    }
}

/// Asserts that a text is a program; what it declares stands in one module.
fn parse(text: &str, kind: SourceType) {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind).parse();
    let complaint = parsed.diagnostics.iter().next();
    assert!(complaint.is_none(), "{complaint:?} in\n{text}");
    assert_eq!(parsed.program.body.len(), 1, "{text}");
}

fn check_examples(server: &ServerName, tools: &[ToolDefinition]) {
    let module = ServerModule::new(server, tools);
    for named in &module.tools {
        let Some(tool) = tools.iter().find(|tool| tool.name == named.name) else {
            panic!("{} names no tool", named.name);
        };
        let arguments = example_arguments(tool);
        assert_eq!(arguments, example_arguments(tool));
        let Some(call) = example_call(&module, named, tool) else { continue };
        assert!(call.chars().count() <= 1_500, "{call}");
        parse(&call, SourceType::ts().with_module(true));
    }
}

fn check_search(index: &DiscoveryIndex, servers: &ServerTools, text: Option<String>, detail: Detail) {
    let query = ToolQuery { query: text, detail, limit: 5, server: Some("s".into()), ..ToolQuery::default() };
    let page = index.search(&query);
    assert_eq!(page, index.search(&query));
    assert!(page.tools.len() <= 5 && page.tools.len() <= page.total as usize, "{page:?}");
    assert!(page.total as usize <= index.len() && index.len() <= servers.tools.len());
    let told = serde_json::to_string(&page).expect("a page is JSON");
    assert!(told.len() <= (page.tools.len() + 1) * TOOL, "{} bytes", told.len());
    if query.query.as_deref().is_none_or(|text| text.trim().is_empty()) {
        assert_eq!(page.total as usize, index.len(), "without words everything is found");
    }
}

fn check_docs(index: &DiscoveryIndex, asked: Vec<String>) {
    let page = docs(index, &asked, Language::TypeScript);
    let answered = page.docs.len() + page.unknown.len() + page.omitted;
    assert!(answered <= asked.len(), "{page:?}");
    assert!(page.docs.len() + page.unknown.len() <= 50);
    let told = serde_json::to_string(&page).expect("docs are JSON");
    assert!(told.len() <= (page.docs.len() + 1) * TOOL, "{} bytes", told.len());
    for unknown in &page.unknown {
        assert_one_line(&unknown.name, 120);
        assert!(unknown.nearest.len() <= 3);
    }
    assert!(
        index.names().take(50).all(
            |name| !page.unknown.iter().any(|unknown| unknown.name == name) || name.chars().count() > 100
        )
    );
}
