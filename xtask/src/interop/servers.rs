//! Every real server is imported as a module, and what its tools answer
//! arrives as values.

use std::{
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    Case,
    expect::{Verdict, at, contains, equals, holds, tells, unexpected},
    scene::{Scene, literal},
};

pub(super) const CASES: &[Case] = &[
    Case { name: "filesystem_reads_and_lists", run: filesystem },
    Case { name: "memory_writes_and_reads_in_one_program", run: memory },
    Case { name: "git_status_and_log", run: git },
    Case { name: "time_now", run: time },
    Case { name: "everything_texts_and_structures", run: everything },
    Case { name: "everything_images_become_files", run: images },
    Case { name: "everything_long_calls_run_in_parallel", run: parallel },
    Case { name: "several_servers_in_one_program", run: several },
    Case { name: "a_tool_error_is_thrown_and_caught", run: tool_error },
    Case { name: "tools_are_found_from_within", run: discovery },
    Case { name: "a_long_result_goes_to_the_workspace", run: long_result },
];

fn filesystem(scene: &Scene<'_>) -> Verdict {
    let files = scene.path("files");
    let file = scene.write("files/poem.txt", "one line\nümläute\n")?;
    scene.servers(&[("filesystem", scene.kit.filesystem(&files))])?;
    let code = format!(
        "import {{ filesystem }} from 'mcp-servers';
         const [text, list, head] = await Promise.all([
           filesystem.read_text_file({{ path: {file} }}),
           filesystem.listDirectory({{ path: {files} }}),
           filesystem.read_text_file({{ path: {file}, head: 1 }}),
         ]);
         return {{ text, list, head }};",
        file = literal(&file),
        files = literal(&files),
    );
    let ran = scene.program(&code, &[])?;
    let result = ran.result()?;
    equals(result, "/text/content", &json!("one line\nümläute\n"))?;
    equals(result, "/list/content", &json!("[FILE] poem.txt"))?;
    tells(result, "/head/content", &["one line"])?;
    equals(&ran.outcome, "/usage/tool_calls", &json!(3))
}

fn memory(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("memory", scene.kit.memory(&scene.path("memory.jsonl")))])?;
    let code = "
        import { memory } from 'mcp-servers';
        const ada = { name: 'Ada', entityType: 'person', observations: ['wrote the first program'] };
        const made = await memory.create_entities({ entities: [ada] });
        const graph = await memory.read_graph();
        return { made, graph };";
    let ran = scene.program(code, &["--allow", "memory.create_entities"])?;
    let ada = json!({ "name": "Ada", "entityType": "person", "observations": ["wrote the first program"] });
    let result = ran.result()?;
    equals(result, "/made", &json!([ada]))?;
    equals(result, "/graph", &json!({ "entities": [ada], "relations": [] }))?;
    contains("the memory's file", &String::from_utf8_lossy(&scene.read("memory.jsonl")?), &["Ada"])
}

fn git(scene: &Scene<'_>) -> Verdict {
    let repository = scene.path("files");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(&repository);
        command.args([
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.org",
            "-c",
            "init.defaultBranch=main",
        ]);
        scene.succeed(command.args(arguments))
    };
    git(&["init", "--quiet"])?;
    scene.write("files/committed.txt", "1\n")?;
    git(&["add", "."])?;
    git(&["commit", "--quiet", "--message", "plant a tree"])?;
    scene.write("files/fresh.txt", "2\n")?;
    scene.servers(&[("git", scene.kit.git())])?;
    let code = format!(
        "import {{ git }} from 'mcp-servers';
         const repo_path = {};
         return {{ status: await git.git_status({{ repo_path }}), log: await git.gitLog({{ repo_path, max_count: 5 }}) }};",
        literal(&repository),
    );
    let ran = scene.program(&code, &[])?;
    let result = ran.result()?;
    tells(result, "/status", &["On branch main", "fresh.txt"])?;
    contains("the log", &at(result, "/log").to_string(), &["plant a tree", "Ada"])
}

