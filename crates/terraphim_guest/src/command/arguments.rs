//! The command line of `mcp`, read into what is asked of the host.

use crate::json;

/// Longest part of a wrong argument that is told, in characters.
const SHOWN_CHARS: usize = 80;

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
    /// Tools that match, by the arguments of the host's search as JSON.
    Search {
        payload: String,
        shown: Shown,
    },
    /// The docs of these tools, or all servers.
    Docs {
        names: Vec<String>,
        /// Detail and room, as members of the host's question.
        within: Vec<(&'static str, String)>,
        shown: Shown,
    },
    /// To keep what stands on standard input under this name.
    Save(String),
}

/// For whom an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Json,
    Text,
}

/// A call of a tool.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) server: String,
    pub(super) tool: String,
    pub(super) members: Vec<(String, Value)>,
    /// All arguments as one text of JSON; those above are added to it.
    pub(super) object: Option<Source>,
    pub(super) raw: bool,
    pub(super) text: bool,
    /// Whether a member was given as a text.
    pub(super) has_texts: bool,
}

/// What an argument is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// This JSON.
    Here(String),
    /// What is read, as a text.
    Text(Source),
    /// What is read, which is JSON.
    Json(Source),
}

/// Where arguments stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    Here(String),
    File(String),
    Input,
}

impl Source {
    /// What `@file` and `-` mean.
    fn of(word: &str) -> Option<Self> {
        match word.strip_prefix('@') {
            Some(path) if !path.is_empty() => Some(Self::File(path.to_owned())),
            _ => (word == "-").then_some(Self::Input),
        }
    }
}

/// Reads a command line, or says what is wrong with it.
pub(super) fn read(words: &[String]) -> Result<Asked, String> {
    let Some((command, rest)) = words.split_first() else { return Ok(Asked::Help) };
    if let Some(others) = without_help(rest) {
        return Ok(match (command.as_str(), others.as_slice()) {
            ("call" | "docs", [_, ..]) => {
                // The name alone is asked for; what else is there is a call's.
                let most = if command == "call" { 1 } else { others.len() };
                let names = others.into_iter().take(most).cloned().collect();
                Asked::Docs { names, within: Vec::new(), shown: Shown::Text }
            }
            _ => Asked::Help,
        });
    }
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Asked::Help),
        "call" => call(rest).map(Asked::Call),
        "search" => search(rest),
        "docs" => docs(rest),
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

/// The other words, if help is asked for.
fn without_help(words: &[String]) -> Option<Vec<&String>> {
    let is_help = |word: &&String| matches!(word.as_str(), "--help" | "-h");
    words.iter().any(|word| is_help(&word)).then(|| words.iter().filter(|word| !is_help(word)).collect())
}

fn docs(words: &[String]) -> Result<Asked, String> {
    let mut names = Vec::new();
    let mut within = Vec::new();
    let mut shown = Shown::Json;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--text" => shown = Shown::Text,
            "--json" => shown = Shown::Json,
            "--detail" | "--max-tokens" => within.push(bound(word, rest.next())?),
            option if option.starts_with('-') => {
                return Err(format!("there is no {option}: --detail, --max-tokens, --text, --json"));
            }
            _ => names.push(word.clone()),
        }
    }
    Ok(Asked::Docs { names, within, shown })
}

/// How much an answer is to tell, as a member of the host's question.
fn bound(option: &str, value: Option<&String>) -> Result<(&'static str, String), String> {
    let value = value.ok_or_else(|| format!("{option} needs a value"))?;
    match option {
        "--detail" if ["name", "brief", "full"].contains(&value.as_str()) => Ok(("detail", quoted(value))),
        "--detail" => Err("--detail is name, brief or full".into()),
        _ if value.parse::<u32>().is_ok() => Ok(("max_tokens", value.clone())),
        _ => Err(format!("{option} needs a number")),
    }
}

/// A number as it is written in JSON.
fn number(option: &str, value: &str) -> Result<String, String> {
    let number = value.parse::<u32>().map_err(|_| format!("{option} needs a number"))?;
    Ok(number.to_string())
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
                call.object = Some(Source::of(value).unwrap_or_else(|| Source::Here(value.clone())));
            }
            word => member(word, &mut call)?,
        }
    }
    Ok(call)
}

