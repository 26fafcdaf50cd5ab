//! Bash: the help of each tool.

use std::fmt::Write as _;

use super::{Branch, TreeFile, paths::stems, readme, summary};
use crate::{
    bash::{alternatives_of, word},
    docs::{ToolDocs, bash_docs},
};

const ABOUT: &str = "\
How a Bash program calls tools. Each folder is a server: its `INDEX.txt` names its tools, and each other
file is the help of one tool, as `mcp docs --text SERVER.TOOL` gives it.

A program writes `mcp call SERVER.TOOL name=text other:=json`; the result is JSON on standard output,
or a text as it stands. `mcp call --raw` gives the whole reply.";

pub(super) fn files(branches: &[Branch<'_>]) -> Vec<TreeFile> {
    let mut files = vec![readme(ABOUT, branches, "", |branch| branch.module.server.to_string())];
    for branch in branches {
        let names = branch.module.tools.iter().map(|named| {
            (named.name.as_str(), named.identifiers.first().map_or(named.name.as_str(), String::as_str))
        });
        let mut index = String::new();
        for (named, stem) in branch.module.tools.iter().zip(stems(names, &["index"])) {
            let Some(tool) = branch.tools.iter().find(|tool| tool.name == named.name) else { continue };
            let docs = bash_docs(branch.module, tool);
            let _ = writeln!(index, "{stem}.txt  {}\n    {}", docs.signature, summary(tool));
            let help = help(&docs, &alternatives_of(tool));
            files.push(branch.file(format!("{}/{stem}.txt", branch.folder), help));
        }
        files.push(branch.file(format!("{}/INDEX.txt", branch.folder), index));
    }
    files
}

/// The help of one tool.
fn help(docs: &ToolDocs, alternatives: &[String]) -> String {
    let mut text = format!("{}\n\n{}\n", word(&docs.name), docs.signature);
    if let Some(description) = &docs.description {
        let _ = write!(text, "\n{}\n", description.trim());
    }
    text.push_str(if docs.parameters.is_empty() { "" } else { "\nparameters:\n" });
    for parameter in &docs.parameters {
        let mark = if parameter.required { "" } else { "?" };
        let about = parameter.description.as_deref().map(|about| format!("  {about}")).unwrap_or_default();
        let default = parameter.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        let _ = writeln!(text, "  {}{mark}: {}{default}{about}", word(&parameter.name), parameter.ty);
    }
    if !alternatives.is_empty() {
        let _ = write!(text, "\ngive one of: {}\n", alternatives.join(" | "));
    }
    let note = docs.result_note().map(|note| format!(" ({note})")).unwrap_or_default();
    let _ = write!(text, "\nresult: {}{note}\n", docs.result);
    if let Some(example) = &docs.example {
        let _ = write!(text, "\nexample: {example}\n");
    }
    text
}
