//! The same programs in every language: each file of `tests/conformance` says once
//! what is to come of it, and every language that the face offers must give that.

pub(crate) mod case;

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::case::{Case, Section};
use crate::{isolation::connection::Connection, place::Place};

/// Tools whose names are not those of a programming language.
const ODD_TOOLS: &[&str] = &["tool_größe", "tool_a-b.c", "tool_class", "tool_日本"];

pub(crate) fn place() -> Place {
    let place = Place::new();
    let tools = ODD_TOOLS.iter().map(|name| {
        let annotations = json!({ "readOnlyHint": true });
        let tool = json!({ "name": name, "inputSchema": { "type": "object" }, "annotations": annotations });
        format!("{}\n", json!({ "tool": tool }))
    });
    place.file("odd.jsonl", tools.collect::<String>());
    let odd = place.project("odd.jsonl").display().to_string();
    let servers = [
        ("up", place.server("up", &[])),
        ("other", place.server("other", &[])),
        ("odd-names", place.server("odd-names", &["--definitions", &odd])),
        ("hangs", place.server("hangs", &["--hang-on", "echo"])),
        ("broken", place.server("broken", &["--crash-at-start"])),
    ];
    let servers: serde_json::Map<_, _> =
        servers.into_iter().map(|(name, entry)| (name.into(), entry)).collect();
    place.file(".mcp.json", json!({ "mcpServers": servers }).to_string());
    place
}

/// A host, and the languages that its `execute_code` takes as the schema says, without those that this machine lacks.
fn host(place: &Place) -> (Connection, Vec<String>) {
    // Asked before there is a host: it looks whether processes are left.
    let missing: Vec<&str> = [
        ("python", place.has_python()),
        ("bash", place.has_bash()),
        ("rust", place.has_rust()),
        ("node", place.has_node()),
    ]
    .into_iter()
    .filter_map(|(language, is_there)| (!is_there).then_some(language))
    .collect();
    let mut connection = Connection::open(place);
    let id = connection.request("tools/list", json!({}));
    let tools = connection.answer(id)["tools"].clone();
    let execute = tools.as_array().into_iter().flatten().find(|tool| tool["name"] == "execute_code");
    let languages = &execute.expect("execute_code")["inputSchema"]["properties"]["language"]["enum"];
    let languages: Vec<String> = serde_json::from_value(languages.clone()).expect("a list of languages");
    assert!(languages.len() >= 6, "{languages:?}");
    let there = languages.into_iter().filter(|language| !missing.contains(&language.as_str()));
    (connection, there.collect())
}

/// Runs the programs of a section one after the other; the last one's outcome.
fn run(connection: &mut Connection, language: &str, case: &Case, programs: &[String]) -> Value {
    let mut outcome = Value::Null;
    for program in programs {
        let earlier = &outcome["error"];
        assert!(
            earlier.is_null(),
            "{} in {language}: a program before the last failed: {earlier}",
            case.name
        );
        let arguments = json!({
            "code": program,
            "language": language,
            "timeout_ms": case.timeout_ms(language),
            "memory_mb": case.memory_mb,
        });
        outcome = connection.call("execute_code", arguments)["structuredContent"].clone();
    }
    outcome
}

/// Leaves nothing in the workspace for the next program.
pub(crate) fn clear(place: &Place) {
    for entry in fs::read_dir(place.workspace()).into_iter().flatten().flatten() {
        let path = entry.path();
        let cleared = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        cleared.expect("what a program left is removed");
    }
}

#[test]
fn every_language_gives_the_same() {
    let place = place();
    let (mut connection, languages) = host(&place);
    let cases = case::all();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let (mut wrong, mut given) = (Vec::new(), BTreeMap::<_, ([usize; 4], Duration)>::new());
    println!("{:<44}{}", "case", languages.iter().map(|one| format!("{one:<12}")).collect::<String>());
    for case in &cases {
        let mut row = format!("{:<44}", case.name);
        for language in &languages {
            clear(&place);
            let began = Instant::now();
            let (word, column) = match case.section(language) {
                None => {
                    wrong.push(format!("{}: neither a program nor a reason for {language}", case.name));
                    ("MISSING", 3)
                }
                Some(Section::Absent) => ("-", 2),
                Some(Section::Programs { programs, verdict }) => {
                    let outcome = run(&mut connection, language, case, programs);
                    match verdict.check(&outcome, programs.last().expect("a program")) {
                        Ok(()) if verdict.differs => ("differs", 1),
                        Ok(()) => ("same", 0),
                        Err(error) => {
                            wrong.push(format!("{} in {language}: {error}", case.name));
                            ("WRONG", 3)
                        }
                    }
                }
            };
            row += &format!("{word:<12}");
            let (words, took) = given.entry(language).or_default();
            words[column] += 1;
            *took += began.elapsed();
        }
        println!("{}", row.trim_end());
    }
    for (language, ([same, differs, absent, bad], took)) in &given {
        println!(
            "{language}: {same} the same, {differs} differ with a reason, {absent} without a program, \
             {bad} wrong, in {took:.1?}"
        );
    }
    assert!(wrong.is_empty(), "{}\n\n{} went wrong", wrong.join("\n\n"), wrong.len());
}