fn member(word: &str, call: &mut Call) -> Result<(), String> {
    let wrong = || {
        let how = "write name=text, name:=json, --json, --text or --raw";
        format!("`{}` is no argument: {how}", beginning(word))
    };
    let (name, value) = word.split_once('=').ok_or_else(wrong)?;
    let (name, value) = match (name.strip_suffix(':'), Source::of(value)) {
        (Some(name), Some(source)) => (name, Value::Json(source)),
        (Some(name), None) if json::is_value(value) => (name, Value::Here(value.to_owned())),
        (Some(name), None) => {
            let why = "is no JSON, or nested too deeply";
            return Err(format!("the value of `{name}` {why}: write {name}={} for a text", beginning(value)));
        }
        (None, source) => {
            call.has_texts = true;
            (name, source.map_or_else(|| Value::Here(quoted(value)), Value::Text))
        }
    };
    if name.is_empty() || name.starts_with('-') {
        return Err(wrong());
    }
    call.members.retain(|(known, _)| known != name);
    call.members.push((name.to_owned(), value));
    Ok(())
}

/// What a word begins with, where it is long.
fn beginning(word: &str) -> String {
    let mut beginning: String = word.chars().take(SHOWN_CHARS).collect();
    if beginning.len() < word.len() {
        beginning.push('…');
    }
    beginning
}

fn search(words: &[String]) -> Result<Asked, String> {
    let mut members = Vec::new();
    let mut capabilities = Vec::new();
    let mut query: Vec<&str> = Vec::new();
    let mut shown = Shown::Json;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if matches!(word.as_str(), "--detail" | "--max-tokens") {
            members.push(bound(word, rest.next())?);
            continue;
        }
        let mut value = || rest.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--text" => shown = Shown::Text,
            "--json" => shown = Shown::Json,
            "--category" => members.push(("category", quoted(value()?))),
            "--server" => members.push(("server", quoted(value()?))),
            "--capability" => capabilities.push(value()?.clone()),
            "--limit" => members.push(("limit", number(word, value()?)?)),
            "--offset" => members.push(("offset", number(word, value()?)?)),
            option if option.starts_with("--") => {
                let known = "--category, --capability, --server, --limit, --offset, --detail, --max-tokens, \
                    --text, --json";
                return Err(format!("there is no {option}: {known}"));
            }
            _ => query.push(word),
        }
    }
    if !capabilities.is_empty() {
        members.push(("capabilities", list(&capabilities)));
    }
    if !query.is_empty() {
        members.push(("query", quoted(&query.join(" "))));
    }
    Ok(Asked::Search { payload: object(&members), shown })
}

fn one_name(words: &[String], command: &str) -> Result<String, String> {
    match words {
        [name] => Ok(name.clone()),
        _ => Err(format!("`mcp {command}` takes one name")),
    }
}

impl Call {
    /// The arguments as JSON. `read` gives what stands in a file or on standard input.
    pub(super) fn arguments(
        &self,
        mut read: impl FnMut(&Source) -> Result<String, String>,
    ) -> Result<String, String> {
        let text = match &self.object {
            None => "{}".to_owned(),
            Some(Source::Here(text)) => text.clone(),
            Some(source) => read(source)?,
        };
        let mut members =
            json::members(&text).ok_or("what --json gives is no JSON object: write it in single quotes")?;
        members.retain(|(known, _)| !self.members.iter().any(|(name, _)| name == known));
        let mut all: Vec<(&str, String)> =
            members.iter().map(|(name, value)| (name.as_str(), (*value).to_owned())).collect();
        for (name, value) in &self.members {
            let value = match value {
                Value::Here(value) => value.clone(),
                Value::Text(source) => quoted(&read(source)?),
                Value::Json(source) => {
                    let value = read(source)?;
                    if !json::is_value(&value) {
                        return Err(format!(
                            "what is read for `{name}` is no JSON: write {name}= for a text"
                        ));
                    }
                    value
                }
            };
            all.push((name, value));
        }
        Ok(object(&all))
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json::quote(text, &mut json);
    json
}

pub(super) fn list(texts: &[String]) -> String {
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
        assert_eq!(call.arguments(nothing).unwrap(), r#"{"z":{},"n":[1, 2],"q":"y"}"#);
    }

    fn nothing(source: &Source) -> Result<String, String> {
        Err(format!("{source:?} is not there"))
    }

    #[test]
    fn arguments_are_read_from_files_and_from_standard_input() {
        let line = ["call", "a.b", "t=@f", "j:=@g", "i=-", "at=@", "mail=x@y", "--json", "@h"];
        let Ok(Asked::Call(call)) = words(&line) else { panic!("no call") };
        let read = |source: &Source| match source {
            Source::File(path) if path == "f" => Ok("a \"text\"\n".to_owned()),
            Source::File(path) if path == "g" => Ok("[1]\n".to_owned()),
            Source::File(path) if path == "h" => Ok("{\"o\":1,\"j\":2}".to_owned()),
            Source::Input => Ok("in".to_owned()),
            other => nothing(other),
        };
        let given = call.arguments(read).unwrap();
        let expected = r#"{"o":1,"t":"a \"text\"\u000a","j":[1]
,"i":"in","at":"@","mail":"x@y"}"#;
        assert_eq!(given, expected);
        assert!(call.arguments(nothing).unwrap_err().contains("is not there"));
        let no_json = call.arguments(|_| Ok("{".to_owned())).unwrap_err();
        assert!(no_json.contains("no JSON object"), "{no_json}");
        let Ok(Asked::Call(call)) = words(&["call", "a.b", "j:=-"]) else { panic!("no call") };
        assert!(call.arguments(|_| Ok("two words".to_owned())).unwrap_err().contains("`j` is no JSON"));
    }

