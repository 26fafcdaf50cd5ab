//! Types are checked before a program runs, by TypeScript's own native checker over the tools of real servers.

use serde_json::{Value, json};

use super::{
    Case,
    expect::{Verdict, at, contains, equals, holds, tells, unexpected},
    scene::Scene,
};

pub(super) const CASES: &[Case] = &[
    Case { name: "the_type_checker_is_named_by_doctor", run: named },
    Case { name: "a_program_with_wrong_types_is_not_run", run: refused },
    Case { name: "a_right_program_passes_the_type_check", run: passes },
    Case { name: "nothing_of_the_machine_is_read_by_the_type_checker", run: walled },
    Case { name: "a_type_check_over_100_tools_takes_at_most_20_ms", run: measured },
];

/// Tools of the measurement, and checks that are measured.
const TOOLS: usize = 100;
const RUNS: &str = "60";

/// Measurements, of which one has to hold: others may keep the machine busy.
const ATTEMPTS: usize = 3;

fn prepare(scene: &Scene<'_>) -> Verdict {
    let settings = format!("type_checker = {}\n", json!(scene.kit.type_checker()));
    scene.write("terraphim.toml", &settings)?;
    let files = scene.kit.filesystem(&scene.path("files"));
    scene.servers(&[("everything", scene.kit.everything()), ("files", files)])
}

fn named(scene: &Scene<'_>) -> Verdict {
    prepare(scene)?;
    let told = scene.output(&["doctor"])?;
    contains("what doctor says", &told, &["type checker", "typescript-go 7.0.2", "and its jail starts"])
}

fn refused(scene: &Scene<'_>) -> Verdict {
    prepare(scene)?;
    let program = "import { files } from 'mcp-servers';\n\
                   await files.write_file({ path: 'made.txt', content: 'x' });\n\
                   return await files.read_text_file({ pth: 'made.txt' });\n";
    let ran = scene.program(program, &["--check", "--allow", "files.*"])?;
    let error = ran.error(1, "syntax")?;
    equals(error, "/line", &json!(3))?;
    tells(error, "/message", &["'pth' does not exist in type 'ReadTextFileArgs'", "(TS2"])?;
    let made = scene.path("files/made.txt");
    holds(!made.exists(), "the file that the program would write", "not there", made.display())
}

fn passes(scene: &Scene<'_>) -> Verdict {
    prepare(scene)?;
    scene.write("files/a.txt", "one\ntwo\n")?;
    let program = "import { everything, files } from 'mcp-servers';\n\
                   const { allowed } = { allowed: await files.list_allowed_directories() };\n\
                   const sum = await everything.get_sum({ a: 2, b: 3 });\n\
                   const answers = await Promise.all(['x', 'y'].map(message => everything.echo({ message })));\n\
                   return { sum, answers: answers.length, allowed: JSON.stringify(allowed).length > 2 };\n";
    let ran = scene.program(program, &["--check"])?;
    equals(ran.result()?, "/answers", &json!(2))?;
    equals(&ran.outcome, "/logs", &json!(""))
}

fn walled(scene: &Scene<'_>) -> Verdict {
    prepare(scene)?;
    let secret = scene.write("secret.ts", "export const password: 'hunter2' = 'hunter2';\n")?;
    let program = format!(
        "/// <reference path={0}/>\nimport {{ password }} from {0};\nimport x from '/etc/passwd';\n\
         const n: number = password;\nreturn x;\n",
        json!(secret)
    );
    let ran = scene.program(&program, &["--check"])?;
    let error = ran.error(1, "syntax")?;
    let told = error.to_string();
    holds(!told.contains("hunter2") && !told.contains("root:"), "the error", "nothing of the files", &told)
}

fn measured(scene: &Scene<'_>) -> Verdict {
    prepare(scene)?;
    let lines: String = (0..TOOLS).map(|number| format!("{}\n", json!({ "tool": tool(number) }))).collect();
    let file = scene.write("tools.jsonl", &lines)?;
    let file = file.display().to_string();
    let mut held = Ok(());
    for _ in 0..ATTEMPTS {
        held = figures(scene, &file);
        if held.is_ok() {
            break;
        }
    }
    held
}

/// Measures once; whether what is promised holds.
fn figures(scene: &Scene<'_>, tools: &str) -> Verdict {
    // It ends with another code where a promise is missed, and prints the figures all the same.
    let told = scene.printed(&["bench", "--check", tools, "--runs", RUNS, "--json"])?;
    let told: Value =
        serde_json::from_str(&told).map_err(|error| unexpected("the figures", "JSON", error))?;
    for number in 0..2 {
        let figure = at(&told, &format!("/figures/{number}"));
        print!("{} p50 {:.1} ms ... ", at(figure, "/name"), at(figure, "/p50").as_f64().unwrap_or(f64::NAN));
        equals(figure, "/holds", &json!(true))?;
    }
    Ok(())
}

/// A tool as real servers have them: nested arguments, choices, lists, and for some a declared result.
fn tool(number: usize) -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let item = json!({
        "type": "object",
        "properties": { "id": { "type": "integer" }, "title": text("what it is called"), "labels": { "type": "array", "items": text("a label") } },
        "required": ["id", "title"],
    });
    let mut tool = json!({
        "name": format!("list_issues_{number}"),
        "description": "Lists what matches, newest first, with paging and a filter.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "owner": text("whose"),
                "state": { "type": "string", "enum": ["open", "closed", "all"], "default": "open" },
                "filter": { "type": "object", "properties": {
                    "labels": { "type": "array", "items": text("a label") }, "since": text("a date"), "assignee": { "anyOf": [text("a name"), { "type": "null" }] },
                } },
                "page": { "type": "integer", "minimum": 1 },
            },
            "required": ["owner", "state"],
        },
    });
    if number.is_multiple_of(5)
        && let Some(tool) = tool.as_object_mut()
    {
        let output = json!({ "type": "object", "properties": { "items": { "type": "array", "items": item } }, "required": ["items"] });
        tool.insert("outputSchema".into(), output);
    }
    tool
}
