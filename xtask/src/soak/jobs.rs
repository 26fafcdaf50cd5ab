//! What is done: programs with the one answer that is right for each.

use serde_json::{Value, json};

/// One thing to do; the number makes each one different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// A program that is let run to its end.
    Run(usize),
    /// The same in Python.
    Python(usize),
    /// The same in Bash.
    Bash(usize),
    /// A program that is killed.
    Kill(usize),
    /// A server that ends in the middle of a call.
    Crash(usize),
}

/// What `execute_code` is asked, and what is right.
pub(super) struct Task {
    pub(super) arguments: Value,
    pub(super) expected: Expected,
}

/// The one right answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    /// A success with this result.
    Result(Value),
    /// A failure of this kind, with this in its message.
    Failure { kind: &'static str, message: String },
}

/// How many jobs of a kind, and what makes one of a number.
pub(super) type Kind = (usize, fn(usize) -> Job);

/// So many jobs of each kind, all spread evenly among those of the first.
pub(super) fn plan(kinds: &[Kind]) -> Vec<Job> {
    let most = kinds.first().map_or(0, |(count, _)| *count).max(1);
    let of_step = |step: usize| {
        kinds.iter().flat_map(move |(count, job)| (count * step / most..count * (step + 1) / most).map(job))
    };
    (0..most).flat_map(of_step).collect()
}

/// The program of a run: mostly short, now and then one that fails or meets a limit.
pub(super) fn program(number: usize) -> Task {
    let n = number;
    // Neighbours are of different kinds, and every hundred hold the same mixture.
    match number * 37 % 100 {
        0..40 => succeeds(
            format!("const a = [{n}, 1, 2]; return {{ n: {n}, sum: a.reduce((x, y) => x + y, 0) }}"),
            json!({ "n": n, "sum": n + 3 }),
        ),
        40..70 => succeeds(steady(&format!("return (await steady.add({{ a: {n}, b: 1 }})).sum")), json!(n + 1)),
        70..85 => succeeds(
            steady(&format!(
                "const all = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(b => steady.add({{ a: {n}, b }})));
                 return all.map(reply => reply.sum)"
            )),
            json!((0..8).map(|b| n + b).collect::<Vec<_>>()),
        ),
        85..91 => {
            let bytes = 100_000 + n % 1_000;
            succeeds(steady(&format!("return (await steady.big({{ bytes: {bytes} }})).length")), json!(bytes))
        }
        91..95 => fails(format!("const n: number = {n};\nthrow new Error('failure ' + n)"), "runtime", &format!("Error: failure {n}")),
        95..98 => fails(steady("await steady.fail({})"), "tool", "it failed on purpose"),
        98 => Task {
            arguments: json!({ "code": "const a = []; for (;;) a.push(new Array(1000).fill(7))", "memory_mb": 16 }),
            expected: Expected::Failure { kind: "limit", message: "memory".into() },
        },
        _ => succeeds(format!("for (let i = 0; i < 50; i++) console.log('line', i, {n}); return 'logged {n}'"), json!(format!("logged {n}"))),
    }
}

/// A program in Python, of the same mixture.
pub(super) fn python(number: usize) -> Task {
    let n = number;
    let steady = |code: &str| format!("from mcp_servers import steady\n{code}");
    let task = match number * 37 % 100 {
        0..40 => succeeds(format!("{{'n': {n}, 'sum': sum([{n}, 1, 2])}}"), json!({ "n": n, "sum": n + 3 })),
        40..70 => succeeds(steady(&format!("steady.add(a={n}, b=1)['sum']")), json!(n + 1)),
        70..80 => succeeds(
            steady(&format!(
                "import asyncio\nall = await asyncio.gather(*[steady.add(a={n}, b=b) for b in range(8)])\n[one['sum'] for one in all]"
            )),
            json!((0..8).map(|b| n + b).collect::<Vec<_>>()),
        ),
        80..88 => {
            succeeds(format!("open('kept', 'w').write('{:0100}')\nopen('kept').read(3)", n), json!("000"))
        }
        88..92 => succeeds(
            format!(
                "import threading\nt = threading.Thread(target=lambda: globals().update(x={n}))\nt.start(); t.join()\nx"
            ),
            json!(n),
        ),
        92..96 => {
            fails(format!("raise ValueError('failure {n}')"), "runtime", &format!("ValueError: failure {n}"))
        }
        96..98 => fails(steady("steady.fail()"), "tool", "it failed on purpose"),
        98 => Task {
            arguments: json!({ "code": "a = []\nwhile True: a.append([7] * 1000)", "memory_mb": 32 }),
            expected: Expected::Failure { kind: "limit", message: "memory".into() },
        },
        _ => Task {
            arguments: json!({ "code": "while True: pass", "timeout_ms": 200 }),
            expected: Expected::Failure { kind: "limit", message: "ran longer than".into() },
        },
    };
    task.in_language("python")
}

