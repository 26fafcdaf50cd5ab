//! The sets of tools and queries, and how they are read.

use std::{collections::HashMap, fs, path::Path};

use serde_json::Value;

use crate::error::Error;

/// Queries with known answers over the tools of some files, all relative to the data's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) queries: &'static [&'static str],
    pub(super) tools: &'static [&'static str],
}

impl Set {
    /// Whether times and memory are promised for it.
    pub(super) fn is_large(&self) -> bool {
        self.tools.len() == ALL_TOOLS.len()
    }
}

const TASKS: &str = "livemcpbench/tasks_dev.jsonl";
const AGENT: &str = "livemcpbench/agent_queries_dev.jsonl";
const AZURE: &str = "azure/prompts_dev.jsonl";
const METATOOL: &str = "metatool/multi_dev.jsonl";
const SEALTOOLS: &str = "sealtools/dev.jsonl";
const LIVE_TOOLS: &str = "livemcpbench/tools.jsonl";
const TOUCAN_TOOLS: &str = "toucan/tools.jsonl";
const ALL_TOOLS: &[&str] =
    &[LIVE_TOOLS, "azure/tools.jsonl", "metatool/tools.jsonl", "sealtools/tools.jsonl", TOUCAN_TOOLS];

pub(super) const SETS: &[Set] = &[
    Set { name: "livemcpbench tasks", queries: &[TASKS], tools: &[LIVE_TOOLS] },
    Set { name: "livemcpbench agent queries", queries: &[AGENT], tools: &[LIVE_TOOLS] },
    Set { name: "azure", queries: &[AZURE], tools: &["azure/tools.jsonl"] },
    Set { name: "metatool multi", queries: &[METATOOL], tools: &["metatool/tools.jsonl"] },
    Set { name: "sealtools", queries: &[SEALTOOLS], tools: &["sealtools/tools.jsonl"] },
    Set { name: "tasks among toucan", queries: &[TASKS], tools: &[LIVE_TOOLS, TOUCAN_TOOLS] },
    Set { name: "everything", queries: &[TASKS, AGENT, AZURE, METATOOL, SEALTOOLS], tools: ALL_TOOLS },
];

/// A query, and the groups of tools of which one each is right.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) groups: Vec<Vec<String>>,
}

/// A tool, as far as the plain searches look at it.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) id: String,
    pub(super) server: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) parameters: String,
}

/// A set that was read.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) queries: Vec<Query>,
    pub(super) tools: Vec<Tool>,
    /// The server of each tool.
    pub(super) servers: HashMap<String, String>,
}

pub(super) fn load(folder: &Path, set: &Set) -> Result<Loaded, Error> {
    let mut loaded = Loaded { queries: Vec::new(), tools: Vec::new(), servers: HashMap::new() };
    for file in set.queries {
        loaded.queries.extend(lines(&folder.join(file))?.iter().map(query));
    }
    for (number, file) in set.tools.iter().enumerate() {
        for line in lines(&folder.join(file))? {
            let tool = tool(&line, number);
            loaded.servers.insert(tool.id.clone(), tool.server.clone());
            loaded.tools.push(tool);
        }
    }
    let asks =
        |query: &Query| query.groups.iter().flatten().find(|id| !loaded.servers.contains_key(*id)).cloned();
    match loaded.queries.iter().find_map(asks) {
        None => Ok(loaded),
        Some(id) => {
            let complaint = format!("the right tool `{id}` of a query is not among the tools");
            Err(Error::Unreadable { what: format!("the set `{}`", set.name), complaint })
        }
    }
}

fn lines(path: &Path) -> Result<Vec<Value>, Error> {
    let text = fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())))?;
    let parsed = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    parsed
        .map_err(|error| Error::Unreadable { what: path.display().to_string(), complaint: error.to_string() })
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn query(line: &Value) -> Query {
    let gold = || line.get("gold").map(strings).unwrap_or_default().into_iter().map(|id| vec![id]).collect();
    let groups = match line.get("groups").and_then(Value::as_array) {
        Some(groups) => groups.iter().map(strings).collect(),
        None => gold(),
    };
    Query { id: text(line, "id"), text: text(line, "text"), groups }
}

fn tool(line: &Value, number: usize) -> Tool {
    let tool = line.get("tool").cloned().unwrap_or_default();
    let schema = tool.get("inputSchema").or_else(|| tool.get("input_schema"));
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    let parameters = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    let server = Some(text(line, "server")).filter(|name| !name.is_empty());
    Tool {
        id: text(line, "id"),
        // As `discovery_runs` calls the tools of a file that names no server.
        server: server.unwrap_or_else(|| format!("tools{number}")),
        name: text(&tool, "name"),
        description: text(&tool, "description"),
        parameters: parameters.join(" "),
    }
}
