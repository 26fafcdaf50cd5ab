//! Generated crates: those of real servers and those of hostile definitions compile, and what
//! they declare is what comes and goes.

use std::{collections::BTreeMap, fmt::Write as _};

use expect_test::expect;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use terraphim_mcp_codegen::{
    DiscoveryIndex, ServerModule, ServerTools, docs,
    rust::{crate_name, server_crate, server_names, servers_crate},
    server_modules,
};
use terraphim_types::{Language, ServerName, ToolDefinition};

use super::{
    broker::run,
    compiler::{Compiler, compiler},
};
use crate::{
    definitions::{giving, taking, tool},
    hostile::schema,
    real_tools::servers,
};

fn names(servers: &BTreeMap<String, Vec<ToolDefinition>>) -> Vec<ServerModule> {
    let named: Vec<_> =
        servers.iter().map(|(name, tools)| (ServerName::new(name).unwrap(), tools.as_slice())).collect();
    server_modules(&named.iter().map(|(name, tools)| (name, *tools)).collect::<Vec<_>>())
}

/// Compiles a server's crate as the product does; says what is wrong with its text.
fn compile(compiler: &Compiler, module: &ServerModule, tools: &[ToolDefinition]) -> u128 {
    let text = server_crate(module, Some("A server.\n#![evil]\r\n*/"), tools);
    let made = compiler.library(&crate_name(module), &text, &[]);
    made.unwrap_or_else(|said| panic!("{}: {said:.6000}", module.server)).as_millis()
}

#[test]
fn the_crates_of_real_servers_compile_and_so_do_the_examples() {
    let Some(compiler) = compiler() else { return };
    let servers = servers();
    let made = compile_with_examples(compiler, &servers);
    let all: usize = servers.values().map(Vec::len).sum();
    assert!(made * 100 >= all * 95, "only {made} of {all} have an example");
}

#[test]
fn types_whose_names_begin_alike_are_numbered_in_the_docs_as_in_the_module() {
    let Some(compiler) = compiler() else { return };
    let of = |name: &str, properties: Value| {
        let schema = json!({ "type": "object", "properties": properties, "required": ["a"] });
        tool(json!({ "name": name, "inputSchema": schema }))
    };
    let inner = |name: &str, field: &str| {
        let object =
            json!({ "type": "object", "properties": { "x": { "type": "integer" } }, "required": ["x"] });
        of(name, json!({ field: object, "a": { "type": "integer" } }))
    };
    let outer = |name: &str| of(name, json!({ "q": { "type": "string" }, "a": { "type": "integer" } }));
    let tools = [
        inner("search", "options"),
        outer("search_options"),
        outer("search_options_2"),
        inner("get", "user"),
        outer("get_user"),
        outer("__call__"),
        outer("call"),
    ];
    let servers = BTreeMap::from([("col".to_owned(), tools.to_vec())]);
    assert_eq!(compile_with_examples(compiler, &servers), tools.len());
}

/// Compiles servers, and a program with their examples; gives how many those are.
fn compile_with_examples(compiler: &Compiler, servers: &BTreeMap<String, Vec<ToolDefinition>>) -> usize {
    let modules = names(servers);
    let mut externs = Vec::new();
    for module in &modules {
        let tools = &servers[module.server.as_str()];
        let took = compile(compiler, module, tools);
        eprintln!("{}: {} tools, {took} ms", module.server, tools.len());
        externs.extend(["--extern".to_owned(), crate_name(module)]);
    }
    let externs: Vec<&str> = externs.iter().map(String::as_str).collect();
    compiler.library("mcp_servers", &servers_crate(&modules), &externs).unwrap();
    let (program, made) = examples(&modules, servers);
    compiler
        .library("examples", &program, &["--extern", "mcp_servers"])
        .unwrap_or_else(|said| panic!("{said:.6000}"));
    made
}

