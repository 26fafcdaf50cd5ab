//! What becomes of one entry: it is ours, it can be moved, or it stays with the
//! client because the gateway would not run it as the client does.

use std::{fmt, path::Path};

use serde_json::{Map, Value};
use terraphim_types::ServerName;

use super::{Client, FORWARDS_HTTP, OUR_NAME, Places, Scope};

/// The judgement on one entry.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// It starts terraphim.
    Ours,
    /// It can be moved, as `entry`.
    Move {
        /// The entry with the client's own variables filled in.
        entry: Value,
        /// What the user should look at.
        notes: Vec<String>,
    },
    /// It stays.
    Stay(StayReason),
}

/// Why an entry stays with the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StayReason {
    /// The gateway speaks over pipes only.
    Http,
    /// Neither a command nor an address.
    NoCommand,
    /// A field has a type that the gateway does not take.
    WrongType(&'static str),
    /// Its name cannot be a server's.
    BadName,
    /// The user has switched it off.
    SwitchedOff,
    /// Its environment comes from a file that the client reads.
    EnvFile,
    /// The client confines it, and the gateway would not.
    Sandboxed,
    /// It holds a variable that only the client can fill in.
    Variable(String),
    /// In the user scope a relative folder is another one in every project.
    RelativeFolder,
}

impl fmt::Display for StayReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http => f.write_str("it is reached over HTTP, which terraphim does not forward yet"),
            Self::NoCommand => f.write_str("it has no `command`"),
            Self::WrongType(what) => write!(f, "{what}"),
            Self::BadName => {
                f.write_str("its name is empty, longer than 256 bytes or holds a control character")
            }
            Self::SwitchedOff => f.write_str("it is switched off, and moving it would switch it on"),
            Self::EnvFile => {
                f.write_str("it takes its environment from `envFile`, which only the client reads")
            }
            Self::Sandboxed => f.write_str("the client runs it in a sandbox, which terraphim would not"),
            Self::RelativeFolder => f.write_str("its `cwd` is relative, so that it depends on the project"),
            Self::Variable(name) => write!(f, "it uses `${{{name}}}`, which only the client can fill in"),
        }
    }
}

/// Judges the entry `name` of a client.
pub(super) fn judge(client: Client, scope: Scope, name: &str, entry: &Value, places: &Places) -> Verdict {
    match movable(client, scope, name, entry, places) {
        Err(reason) => Verdict::Stay(reason),
        Ok(None) => Verdict::Ours,
        Ok(Some(moved)) => {
            let notes = relative_parts(name, &moved);
            Verdict::Move { entry: moved, notes }
        }
    }
}

/// The entry as it is to be moved, or `None` for ours.
fn movable(
    client: Client,
    scope: Scope,
    name: &str,
    entry: &Value,
    places: &Places,
) -> Result<Option<Value>, StayReason> {
    let fields = entry.as_object().ok_or(StayReason::WrongType("it is not an object"))?;
    let command = fields.get("command");
    if command.is_some_and(|command| starts_terraphim(command, places)) {
        return Ok(None);
    }
    let remote =
        matches!(fields.get("type").and_then(Value::as_str), Some("http" | "sse" | "streamable-http" | "ws"))
            || (command.is_none() && (fields.contains_key("url") || fields.contains_key("serverUrl")));
    if remote && !FORWARDS_HTTP {
        return Err(StayReason::Http);
    }
    if !remote && command.is_none() {
        return Err(StayReason::NoCommand);
    }
    if ServerName::new(name).is_err() {
        return Err(StayReason::BadName);
    }
    check_types(fields)?;
    let is = |key: &str, value: bool| fields.get(key) == Some(&Value::Bool(value));
    if is("disabled", true) || is("enabled", false) {
        return Err(StayReason::SwitchedOff);
    }
    if fields.contains_key("envFile") {
        return Err(StayReason::EnvFile);
    }
    if is("sandboxEnabled", true) {
        return Err(StayReason::Sandboxed);
    }
    let mut moved = filled_in(entry, client, scope, places)?;
    if let Some(folder) = moved.get_mut("cwd") {
        *folder = Value::from(rooted(folder.as_str().unwrap_or_default(), scope, places)?);
    }
    Ok(Some(moved))
}

/// A working directory as the client takes it; ours would start from the folder
/// of our file.
fn rooted(folder: &str, scope: Scope, places: &Places) -> Result<String, StayReason> {
    let absolute = match folder.strip_prefix("~/") {
        Some(below) => places.home.join(below),
        None if folder.starts_with(['/', '$']) => return Ok(folder.to_owned()),
        None if scope == Scope::User => return Err(StayReason::RelativeFolder),
        None => places.project.join(folder),
    };
    absolute.to_str().map(str::to_owned).ok_or(StayReason::WrongType("the path of its `cwd` is no text"))
}

fn starts_terraphim(command: &Value, places: &Places) -> bool {
    let Some(command) = command.as_str() else { return false };
    let program = command.rsplit(['/', '\\']).next().unwrap_or_default();
    command == places.executable || program.strip_suffix(".exe").unwrap_or(program) == OUR_NAME
}

