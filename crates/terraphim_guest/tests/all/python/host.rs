//! The host's side of a run, with tools that answer in known ways.

use super::zygote::quoted;

const DOCUMENTS: &str = r#"[{"title":"a","rank":1.0,"topic":"rust"},{"title":"b","rank":0.5,"topic":"go"},{"title":"c","rank":0.9,"topic":"rust"}]"#;

/// The server's tools with the names by which a program knows them.
const TOOLS: &[(&str, &[&str])] = &[
    ("search", &["search"]),
    ("echo", &["echo"]),
    ("value", &["value"]),
    ("fail", &["fail"]),
    ("refuse", &["refuse"]),
    ("exhaust", &["exhaust"]),
    ("gate", &["gate"]),
    ("hold", &["hold"]),
    ("release", &["release"]),
    ("never", &["never"]),
    ("get-info", &["getInfo", "get_info"]),
    ("import", &["import"]),
];

/// An answer: the call's id, whether it succeeded, and JSON.
pub(crate) type Answer = (u32, bool, String);

/// Answers calls:
///
/// - `search` gives three documents, `echo` and `get-info` their arguments, `value` its argument `v`;
/// - `fail`, `refuse` and `exhaust` fail as a tool, as denied and for a limit;
/// - `gate` answers, the last call first, when there are as many calls as its argument `of` says;
/// - `hold` answers when `release` is called, `never` does not.
#[derive(Default)]
pub(crate) struct Host {
    /// Names and payloads of all calls.
    pub(crate) calls: Vec<(String, String)>,
    gate: Vec<Answer>,
    held: Vec<Answer>,
    saved: Vec<(String, String)>,
}

