//! Type checks, measured over tools of a file: programs of some ten calls each,
//! with arguments that the tools' own schemas declare.

use std::{path::Path, time::Instant};

use serde_json::json;
use terraphim_code_execution::{ExecuteRequest, TypeCheck};
use terraphim_mcp_codegen::{ServerModule, example_arguments};
use terraphim_sandbox::{Pool, PoolConfig};
use terraphim_types::{Language, ToolDefinition};
use tokio_util::sync::CancellationToken;

use super::{
    figure::{Figure, Promise},
    scene::failed,
};
use crate::{cli::Global, commands::complain, compose, error::CliError, settings::Settings};

/// Tools of the one server.
const TOOLS: usize = 100;

/// Tools that one program calls.
const CALLED: usize = 10;

/// Checks before anything is measured.
const WARM_UP: usize = 10;

/// What a check is to take at most, in milliseconds.
const PROMISED: f64 = 20.0;

/// How long checks take, in milliseconds: of programs that are right, and of those with a mistake.
pub(super) async fn measure(tools: &Path, runs: usize) -> Result<Vec<Figure>, CliError> {
    let temporary = tempfile::Builder::new().prefix("terraphim-bench-").tempdir();
    let temporary =
        temporary.map_err(|source| CliError::Process { action: "make a temporary folder", source })?;
    let folder = temporary.path();
    let global = Global { workspace: Some(folder.join("workspace")), ..Global::default() };
    let mut settings = Settings::read(&global)?;
    let tools = settings.here.join(tools);
    let arguments = ["bench-upstream", "--tools", "100", "--definitions"].map(|text| json!(text));
    let arguments: Vec<_> = arguments.into_iter().chain([json!(tools)]).collect();
    // Under another name: an entry with its own is left out, which is right for a user's file.
    let link = folder.join("bench-server");
    std::os::unix::fs::symlink(&settings.executable, &link)
        .map_err(|source| CliError::Process { action: "link this program", source })?;
    let entry = json!({ "command": link, "args": arguments });
    let text = json!({ "mcpServers": { "bench": entry } }).to_string();
    settings.mcp = terraphim_mcp_gateway::parse_mcp_config(Path::new("bench"), &text, &|_| None)?;
    settings.notes = Default::default();
    settings.folders.cache = None;
    settings.folders.data = Some(folder.join("data"));
    let pool =
        Pool::with_runtimes(PoolConfig { ready: 0, ..PoolConfig::default() }, settings.runtimes(&global)?);
    let gateway = compose::gateway(&settings)?;
    let executor = compose::executor(&settings, &global, pool, gateway.clone())?;
    complain(&executor.type_checker().await.map_err(failed)?);
    let server = gateway.server_names().find(|name| name.as_str() == "bench").cloned();
    let server = server.ok_or_else(|| failed("the upstream is missing".to_owned()))?;
    let definitions = gateway.tools(&server).await?;
    let module = ServerModule::new(&server, &definitions);
    let programs = programs(&module, &definitions);
    if definitions.len() != TOOLS || programs.is_empty() {
        return Err(failed(format!("the file gives {} tools, not {TOOLS}", definitions.len())));
    }
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + runs {
        let chosen = programs.get(number % programs.len()).map_or("", String::as_str);
        for (has_mistake, figures) in [(false, &mut right), (true, &mut wrong)] {
            let mistake = if has_mistake { "const no: number = 'text';\n" } else { "" };
            // No two texts are the same.
            let code = format!("{chosen}// {number}\n{mistake}");
            let request = ExecuteRequest { check: true, ..ExecuteRequest::new(code, Language::TypeScript) };
            let began = Instant::now();
            let checked = executor.check_types(&request, &CancellationToken::new()).await;
            let took = began.elapsed().as_secs_f64() * 1e3;
            match checked {
                Ok(Some(checked)) if !has_mistake && checked.state == TypeCheck::Passed => {}
                Err(error) if has_mistake && error.message.contains("TS2322") => {}
                Ok(checked) => {
                    let told = checked.map(|checked| checked.told).unwrap_or_default();
                    return Err(failed(match told.is_empty() {
                        true => "a mistake was not seen".to_owned(),
                        false => told.join("; "),
                    }));
                }
                Err(error) => return Err(failed(error.render("a program"))),
            }
            if number >= WARM_UP {
                figures.push(took);
            }
        }
    }
    gateway.shutdown().await;
    Ok(vec![
        Figure::of("type check of a right program, 100 tools", "ms", &right, Promise::AtMost(PROMISED)),
        Figure::of("type check of a wrong program, 100 tools", "ms", &wrong, Promise::AtMost(PROMISED)),
    ])
}

/// Programs that call each tool once, a few of them in each.
fn programs(module: &ServerModule, definitions: &[ToolDefinition]) -> Vec<String> {
    let calls: Vec<String> = module
        .tools
        .iter()
        .filter_map(|named| {
            let tool = definitions.iter().find(|tool| tool.name == named.name)?;
            let name = named.identifiers.first()?;
            Some(format!("bench.{name}({})", json!(example_arguments(tool)?)))
        })
        .collect();
    calls.chunks(CALLED).map(program).collect()
}

/// A program as agents write them: calls one after the other and at once, a
/// function, and a summary.
fn program(calls: &[String]) -> String {
    let mut text = String::from(
        "import { bench } from 'mcp-servers';\n\ninterface Answer {\n  call: number;\n  size: number;\n  ok: boolean;\n}\n\n\
         const answers: Answer[] = [];\nfunction keep(call: number, value: unknown): void {\n  \
         const text = JSON.stringify(value) ?? '';\n  \
         answers.push({ call, size: text.length, ok: text.length > 2 });\n}\n\n",
    );
    for (number, call) in calls.iter().enumerate() {
        text.push_str(&format!("const answer{number} = await {call};\nkeep({number}, answer{number});\n"));
    }
    text.push_str(
        "\nconst good = answers.filter(answer => answer.ok);\nconst bySize = groupBy(good, 'size');\n\
         const largest = topN(good, 3, 'size').map(answer => answer.call);\n\
         for (const [size, group] of Object.entries(bySize)) {\n  console.log(size, group.length);\n}\n\
         const total = sumBy(good, answer => answer.size);\n\
         if (total === 0) {\n  return { total: 0 };\n}\n\
         return { total, largest, sizes: Object.keys(bySize), mean: total / good.length };\n",
    );
    text
}