    #[test]
    fn help_is_of_the_command_or_of_a_tool() {
        for line in [&["--help"][..], &[], &["help"], &["call", "--help"], &["save", "x", "-h"]] {
            assert_eq!(words(line), Ok(Asked::Help), "{line:?}");
        }
        for line in
            [&["call", "--help", "a.b"][..], &["call", "a.b", "x=1", "-h"], &["docs", "a.b", "--text"]]
        {
            let docs = Asked::Docs { names: vec!["a.b".into()], within: Vec::new(), shown: Shown::Text };
            assert_eq!(words(line), Ok(docs), "{line:?}");
        }
        assert_eq!(
            words(&["docs"]),
            Ok(Asked::Docs { names: Vec::new(), within: Vec::new(), shown: Shown::Json })
        );
        let within = vec![("detail", "\"brief\"".to_owned()), ("max_tokens", "300".to_owned())];
        assert_eq!(
            words(&["docs", "a.b", "--detail", "brief", "--max-tokens", "300"]),
            Ok(Asked::Docs { names: vec!["a.b".into()], within, shown: Shown::Json })
        );
        for wrong in
            [&["docs", "--detail", "all"], &["docs", "--max-tokens", "x"], &["search", "a", "--detail"]]
        {
            assert!(words(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, told) in [
            (&["call"][..], "SERVER.TOOL"),
            (&["call", "x"], "names no server"),
            (&["call", "a.b", "c"], "is no argument"),
            (&["call", "a.b", "c:=d"], "is no JSON"),
            (&["call", "a.b", &"c".repeat(1_000)], "cc… is no argument".replace("… ", "…` ").as_str()),
            (&["call", "a.b", "--json"], "needs a value"),
            (&["search", "--limit", "x"], "a number"),
            (&["search", "--offset", "-1"], "--offset needs a number"),
            (&["save"], "one name"),
            (&["docs", "--all"], "there is no --all"),
            (&["search", "--all"], "there is no --all"),
            (&["fetch"], "there is no `mcp fetch`"),
        ] {
            let error = words(line).unwrap_err();
            assert!(error.contains(told), "{line:?}: {error}");
        }
        let Ok(Asked::Call(call)) = words(&["call", "a.b", "--json", "[1]"]) else { panic!("no call") };
        assert!(call.arguments(nothing).is_err());
    }

    #[test]
    fn searches_are_written_as_json() {
        let asked = words(&["search", "rust", "--text", "async", "--limit", "3", "--capability", "read"]);
        let payload = r#"{"limit":3,"capabilities":["read"],"query":"rust async"}"#.to_owned();
        assert_eq!(asked, Ok(Asked::Search { payload, shown: Shown::Text }));
        let payload = r#"{"offset":10,"category":"files"}"#.to_owned();
        let asked = words(&["search", "--offset", "010", "--category", "files"]);
        assert_eq!(asked, Ok(Asked::Search { payload, shown: Shown::Json }));
    }
}
