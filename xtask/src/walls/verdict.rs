//! Holds what `terraphim doctor` says against the table, in both directions.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    environments::{Expected, LANDLOCK, LAYERS, Surroundings, has_landlock},
    suites::Built,
};
use crate::{error::Error, process::Ended, tree};

const DEADLINE: Duration = Duration::from_secs(120);

/// One line of the doctor's.
struct Line {
    works: bool,
    detail: String,
    fix: String,
}

/// Runs the doctor and compares; gives the verdict in words.
pub(super) fn check(within: &Surroundings, built: &Built) -> Result<String, Error> {
    let ended = within.run(&built.binary, &["doctor", "--json"], tree::root(), DEADLINE)?;
    let lines = read(&ended)?;
    let (findings, verdict) = match &within.environment.expected {
        Expected::Without { missing, because, lifted_by, started } => {
            let missing = without(missing);
            let mut findings = layers(&lines, &missing);
            let wall = line(&lines, "wall `process`");
            findings.extend(lacks("the reason", &wall.detail, because));
            let fixes: Vec<_> = lines.values().map(|line| line.fix.as_str()).collect();
            findings.extend(lacks("what lifts it", &fixes.join("\n"), lifted_by));
            findings.extend(lacks("the line on privileges", &line(&lines, "privileges").detail, &[started]));
            findings.extend(code(&ended, 0));
            findings.extend((!line(&lines, "run a program").works).then(|| "no program runs".to_owned()));
            let verdict = if missing.is_empty() {
                "every layer".into()
            } else {
                format!("without {}", missing.join(", "))
            };
            (findings, verdict)
        }
        Expected::Refused { because, lifted_by } => {
            let wall = line(&lines, "wall `process`");
            let mut findings = lacks("the reason", &wall.detail, &[because]);
            findings.extend(lacks("what lifts it", &wall.fix, &[lifted_by]));
            findings.extend(wall.works.then(|| "programs run, which were to be refused".to_owned()));
            findings.extend(code(&ended, 4));
            (findings, "refused".to_owned())
        }
    };
    if findings.is_empty() {
        return Ok(verdict);
    }
    let complaint = format!("{}\nit said: {}{}", findings.join("\n"), ended.stdout.trim_end(), ended.stderr);
    Err(Error::Unreadable { what: "the doctor's verdict".into(), complaint })
}

/// The layers that are to be missing on this kernel.
fn without(missing: &[&'static str]) -> Vec<&'static str> {
    let kernel = (!has_landlock()).then_some(LANDLOCK);
    missing.iter().copied().chain(kernel).collect()
}

fn layers(lines: &BTreeMap<String, Line>, missing: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for layer in LAYERS {
        let expected = !missing.contains(layer);
        match lines.get(&format!("  {layer}")) {
            None => findings.push(format!("the doctor does not name the layer `{layer}`")),
            Some(line) if line.works == expected => {}
            Some(_) if expected => findings.push(format!("the layer `{layer}` is missing and has to hold")),
            Some(_) => findings.push(format!("the layer `{layer}` holds, and the table says it cannot")),
        }
    }
    findings
}

fn lacks(what: &str, text: &str, parts: &[&str]) -> Vec<String> {
    let missing = parts.iter().filter(|part| !text.contains(**part));
    missing.map(|part| format!("{what} does not say `{part}`: {text}")).collect()
}

fn code(ended: &Ended, expected: i32) -> Option<String> {
    (ended.code != Some(expected)).then(|| format!("the exit code is {:?}, not {expected}", ended.code))
}

fn line<'l>(lines: &'l BTreeMap<String, Line>, name: &str) -> &'l Line {
    const NONE: &Line = &Line { works: false, detail: String::new(), fix: String::new() };
    lines.get(name).unwrap_or(NONE)
}

fn read(ended: &Ended) -> Result<BTreeMap<String, Line>, Error> {
    let unreadable =
        |complaint: String| Error::Unreadable { what: "the answer of `terraphim doctor`".into(), complaint };
    let checks: Vec<Value> = serde_json::from_str(&ended.stdout)
        .map_err(|error| unreadable(format!("{error}\n{}{}", ended.stdout, ended.stderr)))?;
    let text =
        |check: &Value, key: &str| check.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let lines = checks.iter().map(|check| {
        let works = check.get("works").and_then(Value::as_bool).unwrap_or(false);
        (text(check, "name"), Line { works, detail: text(check, "detail"), fix: text(check, "fix") })
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(missing: &[&str]) -> BTreeMap<String, Line> {
        let line = |layer: &&str| {
            let line = Line { works: !missing.contains(layer), detail: String::new(), fix: String::new() };
            (format!("  {layer}"), line)
        };
        LAYERS.iter().map(line).collect()
    }

    #[test]
    fn a_layer_too_few_and_one_too_many_are_findings() {
        assert_eq!(layers(&lines(&["rlimits"]), &["rlimits"]), [""; 0]);
        assert_eq!(layers(&lines(&["rlimits"]), &[]), ["the layer `rlimits` is missing and has to hold"]);
        assert_eq!(
            layers(&lines(&[]), &["rlimits"]),
            ["the layer `rlimits` holds, and the table says it cannot"]
        );
        assert_eq!(layers(&BTreeMap::new(), &[]).len(), LAYERS.len());
    }
}
