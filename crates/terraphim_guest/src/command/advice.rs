//! What can be said of a program before it runs: commands that no jail has, and
//! tools that no server has. It is advice, a line in the logs; the program runs.

use std::collections::BTreeMap;

use super::{
    arguments::{list, object, quoted},
    commands::{Named, Word, commands},
    mcp::{Table, Tools, import, import_with, member},
    refusal::CallError,
};
use crate::json;

/// Commands that need a network, of which there is none.
const OF_NETWORK: &[&str] = &[
    "apt", "apt-get", "brew", "curl", "docker", "gh", "git", "nc", "npm", "npx", "pip", "pip3", "rsync",
    "scp", "ssh", "sudo", "wget", "yum",
];

/// Most pieces of advice, and most servers that are asked for.
const MOST: usize = 8;

/// A question to the host.
pub(super) struct Question {
    /// The id of the call.
    pub(super) id: u32,
    /// An import of the server, with the calls that the host is to look at.
    pub(super) asked: String,
    /// The same import as commands ask for it.
    pub(super) table: String,
}

/// A call of a tool that stands in a program.
struct Called {
    line: u32,
    tool: String,
    /// The names of its arguments, where all of them stand there.
    names: Option<Vec<String>>,
}

impl Called {
    fn as_json(&self, server: &str) -> Option<String> {
        Some(object(&[
            ("server", quoted(server)),
            ("tool", quoted(&self.tool)),
            ("names", list(self.names.as_ref()?)),
            ("line", self.line.to_string()),
        ]))
    }
}

/// Advice for one program.
#[derive(Default)]
pub(super) struct Advice {
    /// Lines that stand already.
    lines: Vec<String>,
    /// The calls that stand in the program as they are, by their server.
    called: BTreeMap<String, Vec<Called>>,
    /// The servers that were asked for, by the ids of the calls.
    asked: BTreeMap<u32, String>,
}

impl Advice {
    /// Looks at a program. `is_there` says whether the jail has a command.
    pub(super) fn of(source: &str, is_there: impl Fn(&str) -> bool) -> Self {
        let mut advice = Self::default();
        let found = commands(source);
        let is_own = |name: &str| found.functions.contains(name);
        for one in &found.named {
            let Some(name) = one.words.first().and_then(Word::whole) else { continue };
            if OF_NETWORK.contains(&name) && !is_own(name) && !is_there(name) {
                let why =
                    "a program has no network and installs nothing: use a tool of a server, `mcp search`";
                advice.say(one.line, &format!("there is no `{name}`: {why}"));
            }
            if let Some((server, call)) = call(one).filter(|_| !is_own("mcp")) {
                let known = advice.called.contains_key(server);
                if known || advice.called.len() < MOST {
                    advice.called.entry(server.to_owned()).or_default().push(call);
                }
            }
        }
        advice
    }

    fn say(&mut self, line: u32, words: &str) {
        let said = format!("line {line}: {words}");
        if self.lines.len() < MOST && !self.lines.contains(&said) {
            self.lines.push(said);
        }
    }

    /// What is to be asked of the host, by the ids of the calls, from 1 on.
    pub(super) fn questions(&mut self) -> Vec<Question> {
        let mut questions = Vec::with_capacity(self.called.len());
        for (id, (server, calls)) in (1..).zip(&self.called) {
            let whole = calls.iter().filter_map(|call| call.as_json(server)).collect::<Vec<_>>();
            let table = import(server, Table::Known);
            let calls = ("calls", format!("[{}]", whole.join(",")));
            questions.push(Question { id, asked: import_with(server, Some(calls)), table });
            self.asked.insert(id, server.clone());
        }
        questions
    }

    /// Whether answers are still to come.
    pub(super) fn is_waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Takes the answer to a question; whether it was one.
    pub(super) fn answer(&mut self, id: u32, ok: bool, payload: &str) -> bool {
        let Some(server) = self.asked.remove(&id) else { return false };
        let calls = self.called.remove(&server).unwrap_or_default();
        if !ok {
            let error = CallError::read(payload);
            if let Some(first) = calls.first().filter(|_| error.kind == "unknown") {
                self.say(first.line, &with_hint(&error.message, &error.hint));
            }
            return true;
        }
        let servers = member(payload, "servers").and_then(json::elements).unwrap_or_default();
        // A server that cannot be asked has said nothing of its tools.
        let Some(table) = servers.first().filter(|table| member(table, "error").is_none()) else {
            return true;
        };
        let Some(tools) = Tools::read(table) else { return true };
        // The host itself has looked at the others.
        for Called { line, tool, .. } in calls.iter().filter(|call| call.names.is_none()) {
            let Err(near) = tools.find(tool) else { continue };
            let meant =
                if near.is_empty() { String::new() } else { format!("did you mean {}?", near.join(", ")) };
            self.say(*line, &with_hint(&format!("the server `{server}` has no tool `{tool}`"), &meant));
        }
        true
    }

