//! What tools cost at each level of detail, and that a budget's estimate is
//! not below the count: of tools made for this, and of real ones where the
//! variable `TERRAPHIM_TOOLS` names a file of `{server, tool}` lines.

use std::{collections::BTreeMap, fs, sync::Arc};

use serde_json::{Value, json};
use terraphim_mcp_codegen::{
    Detail, DiscoveryIndex, DocsQuery, ServerTools, ToolQuery, docs_within, show_in, tokens_at_most,
};
use terraphim_types::{Language, ServerName, ToolDefinition};

const LANGUAGES: [Language; 4] = [Language::TypeScript, Language::Python, Language::Bash, Language::Rust];

fn count(text: &str) -> usize {
    bpe_openai::o200k_base().count(text)
}

fn own() -> Vec<Value> {
    let tool = |name: &str, about: &str, extra: Value| {
        let mut properties = json!({
            "repository": { "type": "string", "description": "The owner and the name of the repository, as in `owner/name`." },
            "state": { "type": "string", "enum": ["open", "closed", "all"], "default": "open", "description": "Which of them to give." },
            "per_page": { "type": "integer", "minimum": 1, "maximum": 100, "description": "How many results stand on one page, at most 100." },
        });
        if let (Some(properties), Value::Object(extra)) = (properties.as_object_mut(), extra) {
            properties.extend(extra);
        }
        json!({ "server": "hub", "tool": { "name": name, "description": about,
            "inputSchema": { "type": "object", "properties": properties, "required": ["repository"], "additionalProperties": false } } })
    };
    let labels = json!({ "labels": { "type": "array", "items": { "type": "string" }, "description": "Only those that have all of these labels." } });
    vec![
        tool(
            "list_issues",
            "Lists the issues of a repository, the newest first.\n\nUse `state` to see those that are closed. Pages begin at 1.",
            labels.clone(),
        ),
        tool(
            "list_pull_requests",
            "Lists the pull requests of a repository with their branches, reviewers and checks.",
            labels,
        ),
        tool("搜索文档", "在知识库中搜索文档，并按相关性排序。", json!({ "größe": { "type": "number" } })),
    ]
}

fn lines() -> Vec<Value> {
    match std::env::var_os("TERRAPHIM_TOOLS") {
        Some(file) => {
            let text = fs::read_to_string(file).expect("readable tools");
            text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
        }
        None => {
            println!("TERRAPHIM_TOOLS names no file of tools: only those made for this are counted");
            own()
        }
    }
}

fn index(lines: Vec<Value>) -> DiscoveryIndex {
    let mut servers: BTreeMap<ServerName, Vec<ToolDefinition>> = BTreeMap::new();
    for line in lines {
        let server = ServerName::new(line["server"].as_str().expect("a server")).expect("a name");
        let tool = serde_json::from_value(line["tool"].clone()).expect("a tool");
        servers.entry(server).or_default().push(tool);
    }
    let servers: Vec<_> = servers
        .into_iter()
        .map(|(server, tools)| ServerTools { server, description: None, tools: Arc::from(tools) })
        .collect();
    DiscoveryIndex::build(&servers)
}

#[test]
fn brief_costs_less_than_a_quarter_of_the_definitions() {
    let lines = lines();
    let (tools, raw) =
        (lines.len(), lines.iter().map(|line| count(&line["tool"].to_string())).sum::<usize>());
    let index = index(lines);
    for language in LANGUAGES {
        let mut brief = 0;
        let mut told = 0;
        for module in index.modules() {
            for offset in (0..module.tools.len()).step_by(100) {
                let query = ToolQuery {
                    server: Some(module.server.to_string()),
                    limit: 100,
                    offset: u32::try_from(offset).expect("a page"),
                    ..ToolQuery::default()
                };
                let mut page = index.search(&query);
                show_in(&index, &mut page, language);
                told += page.tools.len();
                brief += count(&serde_json::to_string(&page).expect("JSON"));
            }
        }
        assert_eq!(told, tools);
        println!("{language}: {tools} tools, {raw} tokens raw, {brief} in brief");
        // Few tools of our own have less to leave out than real ones.
        assert!(brief * 4 < raw || tools < 10 && brief * 2 < raw, "{language}: {brief} of {raw}");
    }
}

#[test]
fn an_estimate_is_not_below_the_count_and_budgets_hold() {
    let index = index(lines());
    let names: Vec<String> = index.names().map(str::to_owned).collect();
    for language in LANGUAGES {
        for name in &names {
            let query = DocsQuery {
                names: vec![name.clone()],
                language,
                detail: Some(Detail::Full),
                max_tokens: None,
            };
            let text = serde_json::to_string(&docs_within(&index, &query)).expect("JSON");
            let (most, counted) = (tokens_at_most(&text), count(&text));
            assert!(most >= counted, "{name} in {language}: {most} for {counted}");
        }
        for max_tokens in [100, 300, 1_000, 5_000] {
            let query = DocsQuery {
                names: names.iter().take(50).cloned().collect(),
                language,
                detail: Some(Detail::Full),
                max_tokens: Some(max_tokens),
            };
            let page = docs_within(&index, &query);
            let counted = count(&serde_json::to_string(&page).expect("JSON"));
            assert!(counted <= max_tokens as usize, "{counted} of {max_tokens} in {language}");
            let told = page.docs.len() + page.brief.len() + page.names.len() + page.omitted;
            assert_eq!(told, names.len().min(50), "everything is told or said to be left out");
            let is_cut = page.docs.len() < told;
            assert_eq!(page.note.is_some(), is_cut, "{:?}", page.note);
        }
    }
}