/// A program in Bash, of the same mixture.
pub(super) fn bash(number: usize) -> Task {
    let n = number;
    let task = match number * 37 % 100 {
        0..40 => succeeds(format!("echo $(({n} + 1 + 2))"), json!(n + 3)),
        40..70 => succeeds(
            format!("mcp call steady.add a:={n} b:=1 | sed -E 's/.*\"sum\": *([0-9]+).*/\\1/'"),
            json!(n + 1),
        ),
        70..80 => succeeds(
            format!(
                "for b in 1 2 3; do mcp call steady.add a:={n} b:=$b > /tmp/$b & done; wait; cat /tmp/[123] | wc -l"
            ),
            json!(3),
        ),
        80..88 => {
            succeeds(format!("printf '%0100d' {n} > kept; head -c 3 kept | sed 's/^/x/'"), json!("x000"))
        }
        88..92 => succeeds(format!("sleep 1000 & (setsid sleep 1000 &); echo {n}"), json!(n)),
        92..96 => fails(format!("echo 'failure {n}' >&2; exit 3"), "runtime", &format!("failure {n}")),
        96..98 => fails("set -e; mcp call steady.fail".into(), "tool", "it failed on purpose"),
        98 => Task {
            arguments: json!({ "code": "x=xxxxxxxx; while :; do x=$x$x; done", "memory_mb": 32 }),
            expected: Expected::Failure { kind: "limit", message: "memory".into() },
        },
        _ => Task {
            arguments: json!({ "code": "while :; do :; done", "timeout_ms": 200 }),
            expected: Expected::Failure { kind: "limit", message: "ran longer than".into() },
        },
    };
    task.in_language("bash")
}

impl Task {
    fn in_language(mut self, language: &str) -> Self {
        if let Some(arguments) = self.arguments.as_object_mut() {
            arguments.insert("language".into(), json!(language));
        }
        self
    }
}

fn steady(code: &str) -> String {
    format!("import {{ steady }} from 'mcp-servers';\n{code}")
}

fn succeeds(code: String, result: Value) -> Task {
    Task { arguments: json!({ "code": code }), expected: Expected::Result(result) }
}

fn fails(code: String, kind: &'static str, message: &str) -> Task {
    let expected = Expected::Failure { kind, message: message.into() };
    Task { arguments: json!({ "code": code }), expected }
}

/// A program that never ends by itself and meets its deadline.
pub(super) fn overdue() -> Task {
    Task {
        arguments: json!({ "code": "for (;;) {}", "timeout_ms": 100 }),
        expected: Expected::Failure { kind: "limit", message: "ran longer than".into() },
    }
}

/// A program that never ends by itself and has time; its memory limit tells its process.
pub(super) fn endless(memory_mb: u64) -> Task {
    Task {
        arguments: json!({ "code": "for (;;) {}", "timeout_ms": 100_000, "memory_mb": memory_mb }),
        expected: Expected::Failure { kind: "limit", message: "memory".into() },
    }
}

/// A program whose call ends its server, and whose next call finds a new one.
/// The server ends by itself, or waits to be ended.
pub(super) fn crash(number: usize, by_itself: bool) -> Task {
    let call = if by_itself { "listItems({ count: 1 })" } else { "slow({ ms: 100000 })" };
    let code = format!(
        "import {{ fragile }} from 'mcp-servers';
try {{
  return await fragile.{call}
}} catch (error) {{
  return [error.kind, (await fragile.add({{ a: {number}, b: 2 }})).sum]
}}"
    );
    Task {
        arguments: json!({ "code": code, "timeout_ms": 100_000 }),
        expected: Expected::Result(json!(["tool", number + 2])),
    }
}

impl Expected {
    /// Holds an answer of `execute_code` against what is right.
    pub(super) fn check(&self, answer: &Value) -> Result<(), String> {
        let at = |path: &str| answer.pointer(path).unwrap_or(&Value::Null);
        let right = match self {
            Self::Result(result) => {
                at("/structuredContent/result") == result && at("/structuredContent/error").is_null()
            }
            Self::Failure { kind, message } => {
                let told = at("/structuredContent/error/message").as_str().unwrap_or_default();
                at("/structuredContent/error/kind") == *kind && told.contains(message.as_str())
            }
        };
        let is_error = at("/isError").as_bool().unwrap_or(false);
        if right && is_error == matches!(self, Self::Failure { .. }) {
            return Ok(());
        }
        let told: String = answer.to_string().chars().take(600).collect();
        Err(format!("expected {self:?}, found {told}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_holds_everything_once_and_evenly() {
        let jobs = plan(&[(1_000, Job::Run), (10, Job::Kill), (3, Job::Crash)]);
        let count = |wanted: fn(&Job) -> bool| jobs.iter().filter(|job| wanted(job)).count();
        assert_eq!(jobs.len(), 1_013);
        assert_eq!(count(|job| matches!(job, Job::Run(_))), 1_000);
        assert_eq!(count(|job| matches!(job, Job::Crash(_))), 3);
        let first = jobs.get(..507).expect("half of them");
        assert_eq!(first.iter().filter(|job| matches!(job, Job::Kill(_))).count(), 5);
    }

    #[test]
    fn answers_are_held_against_the_right_one() {
        let right = json!({ "structuredContent": { "result": 3 } });
        assert_eq!(Expected::Result(json!(3)).check(&right), Ok(()));
        assert!(Expected::Result(json!(4)).check(&right).is_err());
        let failure = Expected::Failure { kind: "limit", message: "memory".into() };
        assert!(failure.check(&right).is_err());
        let error = json!({ "kind": "limit", "message": "out of memory" });
        assert_eq!(
            failure.check(&json!({ "isError": true, "structuredContent": { "error": error } })),
            Ok(())
        );
        assert!(failure.check(&json!({ "structuredContent": { "error": error } })).is_err());
    }
}
