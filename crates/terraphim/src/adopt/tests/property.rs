//! Over random formatting: only the entries change, and undo is exact.

use super::*;

/// A reproducible source of choices (xorshift64*).
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn of<'a>(&mut self, options: &[&'a str]) -> &'a str {
        options[self.below(options.len())]
    }

    fn gap(&mut self) -> String {
        let pieces =
            ["", "", "", " ", "\n", "\r\n", "\t", "  \n\n  ", "/* } \" */", "// { \"x\": ,\n", "/**/ "];
        (0..self.below(3)).map(|_| self.of(&pieces)).collect()
    }

    /// An object with these members, in random formatting and perhaps with a trailing comma.
    fn object(&mut self, members: &[(String, String)]) -> String {
        let mut text = "{".to_owned();
        for (index, (key, value)) in members.iter().enumerate() {
            let comma = index + 1 < members.len() || self.below(4) == 0;
            text += &format!("{}\"{key}\"{}:{}{value}{}", self.gap(), self.gap(), self.gap(), self.gap());
            text += if comma { "," } else { "" };
        }
        text + &self.gap() + "}"
    }

    fn entry(&mut self, number: usize) -> String {
        let name = |key: &str| key.to_owned();
        match self.below(5) {
            0 => self.object(&[(name("url"), "\"https://x\"".into())]),
            1 => self.object(&[(name("command"), "\"terraphim\"".into())]),
            _ => {
                let command = format!("\"c{number} \\\"}}\\u007b\"");
                let list = format!("[{}\"-y\"{}]", self.gap(), self.gap());
                self.object(&[(name("command"), command), (name("args"), list)])
            }
        }
    }

    fn file(&mut self, key: &str) -> String {
        let names = ["a", "b", "c", "d", "terraphim", "x\\u0041", "ü"];
        let servers: Vec<_> = names
            .iter()
            .filter(|_| self.below(2) == 0)
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
            .into_iter()
            .enumerate()
            .map(|(number, name)| (name, self.entry(number)))
            .collect();
        let servers = self.object(&servers);
        let mut members = vec![(key.to_owned(), servers)];
        if self.below(2) == 0 {
            members.insert(0, ("inputs".into(), "[1, /* one */ 2,]".into()));
        }
        if self.below(2) == 0 {
            members.push(("z".into(), "{\"mcpServers\": {\"no\": {\"command\": \"no\"}}}".into()));
        }
        let bom = self.of(&["", "", "\u{feff}"]);
        format!("{bom}{}{}{}", self.gap(), self.object(&members), self.gap())
    }
}

/// The text without its comments, parsed.
fn parsed(text: &str) -> Value {
    let root = jsonc::document(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    jsonc::value(text, &(root.open..root.close + 1)).expect("a value")
}

fn comments(text: &str) -> usize {
    text.matches("/* } \" */").count() + text.matches("// { \"x\": ,").count() + text.matches("/**/").count()
}

#[test]
fn random_files_change_in_their_entries_alone_and_come_back() {
    let mut moved = 0;
    for seed in 1_u64..=150 {
        let mut choices = Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let machine = Machine::new();
        let (client, key) =
            if seed % 2 == 0 { (Client::VsCode, "servers") } else { (Client::Cursor, "mcpServers") };
        let folder = if client == Client::VsCode {
            "work/shop/.vscode/mcp.json"
        } else {
            "work/shop/.cursor/mcp.json"
        };
        let text = choices.file(key);
        machine.write(folder, &text);
        let before = machine.snapshot();
        let plan = machine.adopt(client);
        let after = machine.text(folder);

        let names: Vec<&str> = plan.moves.iter().map(|server| server.name.as_str()).collect();
        let (mut expected, found) = (parsed(&text), parsed(&after));
        let servers = expected[key].as_object_mut().expect("servers");
        servers.retain(|name, _| !names.contains(&name.as_str()));
        let has_ours = servers.values().any(|entry| entry["command"] == "terraphim");
        if !names.is_empty() && !has_ours {
            let name = if servers.contains_key("terraphim") { "terraphim-2" } else { "terraphim" };
            let mut entry = ours();
            if client == Client::VsCode {
                entry["type"] = json!("stdio");
            }
            servers.insert(name.into(), entry);
        }
        assert_eq!(found, expected, "seed {seed}:\n{text}\n---\n{after}");
        if names.is_empty() {
            assert_eq!(after, text, "seed {seed}");
        } else {
            moved += 1;
            let inside = |text: &str| parsed(text)[key].as_object().map_or(0, |servers| servers.len());
            assert!(
                comments(&after) <= comments(&text) && inside(&after) <= inside(&text) + 1,
                "seed {seed}"
            );
            let (head, tail) = surroundings(&text, key);
            assert!(after.starts_with(head) && after.ends_with(tail), "seed {seed}:\n{text}\n---\n{after}");
            assert!(machine.plan(client).is_empty(), "seed {seed}: a second adoption");
            machine.undo(client, UndoMode::Exact).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
        assert!(machine.snapshot() == before, "seed {seed}: not as before");
    }
    assert!(moved > 75, "only {moved} of the random files had something to move");
}

/// The text before the servers and after them.
fn surroundings<'t>(text: &'t str, key: &str) -> (&'t str, &'t str) {
    let root = jsonc::document(text).expect("JSON");
    let span = root.get(key).expect("the servers").value.clone();
    (&text[..=span.start], &text[span.end - 1..])
}

#[test]
fn entries_return_to_a_rewritten_file() {
    for seed in 1_u64..=70 {
        let mut choices = Choices(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let machine = Machine::new();
        let text = choices.file("mcpServers");
        machine.write(".cursor/mcp.json", &text);
        let plan = machine.adopt(Client::Cursor);
        if plan.is_empty() {
            continue;
        }
        let mut state = parsed(&machine.text(".cursor/mcp.json"));
        state["since"] = json!(seed);
        machine.write(
            ".cursor/mcp.json",
            &if seed % 2 == 0 { state.to_string() } else { format!("{state:#}\n") },
        );
        machine
            .undo(Client::Cursor, UndoMode::KeepChanges)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let mut expected = parsed(&text);
        expected["since"] = json!(seed);
        assert_eq!(machine.json(".cursor/mcp.json"), expected, "seed {seed}:\n{text}");
        assert!(!machine.path(".config/terraphim").exists(), "seed {seed}");
    }
}
