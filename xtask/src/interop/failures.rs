//! Servers that do not start, talk nonsense or crash harm nobody but their
//! own callers, and our own entry in a configuration starts no circle.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{
    Case,
    expect::{Verdict, at, contains, equals, holds, tells},
    scene::Scene,
};
use crate::error::Error;

pub(super) const CASES: &[Case] = &[
    Case { name: "a_server_that_does_not_start_says_so", run: missing },
    Case { name: "a_server_that_prints_garbage_says_so", run: garbage },
    Case { name: "a_server_that_crashes_in_a_call_says_so", run: crashing },
    Case { name: "our_own_entries_are_skipped", run: own_entry },
    Case { name: "a_program_that_never_ends_is_ended", run: runaway },
];

/// Calls a tool of a sick server beside a healthy one and tells both answers.
fn beside_a_healthy_one(name: &str, tool: &str) -> String {
    format!(
        "import {{ {name}, everything }} from 'mcp-servers';
         const [sick, healthy] = await Promise.allSettled([{name}.{tool}({{}}), everything.echo({{ message: 'well' }})]);
         const after = await everything.echo({{ message: 'still well' }});
         return {{ sick: sick.reason && {{ ...sick.reason, message: sick.reason.message }}, healthy: healthy.value, after }};"
    )
}

fn check(
    scene: &Scene<'_>,
    name: &str,
    tool: &str,
    entry: Value,
    options: &[&str],
    told: &[&str],
) -> Verdict {
    scene.servers(&[(name, entry), ("everything", scene.kit.everything())])?;
    let ran = scene.program(&beside_a_healthy_one(name, tool), options)?;
    let result = ran.result()?;
    equals(result, "/healthy", &json!("Echo: well"))?;
    equals(result, "/after", &json!("Echo: still well"))?;
    equals(result, "/sick/server", &json!(name))?;
    tells(result, "/sick/message", told)
}

fn missing(scene: &Scene<'_>) -> Verdict {
    let entry = json!({ "command": "/nonexistent" });
    check(scene, "missing", "anything", entry, &[], &["missing", "`/nonexistent` was not found"])
}

/// The server has as long to start as a first download may take, so the run needs longer than its default.
fn garbage(scene: &Scene<'_>) -> Verdict {
    let entry = json!({ "command": "sh", "args": ["-c", "echo garbage; sleep 600"] });
    check(scene, "broken", "anything", entry, &["--timeout", "100s"], &["broken", "did not start", "garbage"])
}

fn crashing(scene: &Scene<'_>) -> Verdict {
    let entry = scene.kit.crashing();
    check(scene, "crashing", "crash", entry, &[], &["crashing", "out of cheese"])
}

fn own_entry(scene: &Scene<'_>) -> Verdict {
    let renamed = scene.path("another-name");
    symlink(&scene.kit.binary, &renamed).map_err(Error::io("make a link"))?;
    scene.servers(&[
        ("itself", json!({ "command": scene.kit.binary, "args": ["mcp"] })),
        ("renamed", json!({ "command": renamed, "args": ["mcp"] })),
        ("everything", scene.kit.everything()),
    ])?;
    let listed = scene.output(&["tools", "list", "--json"])?;
    let listed: Value = serde_json::from_str(&listed).unwrap_or_default();
    let names: Vec<_> = at(&listed, "/servers")
        .as_array()
        .into_iter()
        .flatten()
        .map(|server| at(server, "/server"))
        .collect();
    let healthy = names.iter().any(|name| *name == "everything");
    let own = names.iter().any(|name| *name == "itself" || *name == "renamed");
    holds(
        healthy && !own,
        "the servers listed",
        "`everything`, and neither `itself` nor `renamed`",
        &listed,
    )?;
    for name in ["itself", "renamed"] {
        let ran = scene.program(&format!("import {{ {name} }} from 'mcp-servers';\nreturn {name};"), &[])?;
        contains("the error of an import", &ran.error(1, "syntax")?.to_string(), &[name])?;
    }
    let ran = scene.program(
        "import { everything } from 'mcp-servers'; return everything.echo({ message: 'x' });",
        &[],
    )?;
    equals(ran.result()?, "", &json!("Echo: x"))
}

fn runaway(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let code =
        "import { everything } from 'mcp-servers'; await everything.echo({ message: 'x' }); for (;;) {}";
    let ran = scene.program(code, &["--timeout", "4s"])?;
    tells(ran.error(3, "limit")?, "/message", &["4 s"])?;
    let elapsed = at(&ran.outcome, "/usage/wall_ms").as_f64().unwrap_or(f64::INFINITY);
    holds((4000.0..5000.0).contains(&elapsed), "the run's time", "4 to 5 s", elapsed)?;
    let hoard = "const hoard = []; for (;;) hoard.push('x'.repeat(1 << 20) + hoard.length);";
    let ran = scene.program(hoard, &["--memory", "64"])?;
    tells(ran.error(3, "limit")?, "/message", &["memory"])
}
