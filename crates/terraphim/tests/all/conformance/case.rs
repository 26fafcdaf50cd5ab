//! One program in every language with what is to come of it.
//!
//! A file of `tests/conformance` begins with lines `name: value`:
//!
//! | name | value |
//! | --- | --- |
//! | `result` | the result as JSON, with the order of its keys; or `kept`: too long, in a file with a preview |
//! | `error` | the kind of the error |
//! | `message`, `hint` | a part of it; may be repeated |
//! | `at` | `HERE`: the error is in the line with this mark; `nowhere`: it has no line |
//! | `logs` | all logs, as a JSON text; without it and `log` there are none |
//! | `log` | a part of the logs; may be repeated |
//! | `file` | `PATH BYTES` of a file that the outcome names, a star for any run; may be repeated |
//! | `calls` | how many tool calls were made |
//! | `timeout`, `memory` | limits in milliseconds and MiB |
//! | `exchange` | `yes`: what one language's first program keeps, the others' second one finds |
//!
//! Then come sections `--- LANGUAGE`. One begins with lines `| name: value`: `none`
//! with the reason why the language has no program, or `differs` with the reason why
//! it gives something else, and what, or in which `timeout`. Its programs are parted by `=== then`; they share
//! the workspace, and the last one is judged. JavaScript takes the programs of TypeScript
//! where it has none of its own, and node those of JavaScript. `«text×1000»` stands for that many copies of the text.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

const DEFAULT_TIMEOUT_MS: u64 = 20_000;

/// What stands in the line of a program that its error is to name.
const MARK: &str = "HERE";

/// A file of the table.
pub(crate) struct Case {
    pub(crate) name: String,
    timeout_ms: u64,
    pub(crate) memory_mb: u64,
    pub(crate) is_exchanged: bool,
    sections: BTreeMap<String, Section>,
}

/// What a case has for a language.
pub(crate) enum Section {
    /// There is no program, and the file says why.
    Absent,
    /// Programs to run in turn, and what is to come of the last one.
    Programs { programs: Vec<String>, verdict: Box<Verdict> },
}

/// What is to come of a program.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Verdict {
    /// Whether it is another one than that of the other languages.
    pub(crate) differs: bool,
    result: Option<String>,
    error: Option<String>,
    messages: Vec<String>,
    hints: Vec<String>,
    at: Option<String>,
    logs: Option<String>,
    log: Vec<String>,
    files: Vec<String>,
    calls: Option<u64>,
    /// The limit that the language's programs get, if it is not that of the others.
    timeout_ms: Option<u64>,
}