#[test]
fn what_one_language_keeps_every_other_finds() {
    let place = place();
    let (mut connection, languages) = host(&place);
    let cases: Vec<_> = case::all().into_iter().filter(|case| case.is_exchanged).collect();
    assert!(cases.len() >= 2, "{} cases are exchanged", cases.len());
    for case in &cases {
        let programs: Vec<_> = languages
            .iter()
            .filter_map(|language| match case.section(language) {
                Some(Section::Programs { programs, verdict }) => Some((language, programs, verdict)),
                _ => None,
            })
            .collect();
        for (writer, writing, _) in &programs {
            for (reader, reading, verdict) in &programs {
                clear(&place);
                let written = run(&mut connection, writer, case, &writing[..1]);
                assert!(written["error"].is_null(), "{} in {writer}: {}", case.name, written["error"]);
                let read = run(&mut connection, reader, case, &reading[1..]);
                let checked = verdict.check(&read, &reading[1]);
                assert!(checked.is_ok(), "{}, from {writer} to {reader}: {checked:?}", case.name);
            }
        }
    }
}

#[test]
fn a_table_with_a_gap_is_refused() {
    let read = |text: &str| Case::read("case", text);
    let whole = "result: 1\n--- typescript\nreturn 1\n--- python\n| none: a reason\n";
    let case = read(whole).expect("a case");
    assert!(matches!(case.section("javascript"), Some(Section::Programs { .. })));
    assert!(matches!(case.section("python"), Some(Section::Absent)));
    assert!(case.section("cobol").is_none());
    for (text, why) in [
        ("--- python\n1", "neither a result nor an error"),
        ("result: 1\n--- python\n| none:\n", "`none` says nothing"),
        ("result: 1\n--- python\n\n", "python has no program"),
        ("result: 1\n--- python\n| result: 2\n2", "differs without a reason"),
        ("result: 1\n--- python\n| differs: why\n1", "gives a reason but does not differ"),
        ("result: 1\nerror: tool\n--- python\n1", "a result and an error"),
        ("outcome: 1\n--- python\n1", "there is no line `outcome`"),
        ("error: tool\n--- python\n1", "says nothing of its message"),
        ("error: tool\nmessage: a\nat: HERE\n--- python\n1", "has no mark"),
    ] {
        let refused = read(text).err().unwrap_or_else(|| panic!("{text} is taken"));
        assert!(refused.contains(why), "{text}: {refused}");
    }
}

#[test]
fn a_wrong_outcome_is_refused() {
    let check = |text: &str, outcome: Value| {
        let case = Case::read("case", text).expect("a case");
        let Some(Section::Programs { programs, verdict }) = case.section("python") else { panic!("{text}") };
        verdict.check(&outcome, &programs[0])
    };
    let result = "result: {\"a\":1,\"b\":2}\n--- python\n1";
    let error = "error: tool\nmessage: no\nat: HERE\n--- python\n1\n2 # HERE";
    let good = json!({ "result": { "a": 1, "b": 2 }, "logs": "" });
    let failed = json!({ "error": { "kind": "tool", "message": "no", "line": 2 }, "logs": "" });
    assert_eq!(check(result, good), Ok(()));
    assert_eq!(check(error, failed), Ok(()));
    for (text, outcome) in [
        (result, json!({ "result": { "b": 2, "a": 1 }, "logs": "" })),
        (result, json!({ "result": { "a": 1.0, "b": 2 }, "logs": "" })),
        (result, json!({ "result": { "a": 1, "b": 2 }, "logs": "more\n" })),
        (result, json!({ "error": { "kind": "tool", "message": "no", "line": 2 }, "logs": "" })),
        (error, json!({ "error": { "kind": "tool", "message": "no", "line": 1 }, "logs": "" })),
        (error, json!({ "error": { "kind": "tool", "message": "yes", "line": 2 }, "logs": "" })),
        (error, json!({ "error": { "kind": "limit", "message": "no", "line": 2 }, "logs": "" })),
        (error, json!({ "result": null, "logs": "" })),
    ] {
        assert!(check(text, outcome.clone()).is_err(), "{outcome} is taken");
    }
}