fn time(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("time", scene.kit.time())])?;
    let code = "
        import { time } from 'mcp-servers';
        const now = await time.get_current_time({ timezone: 'UTC' });
        const moved = await time.convertTime({ source_timezone: 'UTC', time: '12:00', target_timezone: 'Asia/Tokyo' });
        return { zone: now.timezone, at: Date.parse(now.datetime), moved: moved.time_difference };";
    let ran = scene.program(code, &[])?;
    let result = ran.result()?;
    equals(result, "/zone", &json!("UTC"))?;
    equals(result, "/moved", &json!("+9.0h"))?;
    let told = at(result, "/at").as_f64().ok_or_else(|| unexpected("the time", "milliseconds", result))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    holds((told / 1e3 - now).abs() < 60.0, "the time told", &format!("about {now}"), told / 1e3)
}

fn everything(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let code = "
        import { everything } from 'mcp-servers';
        return {
          echo: await everything.echo({ message: 'héllo' }),
          sum: await everything.getSum({ a: 20, b: 22 }),
          own_name: await everything['get-sum']({ a: 1, b: 2 }),
          weather: await everything.getStructuredContent({ location: 'Chicago' }),
          raw: await everything.echo.raw({ message: 'x' }),
          links: await everything.getResourceLinks({ count: 2 }),
        };";
    let ran = scene.program(code, &[])?;
    let result = ran.result()?;
    equals(result, "/echo", &json!("Echo: héllo"))?;
    equals(result, "/sum", &json!("The sum of 20 and 22 is 42."))?;
    equals(result, "/own_name", &json!("The sum of 1 and 2 is 3."))?;
    holds(at(result, "/weather/temperature").is_number(), "the weather", "a temperature", result)?;
    equals(result, "/raw/content/0", &json!({ "type": "text", "text": "Echo: x" }))?;
    equals(result, "/links/1/type", &json!("resource_link"))?;
    tells(result, "/links/1/uri", &["demo://resource/"])
}

fn images(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let code = "
        import { everything } from 'mcp-servers';
        const blocks = await everything.getTinyImage();
        const blob = await everything.getResourceReference({ resourceType: 'Blob', resourceId: 1 });
        return [blocks, blob].map(list => list.find(block => block.path !== undefined));";
    let ran = scene.program(code, &[])?;
    let result = ran.result()?;
    equals(result, "/0/type", &json!("image"))?;
    equals(result, "/0/mimeType", &json!("image/png"))?;
    equals(result, "/1/type", &json!("resource"))?;
    holds(result.to_string().len() < 1000, "the references", "short", result)?;
    let kept = |place: &str| {
        let path = at(result, &format!("{place}/path")).as_str().unwrap_or_default();
        scene.read(&format!("workspace/{path}"))
    };
    let image = kept("/0")?;
    holds(image.starts_with(b"\x89PNG\r\n\x1a\n"), "the image", "a PNG", format!("{} bytes", image.len()))?;
    equals(result, "/0/bytes", &json!(image.len()))?;
    equals(result, "/1/bytes", &json!(kept("/1")?.len()))?;
    equals(&ran.outcome, "/files/0/path", at(result, "/0/path"))?;
    equals(&ran.outcome, "/files/0/bytes", &json!(image.len()))
}

fn parallel(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("everything", scene.kit.everything())])?;
    let code = "
        import { everything } from 'mcp-servers';
        await everything.echo({ message: 'the server is up' });
        const began = Date.now();
        const calls = Array.from({ length: 8 }, () => everything.triggerLongRunningOperation({ duration: 2, steps: 2 }));
        const texts = await Promise.all(calls);
        return { texts, elapsed: Date.now() - began };";
    let ran = scene.program(code, &[])?;
    let result = ran.result()?;
    let texts = at(result, "/texts").as_array().cloned().unwrap_or_default();
    let complete = |text: &Value| text.as_str().is_some_and(|text| text.contains("completed"));
    holds(texts.len() == 8 && texts.iter().all(complete), "the answers", "8 completed operations", result)?;
    let elapsed = at(result, "/elapsed").as_f64().unwrap_or(f64::INFINITY);
    holds((1900.0..6000.0).contains(&elapsed), "8 calls of 2 s each", "2 to 6 s in all", elapsed)
}

