//! Counts what a catalogue costs at each level of detail, against its raw
//! definitions, in tokens of o200k, and how the estimate of a budget compares.
//! The file has one `{server, tool}` object on each line.
//!
//! `cargo run -p terraphim_code_execution --example levels -- TOOLS.jsonl`

use std::{collections::BTreeMap, error::Error, fs, sync::Arc};

use serde_json::Value;
use terraphim_mcp_codegen::{
    Detail, DiscoveryIndex, DocsQuery, ServerTools, ToolQuery, docs_within, show_in, tokens_at_most,
};
use terraphim_types::{Language, ServerName, ToolDefinition};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("give the file with the tools")?;
    let mut servers: BTreeMap<ServerName, Vec<ToolDefinition>> = BTreeMap::new();
    let mut raw = 0;
    let mut tools = 0;
    let count = |text: &str| bpe_openai::o200k_base().count(text);
    for line in fs::read_to_string(path)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let server = line.get("server").and_then(Value::as_str).unwrap_or_default();
        let tool = line.get("tool").cloned().unwrap_or_default();
        raw += count(&tool.to_string());
        tools += 1;
        servers.entry(ServerName::new(server)?).or_default().push(serde_json::from_value(tool)?);
    }
    println!("{tools} tools, {raw} tokens raw");
    let servers: Vec<_> = servers
        .into_iter()
        .map(|(server, tools)| ServerTools { server, description: None, tools: Arc::from(tools) })
        .collect();
    let index = DiscoveryIndex::build(&servers);
    let languages = [Language::TypeScript, Language::Python, Language::Bash, Language::Rust];
    for language in languages {
        for detail in [Detail::Name, Detail::Brief, Detail::Full] {
            let (mut json, mut estimated) = (0, 0);
            for server in &servers {
                for offset in (0..).step_by(100).take_while(|offset| *offset < server.tools.len()) {
                    let query = ToolQuery {
                        server: Some(server.server.to_string()),
                        detail,
                        limit: 100,
                        offset: u32::try_from(offset)?,
                        ..ToolQuery::default()
                    };
                    let mut page = index.search(&query);
                    show_in(&index, &mut page, language);
                    let text = serde_json::to_string(&page)?;
                    json += count(&text);
                    estimated += tokens_at_most(&text);
                }
            }
            println!(
                "search {language} {detail:?}: {json} tokens, {:.1} % of raw; estimated {estimated}",
                json as f64 * 100.0 / raw as f64
            );
        }
        let (mut json, mut estimated, mut short) = (0, 0, 0);
        for name in index.names() {
            let query = DocsQuery {
                names: vec![name.to_owned()],
                language,
                detail: Some(Detail::Full),
                max_tokens: None,
            };
            let text = serde_json::to_string(&docs_within(&index, &query))?;
            let (counted, most) = (count(&text), tokens_at_most(&text));
            json += counted;
            estimated += most;
            short += usize::from(most < counted);
        }
        println!("docs {language}: {json} tokens; estimated {estimated}, too low for {short} of {tools}");
    }
    Ok(())
}