/// A program with the example calls of all tools.
fn examples(modules: &[ServerModule], servers: &BTreeMap<String, Vec<ToolDefinition>>) -> (String, usize) {
    let tools: Vec<_> = servers
        .iter()
        .map(|(name, tools)| ServerTools {
            server: ServerName::new(name).unwrap(),
            description: None,
            tools: tools.clone().into(),
        })
        .collect();
    let index = DiscoveryIndex::build(&tools);
    let used = server_names(modules).join(", ");
    let mut program = format!("#![allow(warnings)]\nuse mcp_servers::{{{used}}};\n");
    let mut made = 0;
    for (at, name) in index.names().enumerate() {
        let page = docs(&index, &[name.to_owned()], Language::Rust);
        let shown = page.docs.first().unwrap();
        assert!(shown.signature.chars().count() < 500, "{}", shown.signature);
        let Some(example) = &shown.example else { continue };
        made += 1;
        writeln!(program, "pub fn example_{at}() -> mcp_runtime::Result<()> {{ {example} Ok(()) }}").unwrap();
    }
    (program, made)
}

/// A server whose tools show each kind of type.
fn varied() -> Vec<ToolDefinition> {
    let document = json!({
        "type": "object",
        "properties": {
            "title": { "type": "string", "description": "What it is called." },
            "rank": { "type": "number", "minimum": 0, "maximum": 1 },
            "topic": { "type": ["string", "null"] },
            "kind": { "enum": ["note", "web page"] },
            "children": { "type": "array", "items": { "$ref": "#/$defs/Document" } },
            "parent": { "$ref": "#/$defs/Document" },
            "other": { "type": "integer" },
        },
        "required": ["title", "rank", "topic"],
    });
    let search = json!({
        "name": "search",
        "description": "Searches notes.\nBest first.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": { "type": "string", "minLength": 1 },
                "limit": { "type": "integer", "default": 10 },
                "sortBy": { "enum": ["rank", "date"] },
                "type": { "const": "note" },
                "filter": { "type": "object", "properties": { "min-rank": { "type": "number" }, "self": { "type": "boolean" } } },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                "any": {},
                "either": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] },
            },
            "required": ["query", "type"],
        },
        "outputSchema": {
            "type": "object",
            "properties": { "documents": { "type": "array", "items": { "$ref": "#/$defs/Document" } }, "total": { "type": "integer" } },
            "required": ["documents"],
            "$defs": { "Document": document },
        },
    });
    let now = json!({ "name": "now", "inputSchema": { "type": "object", "properties": {} } });
    let echo = json!({ "name": "echo", "inputSchema": { "type": "object", "properties": { "n": { "type": "integer" } } } });
    let loose = json!({ "name": "docs", "inputSchema": { "type": "object" }, "outputSchema": {
        "type": "object", "properties": { "count": { "type": "integer" } }, "required": ["count"] } });
    [search, now, echo, loose].map(tool).to_vec()
}

