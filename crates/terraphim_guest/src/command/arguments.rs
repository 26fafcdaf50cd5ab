//! The command line of `mcp`, read into what is asked of the host.

use crate::json;

/// Longest value that is read from standard input, in bytes.
pub(super) const INPUT_BYTES: u64 = 64 << 20;

pub(super) const HELP: &str = "\
mcp calls the tools of the connected MCP servers.

  mcp call SERVER.TOOL [name=text] [name:=json] [--json JSON] [--json -] [--text] [--raw]
      prints the value as JSON; --text prints a text as it is, --json - reads the
      arguments from standard input, --raw prints the whole reply of the server
  mcp search [WORDS] [--category C] [--server S] [--limit N]
  mcp docs SERVER.TOOL...
  mcp save NAME < JSON      keeps a value for later runs
  mcp load NAME             prints it
  mcp list                  the names that are kept

Examples
  mcp call notes.search query='rust async' limit:=10 | jq '.[0].title'
  mcp call notes.search --json '{\"query\": \"rust\"}' --text";

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Help,
    Call(Call),
    /// An operation of the host, with its arguments as JSON.
    Plain {
        operation: &'static str,
        payload: String,
    },
    /// To keep what stands on standard input under this name.
    Save(String),
}

/// A call of a tool.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) server: String,
    pub(super) tool: String,
    /// Names with their values as JSON.
    pub(super) members: Vec<(String, String)>,
    /// All arguments as one text of JSON; those above are added to it.
    pub(super) object: Option<Source>,
    pub(super) raw: bool,
    pub(super) text: bool,
    /// Whether a member was given as a text.
    pub(super) has_texts: bool,
}

/// Where arguments stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    Here(String),
    Input,
}

/// Reads a command line, or says what is wrong with it.
pub(super) fn read(words: &[String]) -> Result<Asked, String> {
    let Some((command, rest)) = words.split_first() else { return Ok(Asked::Help) };
    if rest.iter().any(|word| word == "--help") {
        return Ok(Asked::Help);
    }
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Asked::Help),
        "call" => call(rest).map(Asked::Call),
        "search" => search(rest),
        "docs" if rest.is_empty() => Err("write the names of tools: mcp docs SERVER.TOOL...".into()),
        "docs" => Ok(Asked::Plain { operation: "tool_docs", payload: object(&[("names", list(rest))]) }),
        "save" => Ok(Asked::Save(one_name(rest, "save")?)),
        "load" => {
            let payload = object(&[("name", quoted(&one_name(rest, "load")?))]);
            Ok(Asked::Plain { operation: "workspace.load", payload })
        }
        "list" if rest.is_empty() => Ok(Asked::Plain { operation: "workspace.list", payload: "{}".into() }),
        "list" => Err("`mcp list` takes nothing".into()),
        other => Err(format!("there is no `mcp {other}`: call, search, docs, save, load, list")),
    }
}

fn call(words: &[String]) -> Result<Call, String> {
    let mut words = words.iter();
    let name = words.next().ok_or("write the name of a tool: mcp call SERVER.TOOL [name=text]")?;
    let (server, tool) =
        name.split_once('.').ok_or_else(|| format!("`{name}` names no server: write SERVER.TOOL"))?;
    let mut call = Call { server: server.to_owned(), tool: tool.to_owned(), ..Call::default() };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--raw" => call.raw = true,
            "--text" => call.text = true,
            "--json" => {
                let value = words.next().ok_or("--json needs a value, or `-` for standard input")?;
                let source = if value == "-" { Source::Input } else { Source::Here(value.clone()) };
                call.object = Some(source);
            }
            word => member(word, &mut call)?,
        }
    }
    Ok(call)
}