/// Every case, in the order of their names.
pub(crate) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let entries = fs::read_dir(folder).expect("the folder of cases").flatten();
    let read = |path: &Path| {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Case::read(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let mut cases: Vec<_> = entries.map(|entry| read(&entry.path())).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl Case {
    /// Reads a file; an error says what is wrong with it.
    pub(crate) fn read(name: &str, text: &str) -> Result<Self, String> {
        let mut parts = text.split("\n--- ");
        let head = parts.next().unwrap_or_default();
        let mut case = Self {
            name: name.to_owned(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            memory_mb: 256,
            is_exchanged: false,
            sections: BTreeMap::new(),
        };
        // A file may begin with its first section.
        let (head, first) = match head.strip_prefix("--- ") {
            Some(section) => ("", Some(section)),
            None => (head, None),
        };
        let mut common = Verdict::default();
        for line in head.lines() {
            let (key, value) = line.split_once(": ").ok_or_else(|| format!("what is `{line}`?"))?;
            let number = || value.parse().map_err(|_| format!("{key}: {value} is no number"));
            match key {
                "timeout" => case.timeout_ms = number()?,
                "memory" => case.memory_mb = number()?,
                "exchange" => case.is_exchanged = value == "yes",
                _ => common.set(key, value)?,
            }
        }
        common.must_be_whole()?;
        for section in first.into_iter().chain(parts) {
            let (language, body) = section.split_once('\n').ok_or("a section of one line")?;
            let section = Section::read(language, body, &common)?;
            if let Section::Programs { programs, .. } = &section
                && case.is_exchanged
                && programs.len() != 2
            {
                return Err(format!("{language} needs two programs to exchange something"));
            }
            if case.sections.insert(language.to_owned(), section).is_some() {
                return Err(format!("{language} stands there twice"));
            }
        }
        Ok(case)
    }

    /// The limit of a language's programs, in milliseconds.
    pub(crate) fn timeout_ms(&self, language: &str) -> u64 {
        match self.section(language) {
            Some(Section::Programs { verdict, .. }) => verdict.timeout_ms.unwrap_or(self.timeout_ms),
            _ => self.timeout_ms,
        }
    }

    /// What there is for a language.
    pub(crate) fn section(&self, language: &str) -> Option<&Section> {
        let others: &[&str] = match language {
            "javascript" => &["typescript"],
            "node" => &["javascript", "typescript"],
            _ => &[],
        };
        let names = std::iter::once(&language).chain(others);
        names.copied().find_map(|name| self.sections.get(name))
    }
}

impl Section {
    fn read(language: &str, body: &str, common: &Verdict) -> Result<Self, String> {
        let mut own = Verdict::default();
        let mut reason = None;
        let mut rest = body;
        while let Some(line) = rest.strip_prefix("| ") {
            let (line, after) = line.split_once('\n').unwrap_or((line, ""));
            let (key, value) = line.split_once(':').ok_or_else(|| format!("what is `{line}`?"))?;
            let value = value.trim();
            rest = after;
            match key {
                "none" if value.is_empty() => return Err("`none` says nothing".into()),
                "none" if rest.trim().is_empty() => return Ok(Self::Absent),
                "none" => return Err(format!("{language} has a program and a reason to have none")),
                "differs" => reason = Some(value.to_owned()).filter(|reason| !reason.is_empty()),
                "timeout" => {
                    own.timeout_ms = Some(value.parse().map_err(|_| format!("{key}: {value} is no number"))?);
                }
                _ => own.set(key, value)?,
            }
        }
        if rest.trim().is_empty() {
            return Err(format!("{language} has no program"));
        }
        let is_own = own != Verdict::default();
        match (is_own, reason) {
            (true, None) => return Err(format!("{language} differs without a reason")),
            (false, Some(_)) => return Err(format!("{language} gives a reason but does not differ")),
            _ => {}
        }
        let mut verdict = if is_own { own } else { common.clone() };
        if is_own {
            verdict.must_be_whole()?;
            if verdict == *common {
                return Err(format!("{language} gives a reason but does not differ"));
            }
            verdict.differs = true;
        }
        let programs: Vec<_> = rest.split("\n=== then\n").map(expanded).collect::<Result<_, _>>()?;
        let last = programs.last().map_or("", String::as_str);
        if verdict.at.as_deref() == Some(MARK) && line_of_mark(last).is_none() {
            return Err(format!("{language} has no mark of the line that the error is in"));
        }
        Ok(Self::Programs { programs, verdict: Box::new(verdict) })
    }
}

impl Verdict {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "result" => self.result = Some(expanded(value)?),
            "error" => self.error = Some(value.to_owned()),
            "message" => self.messages.push(value.to_owned()),
            "hint" => self.hints.push(value.to_owned()),
            "at" => self.at = Some(value.to_owned()),
            "logs" => {
                self.logs = Some(serde_json::from_str(value).map_err(|error| format!("logs: {error}"))?);
            }
            "log" => self.log.push(value.to_owned()),
            "file" => self.files.push(value.to_owned()),
            "calls" => self.calls = Some(value.parse().map_err(|_| format!("calls: {value}"))?),
            _ => return Err(format!("there is no line `{key}`")),
        }
        Ok(())
    }

    fn must_be_whole(&self) -> Result<(), String> {
        match (&self.result, &self.error) {
            (None, None) => Err("neither a result nor an error is expected".into()),
            (Some(_), Some(_)) => Err("a result and an error are expected".into()),
            (None, Some(_)) if self.messages.is_empty() => Err("it says nothing of its message".into()),
            _ => Ok(()),
        }
    }

    /// Says what of an outcome is not as it should be. `program` is the text that was run.
    pub(crate) fn check(&self, outcome: &Value, program: &str) -> Result<(), String> {
        self.wrong(outcome, program).map_or(Ok(()), |why| Err(format!("{why}\n  in {}", first(outcome))))
    }

    fn wrong(&self, outcome: &Value, program: &str) -> Option<String> {
        let error = &outcome["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = error["kind"].as_str();
        if kind != self.error.as_deref() {
            return Some(format!(
                "expected {}, got {}",
                self.error.as_deref().unwrap_or("a result"),
                kind.unwrap_or("a result")
            ));
        }
        let places = [
            (&self.messages, &error["message"]),
            (&self.hints, &error["hint"]),
            (&self.log, &outcome["logs"]),
        ];
        for (parts, place) in places {
            if let Some(part) = parts.iter().find(|part| !text(place).contains(part.as_str())) {
                return Some(format!("no `{part}` in `{}`", text(place)));
            }
        }
        let line = error["line"].as_u64();
        match self.at.as_deref() {
            Some("nowhere") if line.is_some() => return Some(format!("it names line {line:?}")),
            Some(MARK) if line != line_of_mark(program) => {
                return Some(format!("it names line {line:?}, the mark is in {:?}", line_of_mark(program)));
            }
            _ => {}
        }
        let logs = self.logs.as_deref().or_else(|| self.log.is_empty().then_some(""));
        if let Some(logs) = logs.filter(|logs| *logs != text(&outcome["logs"])) {
            return Some(format!("expected the logs {logs:?}, got {:?}", text(&outcome["logs"])));
        }
        if let Some(calls) = self.calls.filter(|calls| outcome["usage"]["tool_calls"] != *calls) {
            return Some(format!("expected {calls} calls, got {}", outcome["usage"]["tool_calls"]));
        }
        self.wrong_files(&outcome["files"]).or_else(|| self.wrong_result(&outcome["result"]))
    }

    fn wrong_result(&self, result: &Value) -> Option<String> {
        match self.result.as_deref()? {
            "kept" => {
                let preview = result["preview"].as_str().is_some_and(|preview| !preview.is_empty());
                let whole = result["truncated"] == true && preview && result["path"].is_string();
                (!whole).then(|| "it is not kept with a preview".into())
            }
            json => match serde_json::from_str::<Value>(json) {
                // The texts tell the order of keys, and 1 from 1.0.
                Ok(expected) => (serde_json::to_string(&expected).ok() != serde_json::to_string(result).ok())
                    .then(|| format!("expected {}\n  got      {}", first(&expected), first(result))),
                Err(error) => Some(format!("the expected result: {error}")),
            },
        }
    }

    fn wrong_files(&self, files: &Value) -> Option<String> {
        let named: Vec<_> = files
            .as_array()
            .into_iter()
            .flatten()
            .map(|file| (file["path"].as_str().unwrap_or_default(), file["bytes"].to_string()))
            .collect();
        let is_there = |expected: &&String| {
            let (path, bytes) = expected.split_once(' ').unwrap_or((expected, ""));
            let (head, tail) = path.split_once('*').unwrap_or((path, ""));
            named.iter().any(|(name, length)| {
                name.starts_with(head) && name.ends_with(tail) && (bytes.is_empty() || bytes == length)
            })
        };
        let missing = self.files.iter().find(|expected| !is_there(expected));
        missing.map(|expected| format!("no file `{expected}` in {named:?}"))
    }
}

fn first(value: &Value) -> String {
    value.to_string().chars().take(1_000).collect()
}

/// The number, from 1, of the line with the mark.
fn line_of_mark(program: &str) -> Option<u64> {
    (1..).zip(program.lines()).find_map(|(number, line)| line.contains(MARK).then_some(number))
}

/// The program with its placeholders replaced.
fn expanded(text: &str) -> Result<String, String> {
    let mut parts = text.split('«');
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (placeholder, rest) = part.split_once('»').ok_or("a placeholder without an end")?;
        let (text, count) = placeholder.split_once('×').ok_or("a placeholder without a count")?;
        let count = count.parse().map_err(|_| format!("{count} is no count"))?;
        expanded.push_str(&text.repeat(count));
        expanded.push_str(rest);
    }
    Ok(expanded)
}
