//! Generated types under the strict checkers of their languages.

use std::{fs, path::Path, process::Command, time::Duration};

use super::{
    Case,
    expect::{Fault, Verdict, contains, holds},
    install::{self, Checkers},
    scene::Scene,
};
use crate::{
    error::Error,
    eval::types::{self, Profile},
    process::{self, Ended},
    tree::target_folder,
};

pub(super) const CASES: &[Case] = &[
    Case { name: "types_of_fixture_servers_are_strict", run: fixtures },
    Case { name: "types_of_real_servers_guide_typescript", run: typescript },
    Case { name: "types_of_real_servers_guide_python", run: python },
];

/// How long a checker may take.
const DEADLINE: Duration = Duration::from_secs(300);

/// A program that is right, and in it what each wrong one has in its place.
const TYPESCRIPT: &str = "\
import { memory, everything } from 'mcp-servers';
import { searchTools } from 'mcp-runtime';
const graph = await memory.read_graph();
const byType = groupBy(graph.entities, 'entityType');
const sum = await everything.getSum({ a: 1, b: 2 });
const raw = await everything.echo.raw({ message: 'x' });
const found = await searchTools({ query: 'sum', limit: 3 });
export default { types: Object.keys(byType), sum, failed: raw.isError, names: found.tools.map((tool) => tool.name) };
";
const WRONG_TYPESCRIPT: &[(&str, &str, &str)] = &[
    ("{ a: 1, b: 2 }", "{ a: 1 }", "TS2741"),
    ("{ a: 1, b: 2 }", "{ a: 'x', b: 2 }", "TS2322"),
    ("graph.entities", "graph.entries", "TS2339"),
    ("everything.echo", "everything.eco", "does not exist"),
];

const PYTHON: &str = "\
import asyncio

from mcp_runtime import search_tools
from mcp_servers import everything, memory

graph = memory.read_graph()
names = [entity[\"name\"].upper() for entity in graph[\"entities\"]]
everything.get_sum(a=1, b=2)
everything.get_sum({\"a\": 1, \"b\": 2})


async def main() -> None:
    again, found = await asyncio.gather(memory.read_graph(), search_tools(\"sum\"))
    print(again[\"relations\"], found[\"tools\"], await everything.echo.raw(message=\"x\"))


asyncio.run(main())
";
const WRONG_PYTHON: &[(&str, &str, &str)] = &[
    ("get_sum(a=1, b=2)", "get_sum(a=1)", "call-overload"),
    ("get_sum(a=1, b=2)", "get_sum(a=\"x\", b=2)", "call-overload"),
    ("graph[\"entities\"]", "graph[\"entries\"]", "call-overload"),
    ("again[\"relations\"]", "again[\"relation\"]", "typeddict-item"),
    ("everything.echo", "everything.eco", "attr-defined"),
];

fn checkers() -> Result<Checkers, Error> {
    install::checkers(&target_folder()?.join("checkers"))
}

fn fixtures(scene: &Scene<'_>) -> Verdict {
    let tree = scene.path("tree");
    types::write(&types::fixtures()?, &tree, Profile::Debug)?;
    let findings = types::check(&checkers()?, &tree)?;
    holds(findings.is_empty(), "what the checkers say", "nothing", findings.join("\n"))
}

/// Writes the types of two real servers.
fn written(scene: &Scene<'_>, language: &str) -> Result<std::path::PathBuf, Fault> {
    let memory = scene.kit.memory(&scene.path("memory.json"));
    scene.servers(&[("memory", memory), ("everything", scene.kit.everything())])?;
    let folder = scene.path(language);
    scene.output(&["tools", "types", "--lang", language, "--out", &folder.display().to_string()])?;
    Ok(folder)
}

fn save(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::io(format!("write {}", path.display())))
}

fn programs(
    folder: &Path,
    file: &str,
    right: &str,
    wrong: &[(&str, &str, &str)],
    check: impl Fn() -> Result<Ended, Error>,
) -> Verdict {
    let path = folder.join(file);
    save(&path, right)?;
    let ended = check()?;
    holds(ended.code == Some(0), "what the checker says of a right program", "nothing", ended.stdout)?;
    for (part, instead, complaint) in wrong {
        let text = right.replace(part, instead);
        holds(text != right, "the wrong program", "another", &text)?;
        save(&path, &text)?;
        let ended = check()?;
        contains(&format!("what the checker says of `{instead}`"), &ended.stdout, &[complaint])?;
    }
    Ok(())
}

fn typescript(scene: &Scene<'_>) -> Verdict {
    let (folder, checkers) = (written(scene, "ts")?, checkers()?);
    programs(&folder, "program.ts", TYPESCRIPT, WRONG_TYPESCRIPT, || {
        process::capture(Command::new(&checkers.tsc).args(["-p", "."]).current_dir(&folder), DEADLINE)
    })
}

fn python(scene: &Scene<'_>) -> Verdict {
    let (folder, checkers) = (written(scene, "py")?, checkers()?);
    programs(&folder, "program.py", PYTHON, WRONG_PYTHON, || {
        process::capture(
            Command::new(&checkers.mypy)
                .args(["--strict", "--no-incremental", "program.py"])
                .current_dir(&folder),
            DEADLINE,
        )
    })
}
