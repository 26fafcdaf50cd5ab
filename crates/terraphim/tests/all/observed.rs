//! What calls were seen to answer, from one command to the next.

use serde_json::json;

use crate::place::Place;

const CALLS: &str = "import { up } from 'mcp-servers';\nreturn [await up.add({ a: 1, b: 2 }), await up.text_json(), await up.slow({ ms: 0 })];";

fn docs(place: &Place, name: &str) -> String {
    place.terraphim(&["tools", "docs", name]).success().to_owned()
}

#[test]
fn a_result_that_nobody_declares_has_a_type_once_it_was_seen() {
    let place = Place::with_servers(&[("up", &[])]);
    assert!(docs(&place, "up.add").contains("result: unknown\n"));
    for _ in 0..2 {
        place.run(CALLS).success();
    }
    let inferred = |name: &str, result: &str| {
        let docs = docs(&place, name);
        let expected = format!("result: {result} (inferred from 2 results; not declared by the server)\n");
        assert!(docs.contains(&expected), "{docs}");
    };
    inferred("up.add", "{ sum: number }");
    inferred("up.text_json", "{ answer: number; list: number[] }");
    inferred("up.slow", "string");
    let json = place.terraphim(&["tools", "docs", "up.add", "--json"]).json();
    assert_eq!(json["docs"][0]["inferred_from"], 2);
    assert!(docs(&place, "up.list_items").contains("result: { "), "a declared type stands");
    // A program reads the same, in a later run and in any language.
    let shown =
        place.run("import { getToolDocs } from 'mcp-runtime';\nreturn (await getToolDocs('up.add')).result;");
    assert_eq!(shown.json(), "{ sum: number }");
    if place.has_bash() {
        place.file("p.sh", "mcp docs up.add --text");
        let shown = place.terraphim(&["run", "p.sh"]);
        assert!(shown.success().contains("inferred from 2 results"), "{}", shown.out);
    }
}

#[test]
fn no_value_reaches_the_disk() {
    let place = Place::with_servers(&[("up", &[])]);
    let program = "import { up } from 'mcp-servers';
        return await up.echo({ password: 'hunter2secret', by: { '4f1e8a90': 'x', 'ann@example.com': 'y' } });";
    place.run(program).success();
    let folder = place.path("data/terraphim/cache/observed");
    let mut texts = String::new();
    for file in std::fs::read_dir(&folder).expect("a folder") {
        texts += &std::fs::read_to_string(file.expect("a file").path()).expect("text");
    }
    assert!(texts.contains("password"), "{texts}");
    for value in ["hunter2secret", "4f1e8a90", "ann@example.com"] {
        assert!(!texts.contains(value), "{texts}");
    }
}

#[test]
fn it_can_be_switched_off() {
    let place = Place::with_servers(&[("up", &[])]);
    place.file("terraphim.toml", "observe_results = false\n");
    place.run(CALLS).success();
    assert!(docs(&place, "up.add").contains("result: unknown\n"));
    assert!(!place.path("data/terraphim/cache/observed").exists());
}

#[test]
fn errors_that_were_seen_stand_in_the_docs() {
    let place = Place::with_servers(&[("up", &[])]);
    let program = "import { up } from 'mcp-servers';\ntry { await up.fail() } catch {}\nreturn 1";
    place.run(program).success();
    let docs = docs(&place, "up.fail");
    assert!(docs.ends_with("  error seen: it failed on purpose\n"), "{docs}");
    assert!(docs.contains("result: unknown\n"), "a failure is no result: {docs}");
}

