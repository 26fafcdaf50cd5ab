//! Types for every server in files of tools, so that compilers can check them. Each line of a file is
//! an object `{server, serverDescription?, tool, observed?}`.
//!
//! `cargo run -p terraphim_mcp_codegen --example declare -- TOOLS.jsonl... > servers.d.ts`
//!
//! With `--out DIR` a tree for each language is written to a new folder under it (`ts`, `py`, `rs`,
//! `sh`), and how long the texts of each took is printed: `LANGUAGE FILES BYTES MICROSECONDS`.

use std::{collections::BTreeMap, error::Error, fs, path::Path, sync::Arc, time::Instant};

use serde_json::Value;
use terraphim_mcp_codegen::{ServerTools, module_declarations, server_modules, tree};
use terraphim_types::{Language, ObservedResult, ServerName, ToolDefinition};

fn main() -> Result<(), Box<dyn Error>> {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let out = files.iter().position(|argument| argument == "--out").map(|at| {
        files.remove(at);
        if at < files.len() { files.remove(at) } else { String::new() }
    });
    if files.is_empty() || out.as_deref() == Some("") {
        return Err("give the files with the tools, and a folder after --out".into());
    }
    let servers = read(&files)?;
    match out {
        None => print(&servers),
        Some(folder) => write(&servers, Path::new(&folder))?,
    }
    Ok(())
}

fn read(files: &[String]) -> Result<Vec<ServerTools>, Box<dyn Error>> {
    let mut servers: BTreeMap<ServerName, (Option<String>, Vec<ToolDefinition>)> = BTreeMap::new();
    for file in files {
        for line in fs::read_to_string(file)?.lines() {
            let line: Value = serde_json::from_str(line)?;
            let text = |name: &str| line.get(name).and_then(Value::as_str);
            let mut tool: ToolDefinition =
                serde_json::from_value(line.get("tool").cloned().unwrap_or_default())?;
            tool.observed = line.get("observed").map(observed);
            let entry = servers.entry(ServerName::new(text("server").unwrap_or_default())?).or_default();
            entry.0 = text("serverDescription").map(str::to_owned).or(entry.0.take());
            entry.1.push(tool);
        }
    }
    let server = |(server, (description, tools)): (_, (_, Vec<_>))| ServerTools {
        server,
        description,
        tools: tools.into(),
    };
    Ok(servers.into_iter().map(server).collect())
}

/// What calls gave, as a fixture says it: `{schema, observations}`.
fn observed(seen: &Value) -> Arc<ObservedResult> {
    let observations = seen.get("observations").and_then(Value::as_u64).unwrap_or_default();
    Arc::new(ObservedResult { schema: seen.get("schema").cloned().unwrap_or_default(), observations })
}

fn print(servers: &[ServerTools]) {
    let pairs: Vec<_> = servers.iter().map(|server| (&server.server, server.tools.as_ref())).collect();
    for (module, server) in server_modules(&pairs).iter().zip(servers) {
        println!("{}", module_declarations(module, server.description.as_deref(), &server.tools));
    }
}

fn write(servers: &[ServerTools], folder: &Path) -> Result<(), Box<dyn Error>> {
    let languages = [
        ("ts", Language::TypeScript),
        ("py", Language::Python),
        ("rs", Language::Rust),
        ("sh", Language::Bash),
    ];
    for (name, language) in languages {
        let began = Instant::now();
        let files = tree(language, servers, |_| true);
        let took = began.elapsed().as_micros();
        let bytes: usize = files.iter().map(|file| file.text.len()).sum();
        println!("{name} {} {bytes} {took}", files.len());
        for file in files {
            let path = folder.join(name).join(&file.path);
            fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
            fs::write(path, file.text)?;
        }
    }
    Ok(())
}