fn member(word: &str, call: &mut Call) -> Result<(), String> {
    let wrong = || format!("`{word}` is no argument: write name=text, name:=json, --json, --text or --raw");
    let (name, value) = word.split_once('=').ok_or_else(wrong)?;
    let (name, value) = match name.strip_suffix(':') {
        Some(name) if json::is_value(value) => (name, value.to_owned()),
        Some(name) => {
            return Err(format!("the value of `{name}` is no JSON: write {name}={value} for a text"));
        }
        None => {
            call.has_texts = true;
            (name, quoted(value))
        }
    };
    if name.is_empty() || name.starts_with('-') {
        return Err(wrong());
    }
    call.members.retain(|(known, _)| known != name);
    call.members.push((name.to_owned(), value));
    Ok(())
}

fn search(words: &[String]) -> Result<Asked, String> {
    let mut members = Vec::new();
    let mut query: Vec<&str> = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(option) = word.strip_prefix("--") else {
            query.push(word);
            continue;
        };
        let value = rest.next().ok_or_else(|| format!("--{option} needs a value"))?;
        match option {
            "category" => members.push(("category", quoted(value))),
            "server" => members.push(("server", quoted(value))),
            "limit" if value.parse::<u32>().is_ok() => members.push(("limit", value.clone())),
            "limit" => return Err("--limit needs a number".into()),
            _ => return Err(format!("there is no --{option}: --category, --server, --limit")),
        }
    }
    if !query.is_empty() {
        members.push(("query", quoted(&query.join(" "))));
    }
    Ok(Asked::Plain { operation: "search_tools", payload: object(&members) })
}

fn one_name(words: &[String], command: &str) -> Result<String, String> {
    match words {
        [name] => Ok(name.clone()),
        _ => Err(format!("`mcp {command}` takes one name")),
    }
}

impl Call {
    /// The arguments as JSON; `input` is what standard input held, if it was to be read.
    pub(super) fn arguments(&self, input: Option<&str>) -> Result<String, String> {
        let text = match &self.object {
            None => "{}",
            Some(Source::Here(text)) => text,
            Some(Source::Input) => input.unwrap_or_default(),
        };
        let mut members =
            json::members(text).ok_or("what --json gives is no JSON object: write it in single quotes")?;
        members.retain(|(known, _)| !self.members.iter().any(|(name, _)| name == known));
        let given = members.iter().map(|(name, value)| (name.as_str(), (*value).to_owned()));
        let own = self.members.iter().map(|(name, value)| (name.as_str(), value.clone()));
        Ok(object(&given.chain(own).collect::<Vec<_>>()))
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json::quote(text, &mut json);
    json
}

fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","))
}

/// An object of these members, whose values are JSON already.
pub(super) fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Result<Asked, String> {
        read(&line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_become_an_object() {
        let Ok(Asked::Call(call)) = words(&[
            "call",
            "a.b.c",
            "q=x=\"1",
            "n:=[1, 2]",
            "q=y",
            "--json",
            "{\"q\": 1, \"z\": {}}",
            "--raw",
        ]) else {
            panic!("no call");
        };
        assert_eq!((call.server.as_str(), call.tool.as_str(), call.raw), ("a", "b.c", true));
        assert_eq!(call.arguments(None).unwrap(), r#"{"z":{},"n":[1, 2],"q":"y"}"#);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, told) in [
            (&["call"][..], "SERVER.TOOL"),
            (&["call", "x"], "names no server"),
            (&["call", "a.b", "c"], "is no argument"),
            (&["call", "a.b", "c:=d"], "is no JSON"),
            (&["call", "a.b", "--json"], "needs a value"),
            (&["search", "--limit", "x"], "a number"),
            (&["save"], "one name"),
            (&["fetch"], "there is no `mcp fetch`"),
        ] {
            let error = words(line).unwrap_err();
            assert!(error.contains(told), "{line:?}: {error}");
        }
        let Ok(Asked::Call(call)) = words(&["call", "a.b", "--json", "[1]"]) else { panic!("no call") };
        assert!(call.arguments(None).is_err());
    }

    #[test]
    fn searches_are_written_as_json() {
        let asked = words(&["search", "rust", "async", "--limit", "3"]).unwrap();
        let payload = r#"{"limit":3,"query":"rust async"}"#.to_owned();
        assert_eq!(asked, Asked::Plain { operation: "search_tools", payload });
    }
}
