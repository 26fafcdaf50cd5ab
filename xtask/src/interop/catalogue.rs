//! The catalogue on the command line, and its cache.

use serde_json::Value;

use super::{
    Case,
    expect::{Fault, Verdict, at, contains, holds, unexpected},
    scene::Scene,
};

pub(super) const CASES: &[Case] = &[
    Case { name: "the_second_listing_starts_no_server", run: cache },
    Case { name: "tools_are_searched_and_documented", run: search },
];

fn starts(scene: &Scene<'_>) -> Result<usize, Fault> {
    Ok(String::from_utf8_lossy(&scene.read("starts.log")?).lines().count())
}

fn cache(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("everything", scene.kit.counted_everything(&scene.path("starts.log")))])?;
    let first = scene.output(&["tools", "list"])?;
    contains("the first listing", &first, &["everything.get-sum"])?;
    let after_first = starts(scene)?;
    holds(after_first == 1, "starts of the server after the first listing", "1", after_first)?;
    let second = scene.output(&["tools", "list"])?;
    holds(second == first, "the second listing", &first, &second)?;
    let after_second = starts(scene)?;
    holds(after_second == 1, "starts of the server after the second listing", "1", after_second)?;
    let code = "import { everything } from 'mcp-servers'; return everything.echo({ message: 'x' });";
    scene.program(code, &[])?.result()?;
    let after_call = starts(scene)?;
    holds(after_call == 2, "starts of the server after a call", "2", after_call)
}

fn search(scene: &Scene<'_>) -> Verdict {
    let files = scene.path("files");
    scene.servers(&[("filesystem", scene.kit.filesystem(&files)), ("time", scene.kit.time())])?;
    let found = scene.output(&["tools", "search", "the current time", "--json"])?;
    let found: Value =
        serde_json::from_str(&found).map_err(|error| unexpected("the tools found", "JSON", error))?;
    let first = at(&found, "/tools/0/name");
    holds(first == "time.get_current_time", "the first tool found", "time.get_current_time", &found)?;
    let docs = scene.output(&["tools", "docs", "filesystem.write_file"])?;
    contains("the documentation", &docs, &["filesystem.write_file", "path: string", "content: string"])
}
