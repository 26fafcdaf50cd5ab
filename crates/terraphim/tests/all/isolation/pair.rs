//! A pair of programs in `tests/isolation`: what A leaves, and what B must
//! see all the same. The leading comment of a file says what it is for and, in
//! lines `// key: value`, how it is run and how it ends:
//!
//! | key | of | value |
//! | --- | --- | --- |
//! | `ends` | A | kind of the error that ends it, `cancel` for one that its client takes back; without it, a result |
//! | `timeout_ms`, `memory_mb` | A | limits of the run |
//! | `keeps` | A | how the path opens under which its long result is kept |
//! | `expect` | B | its result as JSON; needed |
//! | `logs` | B | its logs as JSON; without it, none |
//! | `calls` | B | the tool calls that its usage names |

use std::{collections::HashMap, fs, path::Path};

use serde_json::{Map, Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/isolation");

/// One program of a pair.
pub(crate) struct Program {
    pub(crate) name: String,
    code: String,
    directives: HashMap<String, String>,
}

/// Two programs that must not know of each other.
pub(crate) struct Pair {
    pub(crate) a: Program,
    pub(crate) b: Program,
}

impl Pair {
    /// Every pair of the folder, by name.
    pub(crate) fn all() -> Vec<Self> {
        let mut names: Vec<_> = fs::read_dir(FOLDER)
            .expect("the folder of pairs")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"))
            .collect();
        names.sort();
        assert!(names.len().is_multiple_of(2) && !names.is_empty(), "a program has no partner: {names:?}");
        let pairs = names.chunks(2).map(|names| {
            let stem = names[0].strip_suffix(".a.ts").unwrap_or_else(|| panic!("{} is no pair", names[0]));
            assert_eq!(names[1], format!("{stem}.b.ts"));
            Self { a: Program::read(&names[0], A_KEYS), b: Program::read(&names[1], B_KEYS) }
        });
        pairs.collect()
    }
}

const A_KEYS: &[&str] = &["ends", "timeout_ms", "memory_mb", "keeps"];
const B_KEYS: &[&str] = &["expect", "logs", "calls"];

impl Program {
    fn read(name: &str, keys: &[&str]) -> Self {
        let code = fs::read_to_string(Path::new(FOLDER).join(name)).expect("a program");
        let comment = code.lines().map_while(|line| line.strip_prefix("// "));
        let pairs = comment.filter_map(|line| line.split_once(": "));
        let directives: HashMap<_, _> =
            pairs.filter(|(key, _)| !key.contains(' ')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        for key in directives.keys() {
            assert!(keys.contains(&key.as_str()), "{name} has a line `{key}`, which means nothing");
        }
        Self { name: name.to_owned(), code, directives }
    }

    fn directive(&self, key: &str) -> Option<&str> {
        self.directives.get(key).map(String::as_str)
    }

    /// Whether the client takes it back while it runs.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.directive("ends") == Some("cancel")
    }

    /// The arguments of `execute_code`.
    pub(crate) fn arguments(&self) -> Value {
        let mut arguments = Map::from_iter([("code".to_owned(), json!(self.code))]);
        for key in ["timeout_ms", "memory_mb"] {
            if let Some(value) = self.directive(key) {
                arguments.insert(key.into(), serde_json::from_str(value).expect("a number"));
            }
        }
        arguments.into()
    }

    /// Checks how A ended.
    pub(crate) fn check_end(&self, outcome: &Value) {
        let name = &self.name;
        assert_eq!(outcome["status"], "done", "{name}: {outcome}");
        let ends = self.directive("ends");
        assert_eq!(outcome["error"]["kind"].as_str(), ends, "{name}: {outcome}");
        if let Some(place) = self.directive("keeps") {
            let path = outcome["result"]["path"].as_str().unwrap_or_default();
            assert!(path.starts_with(place), "{name}: {outcome}");
        }
    }

    /// Checks that B saw what it sees alone.
    pub(crate) fn check_alone(&self, outcome: &Value) {
        let name = &self.name;
        let parsed = |key: &str| self.directive(key).map(|text| serde_json::from_str(text).expect(key));
        let expected: Value = parsed("expect").unwrap_or_else(|| panic!("{name} expects nothing"));
        assert_eq!(outcome["result"], expected, "{name}: {outcome}");
        assert_eq!(outcome["error"], Value::Null, "{name}: {outcome}");
        let logs: Value = parsed("logs").unwrap_or_else(|| json!(""));
        assert_eq!(outcome["logs"], logs, "{name}");
        assert_eq!(outcome["files"], json!([]), "{name}");
        if let Some(calls) = parsed("calls") {
            let calls: Value = calls;
            assert_eq!(outcome["usage"]["tool_calls"], calls, "{name}");
        }
    }
}