fn several(scene: &Scene<'_>) -> Verdict {
    let files = scene.path("files");
    let file = scene.write("files/zone.txt", "Asia/Tokyo")?;
    scene.servers(&[
        ("filesystem", scene.kit.filesystem(&files)),
        ("time", scene.kit.time()),
        ("my-everything", scene.kit.everything()),
    ])?;
    let code = format!(
        "import {{ filesystem, time }} from 'mcp-servers';
         import * as named from 'mcp-servers/my-everything';
         const {{ content }} = await filesystem.read_text_file({{ path: {} }});
         const now = await time.get_current_time({{ timezone: content }});
         return {{ zone: now.timezone, echo: await named.echo({{ message: now.timezone }}) }};",
        literal(&file),
    );
    let ran = scene.program(&code, &[])?;
    equals(ran.result()?, "", &json!({ "zone": "Asia/Tokyo", "echo": "Echo: Asia/Tokyo" }))
}

fn tool_error(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[("filesystem", scene.kit.filesystem(&scene.path("files")))])?;
    let code = "
        import { filesystem } from 'mcp-servers';
        const told = [];
        for (const args of [{ path: '/etc/hostname' }, { file: 'a' }]) {
          try { await filesystem.read_text_file(args); told.push(null); }
          catch (error) { told.push({ name: error.name, server: error.server, tool: error.tool, message: error.message }); }
        }
        return told;";
    let ran = scene.program(code, &[])?;
    let result = ran.result()?;
    for place in ["/0", "/1"] {
        equals(result, &format!("{place}/name"), &json!("ToolError"))?;
        equals(result, &format!("{place}/server"), &json!("filesystem"))?;
        equals(result, &format!("{place}/tool"), &json!("read_text_file"))?;
    }
    tells(result, "/0/message", &["outside allowed directories"])?;
    tells(result, "/1/message", &["path"])?;
    let uncaught = "import { filesystem } from 'mcp-servers';\nreturn await filesystem.read_text_file({ path: '/etc/hostname' });";
    let ran = scene.program(uncaught, &[])?;
    let error = ran.error(1, "tool")?;
    equals(error, "/line", &json!(2))?;
    tells(error, "/message", &["filesystem.read_text_file", "outside allowed directories"])
}

fn discovery(scene: &Scene<'_>) -> Verdict {
    scene.servers(&[
        ("filesystem", scene.kit.filesystem(&scene.path("files"))),
        ("everything", scene.kit.everything()),
    ])?;
    let code = "
        import { searchTools, getToolDocs } from 'mcp-runtime';
        const found = await searchTools('add two numbers');
        const files = await searchTools({ query: 'read a text file', server: 'filesystem', limit: 3 });
        const docs = await getToolDocs(['everything.get-sum', 'everything.get-sun']);
        return { found: found.tools.map(tool => tool.name), files: files.tools.map(tool => tool.name), docs };";
    let ran = scene.program(code, &[])?;
    let result = ran.result()?;
    equals(result, "/found/0", &json!("everything.get-sum"))?;
    contains("the tools found for files", &at(result, "/files").to_string(), &["filesystem.read_text_file"])?;
    equals(result, "/docs/docs/0/name", &json!("everything.get-sum"))?;
    equals(result, "/docs/unknown/0/name", &json!("everything.get-sun"))?;
    contains("the nearest names", &at(result, "/docs/unknown/0/nearest").to_string(), &["everything.get-sum"])
}

fn long_result(scene: &Scene<'_>) -> Verdict {
    let text = "0123456789abcdef".repeat(20 << 10);
    let files = scene.path("files");
    let file = scene.write("files/long.txt", &text)?;
    scene.servers(&[("filesystem", scene.kit.filesystem(&files))])?;
    let code = format!(
        "import {{ filesystem }} from 'mcp-servers';
         return await filesystem.read_text_file({{ path: {} }});",
        literal(&file),
    );
    let ran = scene.program(&code, &[])?;
    let result = ran.result()?;
    equals(result, "/truncated", &json!(true))?;
    holds(result.to_string().len() < 24 << 10, "what reaches the model", "less than 24 KiB", result)?;
    let path = at(result, "/path").as_str().unwrap_or_default();
    let kept = scene.read(&format!("workspace/{path}"))?;
    let kept: Value = serde_json::from_slice(&kept).unwrap_or_default();
    holds(at(&kept, "/content") == &json!(text), "the kept result", "the whole text", path)
}