/// Refuses what the gateway could not read, for one such entry would spoil the file.
fn check_types(fields: &Map<String, Value>) -> Result<(), StayReason> {
    let holds = |key: &str, test: &dyn Fn(&Value) -> bool| fields.get(key).is_none_or(test);
    let strings = |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    let scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let settings = |map: &Value| map.as_object().is_some_and(|map| map.values().all(scalar));
    let faults = [
        (
            holds("type", &|kind| kind == "stdio" || FORWARDS_HTTP && kind.is_string()),
            "its `type` is not `stdio`",
        ),
        (
            holds("command", &|value| value.as_str().is_some_and(|text| !text.is_empty())),
            "its `command` is no text",
        ),
        (holds("args", &strings), "its `args` is not a list of texts"),
        (holds("env", &settings), "its `env` is not an object of texts"),
        (holds("cwd", &Value::is_string), "its `cwd` is no text"),
        (holds("url", &Value::is_string), "its `url` is no text"),
        (holds("disabled", &Value::is_boolean), "its `disabled` is neither true nor false"),
    ];
    match faults.into_iter().find(|(right, _)| !right) {
        Some((_, fault)) => Err(StayReason::WrongType(fault)),
        None => Ok(()),
    }
}

/// The value with the variables of VS Code and Cursor filled in. What the gateway
/// knows is left: `${env:NAME}`, and `${NAME}` and `${NAME:-default}` of Claude Code.
fn filled_in(value: &Value, client: Client, scope: Scope, places: &Places) -> Result<Value, StayReason> {
    Ok(match value {
        Value::String(text) => Value::String(fill_in(text, client, scope, places)?),
        Value::Array(items) => {
            items.iter().map(|item| filled_in(item, client, scope, places)).collect::<Result<_, _>>()?
        }
        Value::Object(fields) => {
            let filled =
                fields.iter().map(|(key, field)| Ok((key.clone(), filled_in(field, client, scope, places)?)));
            Value::Object(filled.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

fn fill_in(text: &str, client: Client, scope: Scope, places: &Places) -> Result<String, StayReason> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').ok_or_else(|| StayReason::Variable(after.to_owned()))?;
        filled.push_str(before);
        // In the user scope the folder differs from project to project.
        let project = Some(places.project.as_path()).filter(|_| scope != Scope::User);
        let known: Option<&Path> = match name {
            _ if client == Client::Claude => None,
            "userHome" => Some(&places.home),
            "workspaceFolder" => project,
            "workspaceFolderBasename" => project.and_then(Path::file_name).map(Path::new),
            "pathSeparator" | "/" => Some(Path::new("/")),
            _ => None,
        };
        match known.and_then(Path::to_str) {
            Some(known) => filled.push_str(known),
            None if is_left(name, client) => filled.push_str(&format!("${{{name}}}")),
            None => return Err(StayReason::Variable(name.to_owned())),
        }
        rest = tail;
    }
    Ok(filled + rest)
}

/// Whether the gateway fills the variable in as the client does.
fn is_left(name: &str, client: Client) -> bool {
    let plain = match client {
        Client::Claude => name.split_once(":-").map_or(name, |(plain, _)| plain),
        Client::Cursor | Client::VsCode => name.strip_prefix("env:").unwrap_or(":"),
    };
    // The gateway reads this one as the folder of its file.
    !plain.is_empty() && !plain.contains(':') && plain != "workspaceFolder"
}

/// What of an entry depends on the folder in which it is started.
fn relative_parts(name: &str, entry: &Value) -> Vec<String> {
    let command = entry.get("command").and_then(Value::as_str);
    let mut parts = Vec::new();
    if let Some(command) = command.filter(|text| text.contains('/') && !text.starts_with(['/', '$'])) {
        parts.push(format!("command {command:?}"));
    }
    let arguments =
        entry.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    parts.extend(
        arguments
            .filter(|text| text.starts_with("./") || text.starts_with("../"))
            .map(|text| format!("argument {text:?}")),
    );
    let note =
        |part| format!("`{name}`: its {part} is relative to the folder in which the client starts terraphim");
    parts.into_iter().map(note).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places() -> Places {
        Places {
            home: "/home/u".into(),
            project: "/work/shop".into(),
            config_home: "/home/u/.config".into(),
            executable: "/opt/bin/tp".into(),
        }
    }

    fn verdict(client: Client, scope: Scope, entry: &Value) -> Verdict {
        judge(client, scope, "s", entry, &places())
    }

    #[test]
    fn entries_that_start_terraphim_are_ours() {
        for command in ["terraphim", "/usr/bin/terraphim", "C:\\bin\\terraphim.exe", "/opt/bin/tp"] {
            assert_eq!(
                verdict(Client::Claude, Scope::User, &json!({"command": command})),
                Verdict::Ours,
                "{command}"
            );
        }
        let other = json!({"command": "terraphim_mcp_server"});
        assert_eq!(
            verdict(Client::Claude, Scope::User, &other),
            Verdict::Move { entry: other.clone(), notes: vec![] }
        );
    }

    #[test]
    fn what_the_gateway_would_not_run_alike_stays() {
        let cases = [
            (json!({"url": "https://x"}), "it is reached over HTTP, which terraphim does not forward yet"),
            (
                json!({"type": "sse", "url": "https://x"}),
                "it is reached over HTTP, which terraphim does not forward yet",
            ),
            (json!({"args": []}), "it has no `command`"),
            (json!([]), "it is not an object"),
            (json!({"command": 1}), "its `command` is no text"),
            (json!({"command": ""}), "its `command` is no text"),
            (json!({"command": "x", "args": "y"}), "its `args` is not a list of texts"),
            (json!({"command": "x", "env": {"A": null}}), "its `env` is not an object of texts"),
            (json!({"command": "x", "cwd": 1}), "its `cwd` is no text"),
            (json!({"command": "x", "url": 1}), "its `url` is no text"),
            (json!({"command": "x", "type": "pipe"}), "its `type` is not `stdio`"),
            (json!({"command": "x", "disabled": "yes"}), "its `disabled` is neither true nor false"),
            (
                json!({"command": "x", "disabled": true}),
                "it is switched off, and moving it would switch it on",
            ),
            (
                json!({"command": "x", "envFile": ".env"}),
                "it takes its environment from `envFile`, which only the client reads",
            ),
            (
                json!({"command": "x", "sandboxEnabled": true}),
                "the client runs it in a sandbox, which terraphim would not",
            ),
            (
                json!({"command": "x", "env": {"K": "${input:key}"}}),
                "it uses `${input:key}`, which only the client can fill in",
            ),
            (json!({"command": "${HOME}/x"}), "it uses `${HOME}`, which only the client can fill in"),
        ];
        for (entry, reason) in cases {
            match verdict(Client::VsCode, Scope::Project, &entry) {
                Verdict::Stay(stay) => assert_eq!(stay.to_string(), reason, "{entry}"),
                other => panic!("{entry}: {other:?}"),
            }
        }
        let bad = judge(Client::Claude, Scope::User, "a\nb", &json!({"command": "x"}), &places());
        assert_eq!(bad, Verdict::Stay(StayReason::BadName));
    }

    #[test]
    fn variables_of_the_editors_are_filled_in() {
        let entry = json!({"command": "${userHome}/bin/x", "args": ["${workspaceFolder}${/}a", "${env:K}"], "env": {"B": "${workspaceFolderBasename}"}});
        let Verdict::Move { entry: moved, notes } = verdict(Client::Cursor, Scope::Project, &entry) else {
            panic!("movable")
        };
        assert_eq!(
            moved,
            json!({"command": "/home/u/bin/x", "args": ["/work/shop/a", "${env:K}"], "env": {"B": "shop"}})
        );
        assert!(notes.is_empty());
        let stays = verdict(Client::Cursor, Scope::User, &entry);
        assert_eq!(stays, Verdict::Stay(StayReason::Variable("workspaceFolder".into())));
        // Claude Code has the gateway's own syntax.
        let entry = json!({"command": "${BIN:-x}", "args": ["${A}"], "env": {"N": 1, "B": true}});
        let moved = Verdict::Move { entry: entry.clone(), notes: vec![] };
        assert_eq!(verdict(Client::Claude, Scope::User, &entry), moved);
        for text in ["${workspaceFolder}", "${a:b}", "${open", "${:-x}"] {
            let stays = verdict(Client::Claude, Scope::Project, &json!({"command": text}));
            assert!(matches!(stays, Verdict::Stay(StayReason::Variable(_))), "{text}: {stays:?}");
        }
    }

    #[test]
    fn working_directories_stay_those_of_the_client() {
        let folder = |scope, folder: &str| match verdict(
            Client::Claude,
            scope,
            &json!({"command": "x", "cwd": folder}),
        ) {
            Verdict::Move { entry, .. } => entry["cwd"].as_str().expect("a text").to_owned(),
            Verdict::Stay(reason) => reason.to_string(),
            Verdict::Ours => panic!("not ours"),
        };
        assert_eq!(folder(Scope::Project, "sub"), "/work/shop/sub");
        assert_eq!(folder(Scope::Local, "~/sub"), "/home/u/sub");
        assert_eq!(folder(Scope::User, "/sub"), "/sub");
        assert_eq!(folder(Scope::User, "${D}/sub"), "${D}/sub");
        assert_eq!(folder(Scope::User, "sub"), "its `cwd` is relative, so that it depends on the project");
    }

    #[test]
    fn relative_parts_are_named() {
        let entry = json!({"command": "bin/x", "cwd": "sub", "args": ["./a", "b", "../c", "/d"]});
        let Verdict::Move { notes, .. } = verdict(Client::Claude, Scope::Project, &entry) else {
            panic!("movable")
        };
        let parts = ["command \"bin/x\"", "argument \"./a\"", "argument \"../c\""];
        let expected = parts.map(|part| {
            format!("`s`: its {part} is relative to the folder in which the client starts terraphim")
        });
        assert_eq!(notes, expected);
    }
}
