//! Measures tool search: recall on sets of queries with known answers, build
//! time and search times.
//!
//! `cargo run -p terraphim_mcp_codegen --example recall -- DISCOVERY_FOLDER [UPSTREAM_TOOLS]`

use std::{collections::BTreeMap, error::Error, fs, path::Path, sync::Arc, time::Instant};

use serde_json::Value;
use terraphim_mcp_codegen::{Detail, DiscoveryIndex, ServerTools, ToolQuery};
use terraphim_types::{ServerName, ToolDefinition};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("give the folder with the discovery sets")?;
    let folder = Path::new(&folder);
    let live = read(&folder.join("livemcpbench/tools.jsonl"))?;
    let queries = read(&folder.join("livemcpbench/agent_queries_dev.jsonl"))?;
    report("livemcpbench agent queries", &live, &queries, 5)?;
    report("livemcpbench tasks", &live, &read(&folder.join("livemcpbench/tasks_dev.jsonl"))?, 5)?;
    let azure = read(&folder.join("azure/tools.jsonl"))?;
    report("azure", &azure, &read(&folder.join("azure/prompts_dev.jsonl"))?, 1)?;
    let meta = read(&folder.join("metatool/tools.jsonl"))?;
    report("metatool", &meta, &read(&folder.join("metatool/multi_dev.jsonl"))?, 5)?;
    let seal = read(&folder.join("sealtools/tools.jsonl"))?;
    report("sealtools", &seal, &read(&folder.join("sealtools/dev.jsonl"))?, 5)?;
    let mut all = [live, azure, meta, seal, read(&folder.join("toucan/tools.jsonl"))?].concat();
    if let Some(upstream) = arguments.next() {
        all.extend(read(Path::new(&upstream))?);
    }
    report("livemcpbench agent queries among all", &all, &queries, 5)?;
    times(&all, &queries)
}

fn read(path: &Path) -> Outcome<Vec<Value>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The index, and the sets' ids of the tools by our qualified names.
fn index(lines: &[Value]) -> Outcome<(DiscoveryIndex, BTreeMap<String, Vec<String>>)> {
    let mut servers: BTreeMap<&str, (&str, Vec<ToolDefinition>)> = BTreeMap::new();
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines {
        let server = Some(text(line, "server")).filter(|name| !name.is_empty()).unwrap_or("tools");
        let mut tool = line.get("tool").cloned().unwrap_or_default();
        if let Some(map) = tool.as_object_mut()
            && let Some(schema) = map.remove("input_schema")
        {
            map.insert("inputSchema".to_owned(), schema);
        }
        let mut tool: ToolDefinition = serde_json::from_value(tool)?;
        if tool.input_schema.is_null() {
            tool.input_schema = serde_json::json!({ "type": "object" });
        }
        ids.entry(format!("{server}.{}", tool.name)).or_default().push(text(line, "id").to_owned());
        let entry = servers.entry(server).or_insert((text(line, "serverDescription"), Vec::new()));
        entry.1.push(tool);
    }
    let servers: Vec<ServerTools> = servers
        .into_iter()
        .map(|(server, (description, tools))| {
            let description = (!description.is_empty()).then(|| description.to_owned());
            Ok(ServerTools { server: ServerName::new(server)?, description, tools: Arc::from(tools) })
        })
        .collect::<Outcome<_>>()?;
    let start = Instant::now();
    let index = DiscoveryIndex::build(&servers);
    println!("  {} tools indexed in {:.0?}", index.len(), start.elapsed());
    Ok((index, ids))
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn report(name: &str, tools: &[Value], queries: &[Value], at: u32) -> Outcome<()> {
    let (index, ids) = index(tools)?;
    let mut sum = 0.0;
    for line in queries {
        let query = ToolQuery {
            query: Some(text(line, "text").to_owned()),
            detail: Detail::Name,
            limit: at,
            ..ToolQuery::default()
        };
        let page = index.search(&query);
        let found: Vec<&String> = page.tools.iter().filter_map(|hit| ids.get(&hit.name)).flatten().collect();
        let groups: Vec<Vec<String>> = match line.get("groups").and_then(Value::as_array) {
            Some(groups) => groups.iter().map(|group| strings(Some(group))).collect(),
            None => strings(line.get("gold")).into_iter().map(|id| vec![id]).collect(),
        };
        let met = groups.iter().filter(|group| group.iter().any(|id| found.contains(&id))).count();
        sum += f64::from(u32::try_from(met)?) / f64::from(u32::try_from(groups.len().max(1))?);
    }
    let recall = 100.0 * sum / f64::from(u32::try_from(queries.len().max(1))?);
    println!("{name}: recall@{at} {recall:.1} % over {} queries", queries.len());
    Ok(())
}

fn times(tools: &[Value], queries: &[Value]) -> Outcome<()> {
    let (index, _) = index(tools)?;
    for detail in [Detail::Name, Detail::Brief, Detail::Full] {
        let mut times = Vec::new();
        for line in queries {
            // With a slip in each query, so that the vocabulary is searched too.
            let query = Some(format!("{} serach_documnts", text(line, "text")));
            let query = ToolQuery { query, detail, ..ToolQuery::default() };
            let start = Instant::now();
            let page = index.search(&query);
            times.push(start.elapsed());
            assert!(page.total > 0, "a query found nothing");
        }
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        println!("search with {detail:?}: p50 {:.2?}, p95 {:.2?}", at(50), at(95));
    }
    Ok(())
}
