//! What prompts of several budgets show of a catalogue: for each budget the tools that are shown, how often a
//! right one is among them, and the tokens of o200k. Tools are `{id, server, tool}`, tasks `{text, gold: [id]}`, one on
//! each line.
//!
//! `cargo run -p terraphim_code_execution --example prompts -- TOOLS.jsonl TASKS.jsonl [BUDGET]...`

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    error::Error,
    fs,
    sync::Arc,
};

use serde_json::{Value, json};
use terraphim_mcp_codegen::{DiscoveryIndex, Prompt, PromptFigures, PromptQuery, ServerTools};
use terraphim_types::{Language, ServerName, ToolDefinition};

const FIGURES: PromptFigures = PromptFigures { direct_call: 40, program: 60, definitions: 50_000, face: 900 };

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let tools = arguments.next().ok_or("give the file with the tools")?;
    let tasks = arguments.next().ok_or("give the file with the tasks")?;
    let mut budgets = arguments.map(|budget| budget.parse()).collect::<Result<Vec<usize>, _>>()?;
    if budgets.is_empty() {
        budgets = vec![300, 600, 1_200, 2_400];
    }
    let (index, names) = index(&tools)?;
    let tasks = read(&tasks)?;
    for language in [Language::TypeScript, Language::Python, Language::Bash, Language::Rust] {
        let mut sums = vec![Sum::default(); budgets.len()];
        for task in &tasks {
            let text = task.get("text").and_then(Value::as_str).unwrap_or_default();
            let gold: HashSet<&str> = task
                .get("gold")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let drafts = Prompt::new(&index, PromptQuery { language, task: Some(text) })
                .with_figures(FIGURES)
                .drafts();
            let counted: Vec<usize> =
                drafts.iter().map(|draft| bpe_openai::o200k_base().count(&draft.text)).collect();
            for (budget, sum) in budgets.iter().zip(&mut sums) {
                let fits = drafts.iter().zip(&counted).find(|(_, tokens)| *tokens <= budget);
                let Some((draft, tokens)) = fits else {
                    sum.too_small += 1;
                    continue;
                };
                let shown = draft.text.split("\n## Tools").nth(1).unwrap_or_default();
                let shown = shown.split("\n## ").next().unwrap_or_default();
                let shown: HashSet<String> = shown.lines().filter_map(named).collect();
                let right = gold.iter().filter_map(|id| names.get(*id)).any(|name| shown.contains(name));
                sum.made += 1;
                sum.tools += draft.tools;
                sum.none += usize::from(draft.tools == 0);
                sum.right += usize::from(right);
                sum.tokens += tokens;
            }
        }
        for (budget, sum) in budgets.iter().zip(&sums) {
            let of = |count: usize| count as f64 / sum.made.max(1) as f64;
            println!(
                "{language} {budget}: {} made, {} too small, {:.1} tools, {:.1} % without one, {:.1} % with a right one, {:.0} tokens",
                sum.made,
                sum.too_small,
                of(sum.tools),
                of(sum.none) * 100.0,
                of(sum.right) * 100.0,
                of(sum.tokens)
            );
        }
    }
    Ok(())
}

/// What the prompts of one budget show together.
#[derive(Debug, Clone, Default)]
struct Sum {
    made: usize,
    too_small: usize,
    tools: usize,
    none: usize,
    right: usize,
    tokens: usize,
}

/// The tool of a line, without its server.
fn named(line: &str) -> Option<String> {
    let name = match line.strip_prefix("mcp call ") {
        Some(call) => call.trim_start_matches('\'').split([' ', '\'']).next()?,
        None => line.split_once('(')?.0,
    };
    Some(plain(name.rsplit(['.', ':']).next()?))
}

/// A name as it is in every language.
fn plain(name: &str) -> String {
    name.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_lowercase()
}

fn read(path: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    Ok(fs::read_to_string(path)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// The index of a file of tools, and how a signature names each tool by its id.
fn index(path: &str) -> Result<(DiscoveryIndex, HashMap<String, String>), Box<dyn Error>> {
    let mut servers: BTreeMap<String, Vec<ToolDefinition>> = BTreeMap::new();
    let mut names = HashMap::new();
    for line in read(path)? {
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut tool = line.get("tool").cloned().unwrap_or_default();
        if let Some(tool) = tool.as_object_mut() {
            let schema = tool.remove("input_schema").unwrap_or_else(|| json!({ "type": "object" }));
            tool.entry("inputSchema").or_insert(schema);
        }
        let tool: ToolDefinition = serde_json::from_value(tool)?;
        names.insert(text("id"), plain(&tool.name));
        let server =
            Some(text("server")).filter(|name| !name.is_empty()).unwrap_or_else(|| "tools".to_owned());
        servers.entry(server).or_default().push(tool);
    }
    let servers = servers.into_iter().map(|(server, tools)| {
        Ok(ServerTools { server: ServerName::new(&server)?, description: None, tools: Arc::from(tools) })
    });
    Ok((DiscoveryIndex::build(&servers.collect::<Result<Vec<_>, Box<dyn Error>>>()?), names))
}