#[test]
fn what_a_server_does_not_keep_to_is_said_once_and_given_all_the_same() {
    let place = Place::new();
    let typed = |name: &str, given: &str| {
        json!({ "tool": {
            "name": name, "annotations": { "readOnlyHint": true },
            "inputSchema": { "type": "object", "properties": { "x": { "type": given } }, "required": ["x"] },
            "outputSchema": { "type": "object", "properties": { "x": { "type": "integer" } }, "required": ["x"] },
        } })
    };
    place.file(
        "tools.jsonl",
        format!("{}\n{}", typed("typed_point", "string"), typed("typed_right", "integer")),
    );
    let file = place.project("tools.jsonl").display().to_string();
    let server = place.server("up", &["--definitions", &file]);
    place.file(".mcp.json", json!({ "mcpServers": { "up": server } }).to_string());
    let mut programs = vec![(
        "p.ts",
        "import { up } from 'mcp-servers';\nfor (let n = 0; n < 3; n++) await up.typed_point({ x: 'no' });\nreturn (await up.typed_point({ x: 'no' })).x",
    )];
    if place.has_python() {
        programs.push((
            "p.py",
            "from mcp_servers import up\nfor n in range(3):\n    up.typed_point(x='no')\nup.typed_point(x='no')['x']",
        ));
    }
    if place.has_bash() {
        programs
            .push(("p.sh", "mcp call up.typed_point x=no >/dev/null\nmcp call up.typed_point x=no | jq .x"));
    }
    if place.has_rust() {
        programs.push((
            "p.rs",
            "use mcp_runtime::*;\nuse mcp_servers::up;\nfn main() -> Result<Value> {\n    let ask = || up::typed_point(up::TypedPoint { x: \"no\".into() });\n    \
             ask()?;\n    Ok(json!(format!(\"{:?}\", ask()?)))\n}",
        ));
    }
    if place.has_node() {
        programs.push(("p.mjs", programs[0].1));
    }
    let warning =
        r#"`up.typed_point` answered what its server does not declare: `x`: expected integer, got "no""#;
    for (name, program) in programs {
        place.file(name, program);
        let args: &[&str] = if name == "p.mjs" { &["--lang", "node"] } else { &[] };
        let ran = place.terraphim(&[&["run", name], args].concat());
        assert!(ran.success().contains("no"), "{name}: {}", ran.out);
        assert_eq!(ran.err.matches(warning).count(), 1, "{name}: {}", ran.err);
    }
    let kept = place.run("import { up } from 'mcp-servers';\nreturn await up.typed_right({ x: 1 })");
    assert_eq!((kept.json(), kept.err.as_str()), (json!({ "x": 1 }), ""));
}

#[test]
fn docs_are_told_within_a_budget_and_for_a_language() {
    let place = Place::with_servers(&[("up", &[])]);
    let names = ["up.list_items", "up.add", "up.echo", "up.env", "up.slow"];
    let ask = |more: &[&str]| place.terraphim(&[&["tools", "docs"], &names[..], more].concat());
    let tight = ask(&["--max-tokens", "420", "--json"]).json();
    let told = |level: &str| tight[level].as_array().map_or(0, Vec::len);
    assert_eq!(told("docs") + told("brief") + told("names"), 5, "{tight}");
    assert!(told("docs") >= 1 && told("docs") < 5, "{tight}");
    assert!(tight["note"].as_str().is_some_and(|note| note.contains("--max-tokens")), "{tight}");
    let shown = ask(&["--max-tokens", "200"]);
    assert!(shown.success().contains("up.list_items") && shown.err.contains("note: "), "{}", shown.err);
    let brief = ask(&["--detail", "brief", "--lang", "bash"]);
    assert!(brief.success().contains("mcp call up.add a:=number b:=number"), "{}", brief.out);
    assert!(!brief.out.contains("example:"), "{}", brief.out);
    let name = ask(&["--detail", "name"]);
    assert_eq!(name.success().trim_end().lines().collect::<Vec<_>>(), names);
    let found = place.terraphim(&["tools", "search", "add numbers", "--limit", "1", "--lang", "py"]);
    assert!(found.success().contains("add(*, a: float, b: float)"), "{}", found.out);
    let program = "import { getToolDocs, searchTools } from 'mcp-runtime';
        const page = await getToolDocs(['up.list_items', 'up.add', 'up.echo'], { maxTokens: 150 });
        const one = await getToolDocs('up.add', { detail: 'brief' });
        const found = await searchTools({ server: 'up', max_tokens: 200 });
        return [page.note, one.signature, found.note];";
    let told = place.run(program).json();
    assert!(told[0].as_str().is_some_and(|note| note.contains("for want of room")), "{told}");
    assert!(told[1].as_str().is_some_and(|signature| signature.starts_with("add(args")), "{told}");
    assert!(told[2].as_str().is_some_and(|note| note.contains("more max_tokens")), "{told}");
    if place.has_bash() {
        place.file(
            "p.sh",
            "mcp docs up.list_items up.add --max-tokens 100 --text; mcp search --server up --limit 1",
        );
        let shown = place.terraphim(&["run", "p.sh"]);
        assert!(shown.success().contains("give more --max-tokens"), "{}", shown.out);
        assert!(shown.out.contains("mcp call up."), "signatures are those of the shell: {}", shown.out);
    }
    if place.has_python() {
        place.file(
            "p.py",
            "from mcp_runtime import get_tool_docs\nget_tool_docs(['up.list_items', 'up.add'], max_tokens=100)['note']",
        );
        let shown = place.terraphim(&["run", "p.py"]);
        assert!(shown.success().contains("max_tokens"), "{}", shown.out);
    }
}
