//! Real MCP clients against `terraphim mcp`, in both eras of the protocol.

use serde_json::{Value, json};

use super::{
    Case,
    expect::{Fault, Verdict, at, contains, equals, holds, tells},
    scene::Scene,
};

pub(super) const CASES: &[Case] = &[
    Case { name: "inspector_lists_the_tools", run: |scene| inspector_lists(scene, "legacy") },
    Case { name: "inspector_lists_the_tools_newer_era", run: |scene| inspector_lists(scene, "modern") },
    Case { name: "inspector_runs_a_program", run: |scene| inspector_runs(scene, "legacy") },
    Case { name: "inspector_runs_a_program_newer_era", run: |scene| inspector_runs(scene, "modern") },
    Case { name: "client_greets_and_lists", run: |scene| greets(scene, "legacy") },
    Case { name: "client_greets_and_lists_newer_era", run: |scene| greets(scene, "auto") },
    Case { name: "client_runs_a_program", run: |scene| runs(scene, "legacy") },
    Case { name: "client_runs_a_program_newer_era", run: |scene| runs(scene, "auto") },
    Case { name: "client_sees_failures", run: |scene| failures(scene, "legacy") },
    Case { name: "client_sees_failures_newer_era", run: |scene| failures(scene, "auto") },
    Case { name: "client_receives_progress", run: |scene| progress(scene, "legacy") },
    Case { name: "client_receives_progress_newer_era", run: |scene| progress(scene, "auto") },
    Case { name: "client_cancels_a_run", run: |scene| cancellation(scene, "legacy") },
    Case { name: "client_cancels_a_run_newer_era", run: |scene| cancellation(scene, "auto") },
    Case { name: "client_searches_and_reads_docs", run: discovery },
    Case { name: "client_runs_many_at_once", run: concurrency },
    Case { name: "client_waits_for_a_long_run", run: waiting },
];

/// The tools of the default face.
const TOOLS: [&str; 4] = ["execute_code", "get_tool_docs", "search_tools", "wait"];

/// Runs the inspector against our server.
fn inspect(scene: &Scene<'_>, era: &str, words: &[&str]) -> Result<Value, Fault> {
    inspect_with(scene, era, words, &[])
}

/// The same against a server that is started with further words.
pub(super) fn inspect_with(
    scene: &Scene<'_>,
    era: &str,
    words: &[&str],
    server: &[&str],
) -> Result<Value, Fault> {
    let mut command = scene.kit.inspector();
    command.args(["--quiet", "--format", "json", "--protocol-era", era]).args(words).arg("--");
    let answer = scene.json(command.args(scene.server_words()).args(server))?;
    Ok(at(&answer, "/result").clone())
}

/// Runs a scenario of the Python client against our server.
fn client(scene: &Scene<'_>, era: &str, scenario: &str) -> Result<Value, Fault> {
    let mut command = scene.kit.client();
    command.args([era, scenario]).args(scene.server_words());
    scene.json(&mut command)
}

fn listed(value: &Value) -> Verdict {
    let tools = at(value, "/tools").as_array().cloned().unwrap_or_default();
    let mut names: Vec<_> = tools.iter().filter_map(|tool| at(tool, "/name").as_str()).collect();
    names.sort_unstable();
    holds(names == TOOLS, "the tools listed", &TOOLS.join(", "), names.join(", "))?;
    for tool in &tools {
        for part in ["/description", "/inputSchema", "/outputSchema", "/annotations"] {
            holds(!at(tool, part).is_null(), &format!("`{part}` of a tool"), "something", tool)?;
        }
        let read_only = at(tool, "/name") != "execute_code";
        equals(tool, "/annotations/readOnlyHint", &json!(read_only))?;
    }
    Ok(())
}

fn inspector_lists(scene: &Scene<'_>, era: &str) -> Verdict {
    listed(&inspect(scene, era, &["--method", "tools/list", "--strict"])?)
}

fn inspector_runs(scene: &Scene<'_>, era: &str) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let code = "import { everything } from 'mcp-servers'; return { sum: await everything.getSum({ a: 20, b: 22 }) };";
    let arguments = json!({ "code": code }).to_string();
    let call = ["--method", "tools/call", "--tool-name", "execute_code", "--tool-args-json", &arguments];
    let answer = inspect(scene, era, &call)?;
    equals(&answer, "/structuredContent/result", &json!({ "sum": "The sum of 20 and 22 is 42." }))?;
    equals(&answer, "/structuredContent/usage/tool_calls", &json!(1))?;
    tells(&answer, "/content/0/text", &["The sum of 20 and 22 is 42."])
}

