//! Programs with what is to come of them, read from files.
//!
//! A file holds cases. One begins with `### name`, then comes the program, then
//! a line `---`, then what is expected, one a line:
//!
//! | line | meaning |
//! | --- | --- |
//! | `result JSON` | the result |
//! | `failed KIND LINE:COLUMN MESSAGE` | the failure; a column of 0 before Python 3.11, a star for any place |
//! | `hint TEXT`, `stack TEXT` | of the failure; frames joined by ` / ` |
//! | `log LEVEL TEXT` | the lines of the log in order; without any, there are none |
//! | `call NAME PAYLOAD` | all calls in order, if any is given |
//! | `limit NAME NUMBER` | another limit than usual: `wall_ms`, `memory_mib`, `result_bytes`, ... |
//! | `python MAJOR.MINOR` | the oldest version that it is for |
//!
//! A text that ends in `...` is the beginning of what is to be there. A hint that
//! is not expected is not looked at.

use std::{fs, path::Path};

use terraphim_sandbox_protocol::{Failure, FailureKind, GuestFrame, LogLevel, Start, Syntax};

use super::{
    host::Host,
    zygote::{Outcome, Zygote},
};

/// A program with what is to come of it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) oldest: (u32, u32),
    source: String,
    expected: Vec<String>,
}

/// What came of a program.
struct Ending {
    last: GuestFrame,
    started: bool,
    logs: Vec<String>,
    calls: Vec<String>,
}

impl Case {
    /// All cases, from all files.
    pub(crate) fn all() -> Outcome<Vec<Self>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/python/cases");
        let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::path);
        let mut cases = Vec::new();
        for file in files {
            let text = fs::read_to_string(file.path())?;
            for one in text.split("\n### ").map(|one| one.strip_prefix("### ").unwrap_or(one)) {
                let stem = file.file_name().to_string_lossy().replace(".txt", "");
                cases.push(Self::read(&stem, one)?);
            }
        }
        Ok(cases)
    }

    fn read(file: &str, text: &str) -> Outcome<Self> {
        let (name, rest) = text.split_once('\n').ok_or("a case without a program")?;
        let name = format!("{file}: {name}");
        let (source, expected) = rest.split_once("---\n").ok_or(format!("{name}: nothing is expected"))?;
        let expected: Vec<String> =
            expected.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let mut oldest = (3, 9);
        if let Some(version) = expected.iter().find_map(|line| line.strip_prefix("python ")) {
            let (major, minor) = version.split_once('.').ok_or("no version")?;
            oldest = (major.parse()?, minor.parse()?);
        }
        Ok(Self { name, oldest, source: source.strip_suffix('\n').unwrap_or(source).to_owned(), expected })
    }

    fn all_of<'c>(&'c self, word: &'c str) -> impl Iterator<Item = &'c str> {
        self.expected.iter().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '))
    }

    fn limit(&self, name: &str, usual: u64) -> Outcome<u64> {
        let given = self.all_of("limit").find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(given.map_or(Ok(usual), str::parse)?)
    }

    /// Runs it, or says how it went otherwise than expected.
    pub(crate) fn check(&self, zygote: &mut Zygote, has_columns: bool) -> Outcome<()> {
        let ending = self.run(zygote)?;
        let mut wrong = Vec::new();
        let mut compare = |what: &str, expected: &str, found: &str| {
            let same = match expected.strip_suffix("...") {
                Some(begin) => found.starts_with(begin),
                None => found == expected,
            };
            if !same {
                wrong.push(format!("{what}\n  expected {expected}\n  found    {found}"));
            }
        };
        match &ending.last {
            GuestFrame::Done { payload } => {
                let wanted = self.all_of("result").next().unwrap_or("a failure");
                compare("result", wanted, &String::from_utf8_lossy(payload));
            }
            GuestFrame::Failed(failure) => {
                let wanted = self.all_of("failed").next().unwrap_or("a result");
                let anywhere = wanted.split(' ').nth(1) == Some("*");
                compare("failure", &with_column(wanted, has_columns), &described(failure, anywhere));
                for hint in self.all_of("hint") {
                    compare("hint", hint, &failure.hint);
                }
                for stack in self.all_of("stack").filter(|_| has_columns) {
                    compare("stack", stack, &failure.stack.replace('\n', " / "));
                }
                let begins = failure.kind != FailureKind::Syntax;
                compare("started", &begins.to_string(), &ending.started.to_string());
            }
            other => compare("the last frame", "an end", &format!("{other:?}")),
        }
        let logs: Vec<_> = self.all_of("log").collect();
        if logs != ["any"] {
            compare("logs", &logs.join("\n           "), &ending.logs.join("\n           "));
        }
        let calls: Vec<_> = self.all_of("call").collect();
        if !calls.is_empty() {
            compare("calls", &calls.join("\n           "), &ending.calls.join("\n           "));
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}: {}", self.name, wrong.join("\n")).into()) }
    }

    fn run(&self, zygote: &mut Zygote) -> Outcome<Ending> {
        let memory = self.limit("memory_mib", 256)? << 20;
        let mut run = zygote.fork(memory, 30)?;
        run.begin(&Start {
            syntax: Syntax::Python,
            wall_ms: self.limit("wall_ms", 10_000)?,
            heap_bytes: memory,
            result_bytes: self.limit("result_bytes", 1 << 20)?,
            arguments_bytes: self.limit("arguments_bytes", 1 << 20)?,
            tool_calls: u32::try_from(self.limit("tool_calls", 2_000)?)?,
            keeps: false,
            source: self.source.clone(),
        })?;
        let (mut host, mut started, mut logs) = (Host::default(), false, Vec::new());
        loop {
            let frame = run.frame()?.ok_or_else(|| format!("{}: it ended without a word", self.name))?;
            match frame {
                GuestFrame::Started => started = true,
                GuestFrame::Log { level, text } => {
                    logs.extend(text.split('\n').map(|line| told(level, line)))
                }
                GuestFrame::Call { id, name, payload } => {
                    for (id, ok, json) in host.answer(id, &name, std::str::from_utf8(&payload)?) {
                        run.reply(id, ok, &json)?;
                    }
                }
                last => {
                    let calls = host.calls.iter().map(|(name, payload)| format!("{name} {payload}"));
                    return Ok(Ending { last, started, logs, calls: calls.collect() });
                }
            }
        }
    }
}

fn told(level: LogLevel, line: &str) -> String {
    let level = match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    };
    format!("{level} {line}")
}

/// Kind, place and message; a star for a place that may be any.
fn described(failure: &Failure, anywhere: bool) -> String {
    let kind = match failure.kind {
        FailureKind::Syntax => "syntax",
        FailureKind::Runtime => "runtime",
        FailureKind::Tool => "tool",
        FailureKind::Limit => "limit",
        FailureKind::Denied => "denied",
    };
    let Failure { line, column, message, .. } = failure;
    let place = if anywhere { "*".to_owned() } else { format!("{line}:{column}") };
    format!("{kind} {place} {}", message.replace('\n', "\\n"))
}

/// What is expected of a version that knows no columns of a running program.
fn with_column(expected: &str, has_columns: bool) -> String {
    if has_columns
        || expected.starts_with("syntax")
        || !expected.contains(':')
        || expected.split(' ').nth(1) == Some("*")
    {
        return expected.to_owned();
    }
    let mut words = expected.splitn(3, ' ');
    let (kind, place, message) = (words.next(), words.next(), words.next());
    let line = place.and_then(|place| place.split(':').next()).unwrap_or_default();
    format!("{} {line}:0 {}", kind.unwrap_or_default(), message.unwrap_or_default())
}
