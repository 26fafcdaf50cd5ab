//! What `mcp` prints for people.

use super::{
    arguments::{object, quoted},
    mcp::member,
};
use crate::json;

/// A server as it is listed: how many tools it has, or why it has none.
pub(super) struct Server {
    name: String,
    tools: Result<usize, String>,
}

/// The servers of the host's answer to an import.
pub(super) fn servers(tables: &str) -> Option<Vec<Server>> {
    let tables = member(tables, "servers").and_then(json::elements)?;
    let read = |table: &str| {
        let name = member(table, "server").and_then(json::string)?;
        let tools = match member(table, "error").and_then(json::string) {
            Some(error) => Err(error),
            None => Ok(member(table, "tools").and_then(json::elements)?.len()),
        };
        Some(Server { name, tools })
    };
    tables.into_iter().map(read).collect()
}

pub(super) fn servers_as_json(servers: &[Server]) -> String {
    let shown: Vec<String> = servers
        .iter()
        .map(|server| {
            let about = match &server.tools {
                Ok(count) => ("tools", count.to_string()),
                Err(error) => ("error", quoted(error)),
            };
            object(&[("server", quoted(&server.name)), about])
        })
        .collect();
    object(&[("servers", format!("[{}]", shown.join(",")))])
}

pub(super) fn servers_as_text(servers: &[Server]) -> String {
    let shown = servers.iter().map(|server| match &server.tools {
        Ok(1) => format!("{}  1 tool", server.name),
        Ok(count) => format!("{}  {count} tools", server.name),
        Err(error) => format!("{}  no tools: {error}", server.name),
    });
    shown.chain(["how one is called: mcp docs --text SERVER.TOOL".to_owned()]).collect::<Vec<_>>().join("\n")
}

/// A page of found tools, one in a line.
pub(super) fn tools(page: &str) -> Option<String> {
    let tools = member(page, "tools").and_then(json::elements)?;
    let mut lines = Vec::with_capacity(tools.len());
    for tool in &tools {
        let name = member(tool, "name").and_then(json::string)?;
        lines.push(match member(tool, "description").and_then(json::string) {
            Some(about) => format!("{name}  {}", about.replace('\n', " ")),
            None => name,
        });
    }
    lines.extend(member(page, "note").and_then(json::string));
    let total: usize = member(page, "total")?.parse().ok()?;
    if total > tools.len() {
        lines.push(format!("({} of {total} that match; --offset and --limit show others)", tools.len()));
    } else if tools.is_empty() {
        lines.push("(nothing matches)".to_owned());
    }
    for server in member(page, "unavailable").and_then(json::elements).unwrap_or_default() {
        let text = |name| member(server, name).and_then(json::string).unwrap_or_default();
        lines.push(format!("{} is not there: {}", text("server"), text("reason")));
    }
    Some(lines.join("\n"))
}

/// A page of docs.
pub(super) fn docs(page: &str) -> Option<String> {
    let mut lines = Vec::new();
    for tool in member(page, "docs").and_then(json::elements)? {
        let text = |name| member(tool, name).and_then(json::string);
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(text("signature")?);
        lines.extend(text("description"));
        for parameter in member(tool, "parameters").and_then(json::elements)? {
            let text = |name| member(parameter, name).and_then(json::string);
            let mut line = format!("  {}: {}", text("name")?, text("type")?);
            if member(parameter, "required") != Some("true") {
                line.push_str(", optional");
            }
            if let Some(default) = member(parameter, "default") {
                line.push_str(&format!(", else {default}"));
            }
            if let Some(about) = text("description") {
                line.push_str(&format!(": {}", about.replace('\n', " ")));
            }
            lines.push(line);
        }
        // Which arguments belong together is said below the signature.
        let declaration = text("declaration").unwrap_or_default();
        let below = declaration.lines().skip(1).take(1).map(str::trim);
        lines.extend(below.filter(|line| line.starts_with("give one of: ")).map(str::to_owned));
        let inferred = member(tool, "inferred_from")
            .map(|count| format!(" (inferred from {count} results; not declared by the server)"));
        lines.push(format!("gives {}{}", text("result")?, inferred.unwrap_or_default()));
        lines.extend(text("example").map(|example| format!("for example: {example}")));
        for error in member(tool, "errors_seen").and_then(json::elements).unwrap_or_default() {
            lines.extend(json::string(error).map(|error| format!("error seen: {error}")));
        }
    }
    for tool in member(page, "brief").and_then(json::elements).unwrap_or_default() {
        let text = |name| member(tool, name).and_then(json::string);
        lines.push(text("signature")?);
        lines.extend(text("description").map(|about| format!("  {about}")));
    }
    for name in member(page, "names").and_then(json::elements).unwrap_or_default() {
        lines.extend(json::string(name));
    }
    lines.extend(member(page, "note").and_then(json::string));
    for unknown in member(page, "unknown").and_then(json::elements)? {
        lines.push(format!("there is no tool `{}`", member(unknown, "name").and_then(json::string)?));
    }
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_listed_with_what_they_have() {
        let tables = r#"{"servers":[{"server":"a","identifier":"a","tools":[{"name":"x"},{"name":"y"}]},
            {"server":"b","tools":[],"error":"it did not start"}]}"#;
        let servers = servers(tables).unwrap();
        let json = r#"{"servers":[{"server":"a","tools":2},{"server":"b","error":"it did not start"}]}"#;
        assert_eq!(servers_as_json(&servers), json);
        let text = servers_as_text(&servers);
        assert!(text.starts_with("a  2 tools\nb  no tools: it did not start\n"), "{text}");
    }

    #[test]
    fn tools_and_their_docs_are_told_in_lines() {
        let page = r#"{"tools":[{"name":"a.b","description":"one\ntwo"},{"name":"a.c"}],"total":5,
            "unavailable":[{"server":"z","state":"failed","reason":"why"}]}"#;
        assert_eq!(
            tools(page).unwrap(),
            "a.b  one two\na.c\n(2 of 5 that match; --offset and --limit show others)\nz is not there: why"
        );
        assert_eq!(tools(r#"{"tools":[],"total":0}"#).unwrap(), "(nothing matches)");
        let page = r#"{"docs":[{"name":"a.b","signature":"mcp call a.b n:=number [q=string]","description":"It.",
            "parameters":[{"name":"n","type":"number","required":true,"description":"how many"},
            {"name":"q","type":"string","required":false,"default":"x"}],"result":"number",
            "example":"mcp call a.b n:=1","declaration":""}],"unknown":[{"name":"no","nearest":[]}]}"#;
        let expected = "mcp call a.b n:=number [q=string]\nIt.\n  n: number: how many\n  \
            q: string, optional, else \"x\"\ngives number\nfor example: mcp call a.b n:=1\nthere is no tool `no`";
        assert_eq!(docs(page).unwrap(), expected);
        assert_eq!(docs("{}"), None);
    }
}
