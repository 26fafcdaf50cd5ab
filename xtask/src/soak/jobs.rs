//! What is done: programs with the one answer that is right for each.

use serde_json::{Value, json};

/// One thing to do; the number makes each one different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// A program that is let run to its end.
    Run(usize),
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

/// All jobs, kills and crashes spread evenly between the runs.
pub(super) fn plan(runs: usize, kills: usize, crashes: usize) -> Vec<Job> {
    let mut jobs = Vec::with_capacity(runs + kills + crashes);
    for run in 0..runs {
        jobs.push(Job::Run(run));
        jobs.extend((kills * run / runs..kills * (run + 1) / runs).map(Job::Kill));
        jobs.extend((crashes * run / runs..crashes * (run + 1) / runs).map(Job::Crash));
    }
    jobs
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
        let jobs = plan(1_000, 10, 3);
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