fn greets(scene: &Scene<'_>, era: &str) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let seen = client(scene, era, "tools")?;
    equals(&seen, "/server/name", &json!("terraphim"))?;
    let newer = at(&seen, "/protocol").as_str().is_some_and(|version| version >= "2026");
    holds(newer == (era == "auto"), "the protocol's version", era, at(&seen, "/protocol"))?;
    tells(&seen, "/instructions", &["everything", "execute_code"])?;
    listed(&seen)
}

fn runs(scene: &Scene<'_>, era: &str) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let seen = client(scene, era, "success")?;
    equals(&seen, "/is_error", &json!(false))?;
    equals(&seen, "/structured/result", &json!({ "answer": 42 }))?;
    tells(&seen, "/structured/logs", &["a line"])?;
    tells(&seen, "/structured/run_id", &["run_"])?;
    tells(&seen, "/text", &["42", "a line"])?;
    let seen = client(scene, era, "tool_call")?;
    equals(&seen, "/structured/result", &json!("The sum of 20 and 22 is 42."))
}

fn failures(scene: &Scene<'_>, era: &str) -> Verdict {
    scene.servers(&[("memory", scene.kit.memory(&scene.path("memory.jsonl")))])?;
    let thrown = client(scene, era, "failure")?;
    equals(&thrown, "/is_error", &json!(true))?;
    tells(&thrown, "/text", &["out of cheese", ":2:"])?;
    equals(&thrown, "/structured/error/kind", &json!("runtime"))?;
    let denied = client(scene, era, "denied")?;
    equals(&denied, "/is_error", &json!(true))?;
    tells(&denied, "/text", &["memory.delete_entities", "--allow"])?;
    let limit = client(scene, era, "limit")?;
    equals(&limit, "/is_error", &json!(true))?;
    tells(&limit, "/text", &["0.3 s"])?;
    let unknown = client(scene, era, "unknown_run")?;
    equals(&unknown, "/is_error", &json!(true))?;
    tells(&unknown, "/text", &["run_0000"])
}

fn progress(scene: &Scene<'_>, era: &str) -> Verdict {
    let seen = client(scene, era, "progress")?;
    equals(&seen, "/structured/result", &json!("done"))?;
    let steps = at(&seen, "/progress").as_array().cloned().unwrap_or_default();
    let values: Vec<_> = steps.iter().filter_map(|step| at(step, "/progress").as_f64()).collect();
    let rising = values.iter().zip(values.iter().skip(1)).all(|(before, after)| before < after);
    holds(values.len() >= 2 && rising, "the progress of 2.5 s", "at least two rising steps", &seen)
}

fn cancellation(scene: &Scene<'_>, era: &str) -> Verdict {
    let seen = client(scene, era, "cancellation")?;
    equals(&seen, "/idle", &json!(true))?;
    equals(&seen, "/spinning", &json!(1))?;
    equals(&seen, "/gone", &json!(true))?;
    let gone_after = at(&seen, "/gone_after").as_f64().unwrap_or(f64::INFINITY);
    holds(gone_after < 2.0, "the time from the cancellation to the process's end", "under 2 s", gone_after)?;
    equals(&seen, "/settled", &json!(true))?;
    equals(&seen, "/after/structured/result", &json!("alive"))
}

fn discovery(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything()), ("time", scene.kit.time())])?;
    let seen = client(scene, "auto", "discovery")?;
    equals(&seen, "/search/is_error", &json!(false))?;
    equals(&seen, "/search/structured/tools/0/name", &json!("everything.get-sum"))?;
    tells(&seen, "/search/text", &["everything.get-sum"])?;
    equals(&seen, "/docs/structured/docs/0/name", &json!("everything.get-sum"))?;
    let unknown = at(&seen, "/docs/structured/unknown").to_string();
    contains("the unknown name", &unknown, &["everything.get-sun", "everything.get-sum"])
}

fn concurrency(scene: &Scene<'_>) -> Verdict {
    let seen = client(scene, "legacy", "concurrency")?;
    let squares: Vec<_> = (0..20).map(|n| n * n).collect();
    equals(&seen, "/results", &json!(squares))
}

fn waiting(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let seen = client(scene, "auto", "waiting")?;
    equals(&seen, "/first/is_error", &json!(false))?;
    equals(&seen, "/first/structured/status", &json!("running"))?;
    tells(&seen, "/first/text", &["wait", "run_"])?;
    equals(&seen, "/second/is_error", &json!(false))?;
    equals(&seen, "/second/structured/run_id", at(&seen, "/first/structured/run_id"))?;
    tells(&seen, "/second/structured/result", &["completed"])
}