#[test]
fn docs_show_what_a_program_writes() {
    let tools = ServerTools {
        server: ServerName::new("my notes").unwrap(),
        description: None,
        tools: varied().into(),
    };
    let index = DiscoveryIndex::build(&[tools]);
    let mut text = String::new();
    for name in ["my notes.search", "my notes.now"] {
        let page = docs(&index, &[name.to_owned()], Language::Rust);
        let shown = &page.docs[0];
        let example = shown.example.as_deref().unwrap_or("-");
        writeln!(text, "{}\n{}\n{example}\n{}", shown.signature, shown.result, shown.declaration).unwrap();
    }
    expect![[r#"
        search(Search { query: String, r#type: SearchType, limit: Option<i64>, sort_by: Option<SearchSortBy>, filter: Option<SearchFilter>, labels: Option<BTreeMap<String, String>>, any: Value, either: Value }) -> Result<Vec<SearchDocument>>
        Vec<SearchDocument>
        let result = my_notes::search(my_notes::Search { query: "query".into(), r#type: my_notes::SearchType::Note, ..Default::default() })?;
        pub struct Search {
            pub query: String, // at least 1 character
            pub limit: Option<i64>, // default 10
            pub sort_by: Option<SearchSortBy>, // "sortBy" in JSON
            pub r#type: SearchType,
            pub filter: Option<SearchFilter>,
            pub labels: Option<BTreeMap<String, String>>,
            pub any: Value,
            pub either: Value,
        }
        pub enum SearchSortBy { Rank, Date, Other(String) } // "rank", "date"
        pub enum SearchType { Note, Other(String) } // "note"
        pub struct SearchFilter {
            pub min_rank: Option<f64>, // "min-rank" in JSON
            pub self_: Option<bool>, // "self" in JSON
        }
        pub struct SearchDocument {
            pub title: String, // What it is called.
            pub rank: f64, // 0 to 1
            pub topic: Option<String>,
            pub kind: Option<SearchDocumentKind>,
            pub children: Option<Vec<SearchDocument>>,
            pub parent: Option<Box<SearchDocument>>,
            pub other: Option<i64>,
            pub other_2: Map,
        }
        pub enum SearchDocumentKind { Note, WebPage, Other(String) } // "note", "web page"
        pub fn search(arguments: Search) -> Result<Vec<SearchDocument>>;

        now() -> Result<Value>
        Value
        let result = my_notes::now()?;
        pub fn now() -> Result<Value>;

    "#]].assert_eq(&text);
}

#[test]
fn typed_calls_send_and_take_what_is_declared() {
    let Some(compiler) = compiler() else { return };
    let servers = BTreeMap::from([("notes".to_owned(), varied_over_echo())]);
    let modules = names(&servers);
    compile(compiler, &modules[0], &servers["notes"]);
    let text = r#"
        use mcp_server_notes::{self as notes, Search, SearchFilter, SearchSortBy, SearchType};
        use mcp_runtime::{json, Json, Result, Value};
        fn main() -> Result<Json<Vec<Value>>> {
            let all = Search {
                query: "a\"b".into(), limit: Some(3), sort_by: Some(SearchSortBy::Date), r#type: SearchType::default(),
                filter: Some(SearchFilter { min_rank: Some(0.5), self_: Some(true), ..Default::default() }),
                labels: Some([("k".to_string(), "v".to_string())].into()), any: json!([1]), ..Default::default()
            };
            eprintln!("{:?}", all);
            notes::search(all)?;
            notes::search(Search { query: "b".into(), sort_by: Some("size".into()), ..Default::default() })?;
            notes::now()?;
            let found = notes::docs()?;
            let first = &found[0];
            println!("{} {} {:?} {:?} {}", first.title, first.rank, first.topic, first.n, first.other.len());
            println!("{:?} {:?} {}", found[1].n, found[2].rank, found[2].other["n"]);
            println!("{} {}", found[0] == found[0].clone(), mcp_runtime::to_string(&found[2]));
            println!("{}", notes::wrong().unwrap_err());
            Ok(Json(mcp_runtime::sort_by(&found, "title", "asc").iter().map(|one| one.title.as_str().into()).collect()))
        }"#;
    let (output, seen) =
        run(&compiler.program("typed", text, &["mcp_server_notes"]).unwrap_or_else(|said| panic!("{said}")));
    let sent: Vec<String> =
        seen.calls.iter().map(|(_, call)| format!("{} {}", call["tool"], call["arguments"])).collect();
    let told = format!(
        "{}\n--\n{}--\n{}",
        sent.join("\n"),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    expect![[r#"
        "search" {"query":"a\"b","limit":3,"sortBy":"date","type":"note","filter":{"min-rank":0.5,"self":true},"labels":{"k":"v"},"any":[1]}
        "search" {"query":"b","sortBy":"size","type":"note"}
        "now" {}
        "docs" {}
        "wrong" {}
        --
        b 0.9 Some("x") Some(2) 0
        None 0.0 "3"
        true {"title":"c","rank":null,"topic":"x","n":"3"}
        notes.wrong: the reply is a text, not an object
        ["a","b","c"]
        --
        Search {"query":"a\"b","limit":3,"sortBy":"date","type":"note","filter":{"min-rank":0.5,"self":true},"labels":{"k":"v"},"any":[1]}
        warning: the server declares another DocsItem: `rank` is null, not a number; what came is kept beside the declared fields
        warning: the server declares another DocsItem: `n` is a text, not a whole number; what came is kept beside the declared fields
    "#]].assert_eq(&told);
}

/// Tools whose declared results the test's host keeps to, and does not.
fn varied_over_echo() -> Vec<ToolDefinition> {
    let mut tools = varied();
    for tool in &mut tools {
        tool.output_schema = None;
    }
    let item = json!({
        "type": "object",
        "properties": { "title": { "type": "string" }, "rank": { "type": "number" }, "topic": { "type": "string" }, "n": { "type": "integer" } },
        "required": ["title", "rank"],
    });
    let list = json!({ "type": "object", "properties": { "all": { "type": "array", "items": item } }, "required": ["all"] });
    tools.retain(|tool| tool.name != "docs");
    let mut docs = giving(list);
    docs.name = "docs".into();
    let mut wrong = docs.clone();
    wrong.name = "wrong".into();
    wrong.output_schema =
        Some(json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] }));
    tools.extend([docs, wrong]);
    tools
}

const NASTY: &[&str] = &[
    "",
    "_",
    "__",
    "-",
    "self",
    "Self",
    "crate",
    "super",
    "type",
    "fn",
    "Type",
    "String",
    "Option",
    "Vec",
    "Value",
    "Result",
    "Default",
    "other",
    "Other",
    "None",
    "a-b",
    "a_b",
    "aB",
    "a.b",
    "a$b",
    "ä",
    "a\u{308}",
    "八字",
    "ﬁ",
    "1",
    "\"); } fn main() {} /*",
    "\r\n#![evil]",
    "\u{202e}x",
    "Box",
];

#[test]
fn hostile_names_compile() {
    let Some(compiler) = compiler() else { return };
    let properties: Map<String, Value> = NASTY
        .iter()
        .map(|name| ((*name).to_owned(), json!({ "enum": NASTY, "description": name, "default": name })))
        .collect();
    let object = json!({ "type": "object", "properties": properties, "required": NASTY, "additionalProperties": {},
        "$defs": { "Self": { "properties": { "x": { "$ref": "#" } }, "required": ["x"] }, "": { "$ref": "#/$defs/Self" } } });
    let tools: Vec<ToolDefinition> = NASTY
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let schema = if at % 8 == 0 {
                object.clone()
            } else {
                json!({ "properties": { (*name): { "$ref": "#" } }, "required": [name] })
            };
            tool(json!({ "name": name, "description": name, "inputSchema": schema, "outputSchema": schema }))
        })
        .collect();
    let servers: BTreeMap<String, Vec<ToolDefinition>> = NASTY
        .iter()
        .filter(|name| ServerName::new(name).is_ok())
        .map(|name| ((*name).to_owned(), vec![taking(json!({}))]))
        .collect();
    let all = ServerModule::new(&ServerName::new("hostile").unwrap(), &tools);
    eprintln!("hostile: {} ms", compile(compiler, &all, &tools));
    let modules = names(&servers);
    let mut externs = Vec::new();
    for module in &modules {
        compile(compiler, module, &servers[module.server.as_str()]);
        externs.extend(["--extern".to_owned(), crate_name(module)]);
    }
    let externs: Vec<&str> = externs.iter().map(String::as_str).collect();
    compiler
        .library("mcp_servers_hostile", &servers_crate(&modules), &externs)
        .unwrap_or_else(|said| panic!("{said}"));
}

#[test]
fn ten_thousand_tools_stay_bounded() {
    let schema = |n: usize| json!({ "properties": { format!("p{}", n % 7): { "type": "string" }, "q": { "enum": ["a", "b"] } } });
    let tools: Vec<ToolDefinition> = (0..10_000)
        .map(|n| tool(json!({ "name": format!("a{}", "-".repeat(n % 100)) + &n.to_string(), "inputSchema": schema(n), "outputSchema": schema(n) })))
        .collect();
    let module = ServerModule::new(&ServerName::new("many").unwrap(), &tools);
    let text = server_crate(&module, None, &tools);
    assert!(text.len() < 4 << 20, "{}", text.len());
    assert_eq!(text.matches("\npub fn ").count(), 10_000);
}

/// Many arbitrary tools in one crate, as the compiler takes longer to start than to read one.
#[test]
fn arbitrary_schemas_compile() {
    let Some(compiler) = compiler() else { return };
    let name = prop_oneof![prop::sample::select(NASTY).prop_map(str::to_owned), ".{0,6}"];
    let tools = prop::collection::vec((name, schema(), schema()), 60);
    let config = Config { cases: 6, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let made = TestRunner::new(config).run(&tools, |drawn| {
        let tools: Vec<ToolDefinition> = drawn
            .into_iter()
            .map(|(name, input, output)| {
                let mut tool = taking(input);
                (tool.name, tool.description, tool.output_schema) = (name.clone(), Some(name), Some(output));
                tool
            })
            .collect();
        let module = ServerModule::new(&ServerName::new("arbitrary").unwrap(), &tools);
        compile(compiler, &module, &tools);
        Ok(())
    });
    made.unwrap();
}
