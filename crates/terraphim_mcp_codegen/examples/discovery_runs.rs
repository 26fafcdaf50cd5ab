//! What the tool search answers to sets of queries, as lines of JSON for
//! `cargo xtask eval discovery`, which knows the right answers and judges.
//!
//! `discovery_runs FOLDER [--setting LABEL FIELD=VALUE,...]... --set NAME QUERIES[,QUERIES] TOOLS[,TOOLS]...`
//!
//! Files are relative to the folder. Each answer is
//! `{setting, set, query, tools: [id], micros}`; each set ends with
//! `{set, tools, servers, index_millis, index_bytes, update_micros: [..]}`.

use std::{collections::BTreeMap, error::Error, fs, path::Path, sync::Arc, time::Instant};

use serde_json::{Value, json};
use terraphim_mcp_codegen::{DiscoveryIndex, ServerTools, ToolPage, ToolQuery, Weights};
use terraphim_types::{ServerName, ToolDefinition};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The sets' ids of a tool, by its qualified name.
type Ids = BTreeMap<String, Vec<String>>;

/// How many servers are updated to measure what an update takes.
const UPDATES: usize = 50;

struct Set {
    name: String,
    queries: Vec<String>,
    tools: Vec<String>,
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("give the folder with the discovery sets")?;
    let mut sets = Vec::new();
    let mut settings = vec![("default".to_owned(), Weights::default())];
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().ok_or_else(|| format!("`{argument}` needs more words"));
        let split = |text: String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        match argument.as_str() {
            "--set" => sets.push(Set { name: next()?, queries: split(next()?), tools: split(next()?) }),
            "--setting" => settings.push((next()?, weights(&next()?)?)),
            other => return Err(format!("`{other}` is not understood").into()),
        }
    }
    sets.iter().try_for_each(|set| run(Path::new(&folder), set, &settings))
}

/// The default weights with some changed, as in `synonym=0.3,action=0`; `fields.0`
/// is one element of a list.
fn weights(changes: &str) -> Outcome<Weights> {
    let mut weights = Weights::default();
    for change in changes.split(',') {
        let (name, value) = change.split_once('=').ok_or("a setting is `name=value`")?;
        let value: f32 = value.parse()?;
        if let Some(field) = name.strip_prefix("fields.") {
            *weights.fields.get_mut(field.parse::<usize>()?).ok_or("no such field")? = value;
            continue;
        }
        *match name {
            "length" => &mut weights.length,
            "saturation" => &mut weights.saturation,
            "synonym" => &mut weights.synonym,
            "name_coverage" => &mut weights.name_coverage,
            "action" => &mut weights.action,
            "server" => &mut weights.server,
            "sentence" => &mut weights.sentence,
            "file" => &mut weights.file,
            "correction" => &mut weights.correction,
            other => return Err(format!("there is no weight `{other}`").into()),
        } = value;
    }
    Ok(weights)
}

fn read(path: &Path) -> Outcome<Vec<Value>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The servers of the files, and the sets' ids of the tools by our qualified names.
fn servers(folder: &Path, files: &[String]) -> Outcome<(Vec<ServerTools>, Ids)> {
    let mut servers: BTreeMap<String, (String, Vec<ToolDefinition>)> = BTreeMap::new();
    let mut ids = Ids::new();
    for (number, file) in files.iter().enumerate() {
        for line in read(&folder.join(file))? {
            let named = Some(text(&line, "server")).filter(|name| !name.is_empty()).map(str::to_owned);
            let server = named.unwrap_or_else(|| format!("tools{number}"));
            let mut tool = line.get("tool").cloned().unwrap_or_default();
            if let Some(map) = tool.as_object_mut()
                && let Some(schema) = map.remove("input_schema")
            {
                map.insert("inputSchema".to_owned(), schema);
            }
            let mut tool: ToolDefinition = serde_json::from_value(tool)?;
            if tool.input_schema.is_null() {
                tool.input_schema = json!({ "type": "object" });
            }
            ids.entry(format!("{server}.{}", tool.name)).or_default().push(text(&line, "id").to_owned());
            let entry = servers
                .entry(server)
                .or_insert_with(|| (text(&line, "serverDescription").to_owned(), Vec::new()));
            entry.1.push(tool);
        }
    }
    let servers = servers.into_iter().map(|(server, (description, tools))| {
        let description = (!description.is_empty()).then_some(description);
        Ok(ServerTools { server: ServerName::new(&server)?, description, tools: Arc::from(tools) })
    });
    Ok((servers.collect::<Outcome<_>>()?, ids))
}

