//! Rust: the crates that programs are linked with, as files.

use super::{Branch, TreeFile, paths::stems, readme, summary};
use crate::rust::{runtime, tool_files, write_doc_text};

const ABOUT: &str = "\
Rust types of the tools that a program can call. Each folder is a server: its `mod.rs` names its tools,
and each other file holds one tool with the types of its arguments and its result. `mcp_runtime` is the
crate of that name.

A program is one file that writes `use mcp_servers::SERVER;` and `SERVER::tool(SERVER::Tool { .. })?`.
`cargo check` checks what is here.";

const MANIFEST: &str = "\
[package]
name = \"mcp_servers\"
version = \"0.0.0\"
edition = \"2021\"
publish = false

[lib]
path = \"lib.rs\"

[dependencies]
mcp_runtime = { path = \"mcp_runtime\" }

[workspace]
members = [\"mcp_runtime\"]
";

const RUNTIME_MANIFEST: &str = "\
[package]
name = \"mcp_runtime\"
version = \"0.0.0\"
edition = \"2021\"
publish = false

[lib]
path = \"lib.rs\"
";

pub(super) fn files(branches: &[Branch<'_>]) -> Vec<TreeFile> {
    let above = |path: &str, text: String| TreeFile { path: path.to_owned(), text, server: None };
    let mut files = vec![readme(ABOUT, branches, "", |branch| branch.rust_name.clone())];
    files.push(above("Cargo.toml", MANIFEST.to_owned()));
    files.push(above("mcp_runtime/Cargo.toml", RUNTIME_MANIFEST.to_owned()));
    files.push(above("mcp_runtime/lib.rs", runtime()));
    let mut index = String::from("//! One module for each MCP server.\n#![allow(warnings)]\n\n");
    for branch in branches {
        index.push_str(&branch.note().map(|note| write_doc_text("///", note)).unwrap_or_default());
        index.push_str(&format!("#[path = \"{}/mod.rs\"]\npub mod {};\n", branch.folder, branch.rust_name));
        let tools = tool_files(branch.module, branch.tools);
        let names = tools.iter().map(|(named, ..)| {
            (named.name.as_str(), named.identifiers.first().map_or(named.name.as_str(), String::as_str))
        });
        let stems = stems(names, &["mod"]);
        let mut text = write_doc_text("//!", branch.description.unwrap_or_default());
        for ((_, tool, file), stem) in tools.into_iter().zip(stems) {
            text.push_str(&format!("\n#[path = \"{stem}.rs\"]\nmod tool_{stem};\n"));
            text.push_str(&write_doc_text("///", &summary(tool)));
            text.push_str(&format!("pub use self::tool_{stem}::*;\n"));
            files.push(branch.file(format!("{}/{stem}.rs", branch.folder), file));
        }
        files.push(branch.file(format!("{}/mod.rs", branch.folder), text));
    }
    files.push(above("lib.rs", index));
    files
}
