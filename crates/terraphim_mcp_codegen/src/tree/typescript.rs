//! TypeScript: a project that its compiler takes strictly, and that stands in for the modules
//! which a program imports.

use serde_json::{Value, json};

use super::{Branch, TreeFile, paths::stems, readme, summary};
use crate::typescript::{ToolFile, tool_files, write_description};

const ABOUT: &str = "\
TypeScript types of the tools that a program can call. Each folder is a server: its `index.ts` names
its tools, and each other file holds one tool with the types of its arguments and its result.
`mcp-runtime.ts` has what `mcp-runtime` exports, and the helpers that are there without import.

A program writes `import { SERVER } from 'mcp-servers'` and `await SERVER.TOOL({ ... })`;
`SERVER.TOOL.raw(...)` gives the whole reply. Put programs here and check them with `tsc -p .`.";

/// What `mcp-runtime` exports.
const RUNTIME: &str = include_str!("../../typescript/mcp-runtime.ts");

pub(super) fn files(branches: &[Branch<'_>]) -> Vec<TreeFile> {
    let above = |path: &str, text: String| TreeFile { path: path.to_owned(), text, server: None };
    let mut files = vec![readme(ABOUT, branches, "", |branch| branch.module.identifier.clone())];
    files.push(above("tsconfig.json", configuration(branches)));
    files.push(above("mcp-runtime.ts", RUNTIME.to_owned()));
    let mut index =
        String::from("/** The connected servers; programs import them from 'mcp-servers'. */\n\n");
    for branch in branches {
        write_description(&mut index, branch.note().or(branch.description), 0);
        index.push_str(&format!("export * as {} from './{}';\n", branch.module.identifier, branch.folder));
    }
    if branches.is_empty() {
        index.push_str("export {};\n");
    }
    files.push(above("index.ts", index));
    for branch in branches {
        let tools = tool_files(branch.module, branch.tools);
        let names = tools.iter().map(|tool| {
            let name = tool.named.name.as_str();
            (name, tool.named.identifiers.first().map_or(name, String::as_str))
        });
        let stems = stems(names, &["index"]);
        files.push(branch.file(format!("{}/index.ts", branch.folder), index_text(branch, &tools, &stems)));
        for (tool, stem) in tools.iter().zip(&stems) {
            let text = format!("import type {{ RawReply }} from '../mcp-runtime';\n\n{}", tool.text);
            files.push(branch.file(format!("{}/{stem}.ts", branch.folder), text));
        }
    }
    files
}

fn index_text(branch: &Branch<'_>, tools: &[ToolFile<'_>], stems: &[String]) -> String {
    let mut text = String::new();
    write_description(&mut text, branch.description, 0);
    let mut types = String::new();
    for (tool, stem) in tools.iter().zip(stems) {
        let mut names = tool.named.identifiers.iter();
        let Some(first) = names.next() else { continue };
        let others: String = names.map(|other| format!(", {first} as {other}")).collect();
        write_description(&mut text, Some(&summary(tool.tool)), 0);
        text.push_str(&format!("export {{ {first}{others} }} from './{stem}';\n"));
        types.push_str(&format!("export type {{ {} }} from './{stem}';\n", tool.types.join(", ")));
    }
    // The module is the server: it gives itself too, unless a tool has that name.
    let own = branch.module.identifier.as_str();
    let is_tool = tools.iter().any(|tool| tool.named.identifiers.iter().any(|name| name == own));
    let names = if is_tool { vec!["default"] } else { vec!["default", own] };
    let selves: String = names.iter().map(|name| format!("export * as {name} from './index';\n")).collect();
    format!("{text}\n{selves}\n{types}")
}

/// The settings of the compiler: strict, and with the names that programs import.
fn configuration(branches: &[Branch<'_>]) -> String {
    let mut paths = serde_json::Map::new();
    paths.insert("mcp-servers".to_owned(), json!(["./index.ts"]));
    paths.insert("mcp-runtime".to_owned(), json!(["./mcp-runtime.ts"]));
    for branch in branches {
        // A star would stand for any text.
        for name in [branch.module.identifier.as_str(), branch.module.server.as_str()] {
            if !name.contains('*') {
                paths.insert(format!("mcp-servers/{name}"), json!([format!("./{}/index.ts", branch.folder)]));
            }
        }
    }
    let options = json!({
        "strict": true,
        "exactOptionalPropertyTypes": false,
        "noEmit": true,
        "target": "es2023",
        "lib": ["es2023"],
        "types": [],
        "module": "esnext",
        "moduleResolution": "bundler",
        "moduleDetection": "force",
        "isolatedModules": true,
        "skipLibCheck": false,
        "paths": Value::Object(paths),
    });
    let text = serde_json::to_string_pretty(&json!({ "compilerOptions": options, "include": ["**/*.ts"] }));
    // Texts, truth values and lists always have a text.
    format!("{}\n", text.unwrap_or_default())
}
