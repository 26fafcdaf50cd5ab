//! What may change something is called only where the user allows it.

use serde_json::json;

use super::{
    Case,
    expect::{Verdict, equals, holds, tells},
    scene::Scene,
};

pub(super) const CASES: &[Case] = &[
    Case { name: "a_writing_call_is_denied_without_allow", run: denied },
    Case { name: "a_pattern_allows_what_it_matches_only", run: pattern },
    Case { name: "a_denied_call_can_be_caught", run: caught },
];

const WRITE: &str = "
    import { memory } from 'mcp-servers';
    return await memory.create_entities({ entities: [{ name: 'a', entityType: 'b', observations: [] }] });";

fn memory(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("memory", scene.kit.memory(&scene.path("memory.jsonl")))])
}

fn denied(scene: &Scene<'_>) -> Verdict {
    memory(scene)?;
    let ran = scene.program(WRITE, &[])?;
    let error = ran.error(1, "denied")?;
    tells(error, "/message", &["memory.create_entities", "--allow"])?;
    equals(error, "/line", &json!(3))?;
    let written = scene.path("memory.jsonl");
    holds(!written.exists(), "the memory's file", "untouched", written.display())?;
    let ran = scene.program(WRITE, &["--allow", "memory.create_entities"])?;
    equals(ran.result()?, "/0/name", &json!("a"))
}

fn pattern(scene: &Scene<'_>) -> Verdict {
    memory(scene)?;
    scene.program(WRITE, &["--allow", "memory.read*"])?.error(1, "denied")?;
    scene.program(WRITE, &["--allow", "other.*"])?.error(1, "denied")?;
    let ran = scene.program(WRITE, &["--allow", "other.*", "--allow", "memory.create_*"])?;
    equals(ran.result()?, "/0/name", &json!("a"))
}

fn caught(scene: &Scene<'_>) -> Verdict {
    memory(scene)?;
    let code = "
        import { memory } from 'mcp-servers';
        const refusal = await memory.delete_entities({ entityNames: ['a'] }).catch(error => error);
        return { tool: refusal.tool, kind: refusal.kind, graph: await memory.read_graph() };";
    let ran = scene.program(code, &[])?;
    let graph = json!({ "entities": [], "relations": [] });
    equals(ran.result()?, "", &json!({ "tool": "delete_entities", "kind": "denied", "graph": graph }))
}