fn run(folder: &Path, set: &Set, settings: &[(String, Weights)]) -> Outcome<()> {
    let (mut servers, ids) = servers(folder, &set.tools)?;
    let start = Instant::now();
    let index = DiscoveryIndex::build(&servers);
    let index_millis = start.elapsed().as_secs_f64() * 1e3;
    // The first one lies where the files were parsed; what others take is new memory.
    let before = resident_bytes()?;
    let others = [DiscoveryIndex::build(&servers), DiscoveryIndex::build(&servers)];
    let index_bytes = resident_bytes()?.saturating_sub(before) / 2;
    drop(others);
    let mut queries = Vec::new();
    for file in &set.queries {
        queries.extend(read(&folder.join(file))?);
    }
    for (setting, weights) in settings {
        let index = index.reweighted(*weights);
        for line in &queries {
            let query = ToolQuery { query: Some(text(line, "text").to_owned()), ..ToolQuery::default() };
            let mut micros = f64::INFINITY;
            let mut page = ToolPage::default();
            // The fastest of three, since other programs run on the machine too.
            for _ in 0..if settings.len() == 1 { 3 } else { 1 } {
                let start = Instant::now();
                page = index.search(&query);
                micros = micros.min(start.elapsed().as_secs_f64() * 1e6);
            }
            let of_hit = |name: &String| ids.get(name).cloned().unwrap_or_default();
            // For each place of the page the ids of its tool; a set may list one name twice.
            let tools: Vec<Vec<String>> = page.tools.iter().map(|hit| of_hit(&hit.name)).collect();
            let servers: Vec<&str> = page.tools.iter().map(|hit| hit.server.as_str()).collect();
            let also: Vec<Vec<String>> =
                page.tools.iter().map(|hit| hit.also.iter().flat_map(of_hit).collect()).collect();
            let answer = json!({ "setting": setting, "set": set.name, "query": text(line, "id"), "text": text(line, "text"),
                "tools": tools, "servers": servers, "also": also, "micros": micros });
            println!("{answer}");
        }
    }
    let update_micros = if settings.len() == 1 { updates(&index, &mut servers)? } else { Vec::new() };
    let summary = json!({ "set": set.name, "tools": index.len(), "servers": servers.len(),
        "index_millis": index_millis, "index_bytes": index_bytes, "update_micros": update_micros });
    println!("{summary}");
    Ok(())
}

/// Changes one server after the other, as `list_changed` does; the time of each update.
fn updates(index: &DiscoveryIndex, servers: &mut [ServerTools]) -> Outcome<Vec<f64>> {
    let step = servers.len().div_ceil(UPDATES).max(1);
    let mut times = Vec::new();
    let mut last = None;
    for at in (0..servers.len()).step_by(step) {
        let Some(server) = servers.get_mut(at) else { continue };
        let mut tools = server.tools.to_vec();
        if let Some(tool) = tools.first_mut() {
            tool.description = Some(format!("Something new, unheard{at} of before."));
        }
        server.tools = Arc::from(tools);
        let mut micros = f64::INFINITY;
        let mut next = None;
        // The fastest of three, as with queries.
        for _ in 0..3 {
            let start = Instant::now();
            next = Some(last.as_ref().unwrap_or(index).updated(servers));
            micros = micros.min(start.elapsed().as_secs_f64() * 1e6);
        }
        times.push(micros);
        last = next;
    }
    Ok(times)
}

/// What of this process is in memory.
fn resident_bytes() -> Outcome<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("no resident size in /proc/self/statm")?.parse()?;
    Ok(pages * 4096)
}