    /// What was not said before.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}

fn with_hint(message: &str, hint: &str) -> String {
    if hint.is_empty() { message.to_owned() } else { format!("{message}: {hint}") }
}

/// The server of a call that stands there, and the call.
fn call(one: &Named) -> Option<(&str, Called)> {
    let [mcp, call, name, arguments @ ..] = one.words.as_slice() else { return None };
    if mcp.whole()? != "mcp" || call.whole()? != "call" {
        return None;
    }
    let name = name.whole().filter(|name| !name.starts_with('-'))?;
    let (server, tool) = name.split_once('.')?;
    Some((server, Called { line: one.line, tool: tool.to_owned(), names: names(arguments) }))
}

/// The names of the arguments, if all are known.
fn names(words: &[Word]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "--raw" | "--text" if word.is_whole => {}
            "--json" if word.is_whole => {
                let object = json::members(words.next()?.whole()?)?;
                names.extend(object.into_iter().map(|(name, _)| name));
            }
            text => {
                let (name, _) = text.split_once('=')?;
                names.push(name.strip_suffix(':').unwrap_or(name).to_owned());
            }
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_the_network_are_told_of_once() {
        let source = "curl x\nwget y; curl z\ngit() { :; }\ngit a\necho curl | ssh b\n# pip\nprintf 'npm'";
        let mut advice = Advice::of(source, |name| name == "ssh");
        let said = advice.take();
        let starts: Vec<_> = said.iter().map(|line| line.split(':').take(2).collect::<String>()).collect();
        assert_eq!(
            starts,
            ["line 1 there is no `curl`", "line 2 there is no `wget`", "line 2 there is no `curl`"]
        );
        assert!(Advice::of(&"curl a\n".repeat(100), |_| false).take().len() == MOST);
    }

    #[test]
    fn tools_that_no_server_has_are_told_of() {
        let source =
            "mcp call up.ad $all\nmcp call up.add\nx=$(mcp call nope.x) \"$(mcp call $y.z)\"\nmcp call a";
        let mut advice = Advice::of(source, |_| false);
        let questions = advice.questions();
        let tables: Vec<_> = questions.iter().map(|one| (one.id, one.table.clone())).collect();
        assert_eq!(tables, [(1, import("nope", Table::Known)), (2, import("up", Table::Known))]);
        let unknown = r#"{"kind":"unknown","message":"there is no server `nope`","hint":"did you mean up?"}"#;
        assert!(advice.answer(1, false, unknown) && advice.is_waiting());
        let tables = r#"{"servers":[{"server":"up","tools":[{"name":"add","identifiers":["add"]}]}]}"#;
        assert!(advice.answer(2, true, tables) && !advice.is_waiting());
        assert!(!advice.answer(2, true, tables));
        let expected = [
            "line 3: there is no server `nope`: did you mean up?",
            "line 1: the server `up` has no tool `ad`: did you mean add?",
        ];
        assert_eq!(advice.take(), expected);
        for odd in ["", "[]", "{\"servers\":[]}", "{\"servers\":[{\"server\":\"a\",\"error\":\"why\"}]}"] {
            let mut advice = Advice::of("mcp call a.b", |_| false);
            advice.questions();
            assert!(advice.answer(1, true, odd));
            assert_eq!(advice.take(), Vec::<String>::new(), "{odd}");
        }
    }

    #[test]
    fn the_host_looks_at_calls_whose_names_stand_there() {
        for (line, names) in [
            ("mcp call a.b", Some(&[][..])),
            ("mcp call a.b x=1 y:=\"$z\" --raw", Some(&["x", "y"])),
            ("mcp call a.b --json '{\"x\": 1}' y=2 > /tmp/z", Some(&["x", "y"])),
            ("mcp call a.b \"$x\"", None),
            ("mcp call a.b $x=1", None),
            ("mcp call a.b --json - <<< '{}'", None),
            ("mcp call a.b \"${all[@]}\" x=1", None),
        ] {
            let asked = Advice::of(line, |_| false).questions().remove(0).asked;
            let calls = names.map_or("[]".to_owned(), |names| {
                let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
                format!(r#"[{{"server":"a","tool":"b","names":{},"line":1}}]"#, list(&names))
            });
            assert!(asked.ends_with(&format!("\"calls\":{calls}}}")), "{line}: {asked}");
        }
    }
}