impl Host {
    pub(crate) fn answer(&mut self, id: u32, name: &str, payload: &str) -> Vec<Answer> {
        self.calls.push((name.to_owned(), payload.to_owned()));
        let ok = |json: String| vec![(id, true, json)];
        match name {
            "import" => vec![import(id, payload)],
            "tool" => self.tool(id, payload),
            "misgiven" => vec![(id, false, misgiven(payload))],
            "search_tools" => {
                ok(format!(r#"{{"tools":[{{"name":"terraphim.search"}}],"total":1,"asked":{payload}}}"#))
            }
            "tool_docs" => ok(documents(&texts(payload, "names"))),
            "workspace.save" => {
                let value = after(payload, r#""value":"#).strip_suffix('}').unwrap_or_default();
                self.saved.push((text(payload, "name"), value.to_owned()));
                ok(format!(r#"{{"path":"data/{}.json","bytes":{}}}"#, text(payload, "name"), value.len()))
            }
            "workspace.load" => {
                let wanted = text(payload, "name");
                match self.saved.iter().rev().find(|(name, _)| *name == wanted) {
                    Some((_, value)) => ok(value.clone()),
                    None => vec![(id, false, r#"{"kind":"tool","message":"nothing is kept there"}"#.into())],
                }
            }
            "workspace.list" => {
                let names: Vec<_> = self.saved.iter().map(|(name, _)| quoted(name)).collect();
                ok(format!("[{}]", names.join(",")))
            }
            _ => vec![(id, false, r#"{"kind":"unknown","message":"no such function"}"#.into())],
        }
    }

    fn tool(&mut self, id: u32, payload: &str) -> Vec<Answer> {
        let arguments = after(payload, r#""arguments":"#).strip_suffix('}').unwrap_or_default();
        let value = || after(arguments, r#""v":"#).strip_suffix('}').unwrap_or("null").to_owned();
        let refused = |kind: &str, tool: &str, hint: &str| {
            format!(
                r#"{{"kind":"{kind}","server":"terraphim","tool":"{tool}","message":"terraphim.{tool} failed: no","hint":"{hint}"}}"#
            )
        };
        match text(payload, "tool").as_str() {
            "search" => vec![(id, true, DOCUMENTS.to_owned())],
            "echo" | "get-info" if payload.contains(r#""raw":true"#) => {
                vec![(id, true, format!(r#"{{"raw":{arguments}}}"#))]
            }
            "echo" | "get-info" | "import" => vec![(id, true, arguments.to_owned())],
            "value" => vec![(id, true, value())],
            "fail" => vec![(id, false, refused("tool", "fail", ""))],
            "refuse" => vec![(id, false, refused("denied", "refuse", "allow it"))],
            "exhaust" => vec![(id, false, refused("limit", "exhaust", "ask for less"))],
            "gate" => {
                self.gate.push((id, true, value()));
                let of =
                    after(arguments, r#""of":"#).chars().take_while(char::is_ascii_digit).collect::<String>();
                let full = of.parse() == Ok(self.gate.len());
                if full { std::mem::take(&mut self.gate).into_iter().rev().collect() } else { Vec::new() }
            }
            "hold" => {
                self.held.push((id, true, value()));
                Vec::new()
            }
            "release" => {
                self.held.push((id, true, "null".into()));
                std::mem::take(&mut self.held)
            }
            _ => Vec::new(),
        }
    }
}

/// What the host says of a call that was given something else than arguments by name.
fn misgiven(payload: &str) -> String {
    let (tool, given) = (text(payload, "tool"), text(payload, "given"));
    format!(
        r#"{{"kind":"arguments","message":"terraphim.{tool} takes keyword arguments, not {given}","hint":"write {tool}(query=...)"}}"#
    )
}

fn import(id: u32, payload: &str) -> Answer {
    // The calls of the program come last, and have names of their own.
    let payload = payload.split(r#","calls":["#).next().unwrap_or(payload);
    let specifier = text(payload, "specifier");
    let names = payload.contains(r#""names""#).then(|| texts(payload, "names"));
    let unknown = |at: &str, message: String, hint: &str| {
        let message = quoted(&message);
        (id, false, format!(r#"{{"kind":"unknown","tool":"{at}","message":{message},"hint":"{hint}"}}"#))
    };
    if let Some(server) = specifier.strip_prefix("mcp-servers/") {
        if server != "terraphim" {
            return unknown("", format!("there is no server `{server}`"), "the servers are terraphim, dead");
        }
        let known = |name: &String| TOOLS.iter().any(|(_, names)| names.contains(&name.as_str()));
        return match names.unwrap_or_default().into_iter().find(|name| !known(name)) {
            Some(name) => {
                unknown(&name, format!("the server `terraphim` has no tool `{name}`"), "did you mean search?")
            }
            None => (id, true, format!(r#"{{"servers":[{}]}}"#, table())),
        };
    }
    let mut servers = Vec::new();
    for name in names.unwrap_or_else(|| vec!["terraphim".into(), "dead".into()]) {
        match name.as_str() {
            "terraphim" => servers.push(table()),
            "dead" => servers.push(
                r#"{"server":"dead","identifier":"dead","tools":[],"error":"server `dead` does not start"}"#
                    .into(),
            ),
            _ => {
                return unknown(
                    &name,
                    format!("there is no server `{name}`"),
                    "the servers are terraphim, dead",
                );
            }
        }
    }
    (id, true, format!(r#"{{"servers":[{}]}}"#, servers.join(",")))
}

fn table() -> String {
    let tool = |(name, identifiers): &(&str, &[&str])| {
        let identifiers: Vec<_> = identifiers.iter().map(|identifier| quoted(identifier)).collect();
        format!(r#"{{"name":"{name}","identifiers":[{}]}}"#, identifiers.join(","))
    };
    let tools: Vec<_> = TOOLS.iter().map(tool).collect();
    format!(r#"{{"server":"terraphim","identifier":"terraphim","tools":[{}]}}"#, tools.join(","))
}

fn documents(names: &[String]) -> String {
    let (unknown, known): (Vec<_>, Vec<_>) = names.iter().partition(|name| name.as_str() == "nope");
    let known: Vec<_> = known.iter().map(|name| format!(r#"{{"name":"{name}"}}"#)).collect();
    let near = |name: &&String| format!(r#"{{"name":"{name}","nearest":["terraphim.search"]}}"#);
    let unknown: Vec<_> = unknown.iter().map(near).collect();
    format!(r#"{{"docs":[{}],"unknown":[{}]}}"#, known.join(","), unknown.join(","))
}

/// What follows a piece of a text; nothing if it is not there.
fn after<'t>(json: &'t str, piece: &str) -> &'t str {
    json.split_once(piece).map_or("", |(_, rest)| rest)
}

/// A member that is a text without escapes.
fn text(json: &str, member: &str) -> String {
    let rest = after(json, &format!(r#""{member}":""#));
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// A member that is a list of texts without escapes.
fn texts(json: &str, member: &str) -> Vec<String> {
    let list = after(json, &format!(r#""{member}":["#)).split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
