//! What a program's result is, and in which language it is read.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::place::Place;

#[test]
fn results_are_found_and_become_json() {
    let place = Place::new();
    let check = |program: &str, expected: Value| {
        let ended = place.run(program);
        assert_eq!(ended.json(), expected, "{program}");
        assert_eq!(ended.err, "", "{program}");
    };
    check("return 1 + 1", json!(2));
    check("const list = [1, 2, 3]\nlist.map(n => n * 2)", json!([2, 4, 6]));
    check("export default { a: 1 }", json!({ "a": 1 }));
    check("export default async function () { return 'called' }", json!("called"));
    check("async function main() { return 5 }\nfunction other(x: number) { return x }", json!(5));
    check("const only = () => 'it'", json!("it"));
    check("const nothing = 1", json!(null));
    check("return undefined", json!(null));
    check("return { gone: undefined, kept: null }", json!({ "kept": null }));
    check("return { big: 12345678901234567890n }", json!({ "big": "12345678901234567890" }));
    check("return await Promise.resolve(3)", json!(3));
    check("return Promise.resolve([4])", json!([4]));
    check(
        "return [new Map([['a', 1]]), new Set([2]), new Date(0)]",
        json!([
            { "a": 1 },
            [2],
            "1970-01-01T00:00:00.000Z"
        ]),
    );
    check("return [NaN, Infinity, -0]", json!([null, null, 0]));
    check("return 'ä \u{1f600} \\u0000'", json!("ä \u{1f600} \u{0}"));
    check("enum Level { Low = 1, High }\nreturn Level.High satisfies number", json!(2));
}

#[test]
fn what_is_no_json_is_refused() {
    let place = Place::new();
    let check = |program: &str, expected: &Expect| expected.assert_eq(place.run(program).failure(1));
    check(
        "return () => 1",
        &expect![[r#"
        program.ts: TypeError: the result is a function: call it, or return its result
    "#]],
    );
    check(
        "return { later: Promise.resolve(1) }",
        &expect![[r#"
        program.ts: TypeError: the result holds, at `later`, a promise: await it (a list of them with Promise.all)
    "#]],
    );
    check(
        "return { mark: Symbol('q') }",
        &expect![[r#"
        program.ts: TypeError: the result holds, at `mark`, a symbol: return a text
    "#]],
    );
    check(
        "const a: any = {}; a.inner = { a }; return a",
        &expect![[r#"
            program.ts: TypeError: the result refers to itself: give plain data without a cycle
        "#]],
    );
    check(
        "return { toJSON() { throw new Error('not today') } }",
        &expect![[r#"
        program.ts:1:31: Error: not today
          1 | return { toJSON() { throw new Error('not today') } }
            |                               ^
    "#]],
    );
}

#[test]
fn the_extension_tells_the_language() {
    let place = Place::new();
    let typed = "const n: number = 7\nreturn n";
    let plain = "const n = 7\nreturn n";
    for (name, program) in
        [("a.ts", typed), ("a.mts", typed), ("a.js", plain), ("a.mjs", plain), ("b.ts", plain)]
    {
        place.file(name, program);
        assert_eq!(place.terraphim(&["run", name]).json(), 7, "{name}");
    }
    place.file("typed.js", typed);
    let refused = place.terraphim(&["run", "typed.js"]);
    assert!(refused.failure(1).starts_with("typed.js:1:"), "{}", refused.err);
    assert_eq!(place.terraphim(&["run", "typed.js", "--lang", "typescript"]).json(), 7);
    place.file("a.txt", plain);
    assert_eq!(place.terraphim(&["run", "a.txt", "--lang", "js"]).json(), 7);
    place.file("no_extension", plain);
    for name in ["a.txt", "no_extension"] {
        let refused = place.terraphim(&["run", name]);
        let expected = format!(
            "error: the language of {name} is not known: give it with --lang typescript, javascript, python, bash, rust or node\n"
        );
        assert_eq!(refused.failure(2), expected);
    }
    let refused = place.terraphim(&["run", "a.ts", "--lang", "cobol"]);
    assert!(refused.failure(2).contains("`cobol` is not a language"), "{}", refused.err);
}

#[test]
fn a_program_can_come_from_standard_input() {
    let place = Place::new();
    let typed = "const n: number = 7\nreturn n";
    assert_eq!(place.terraphim_reading(&["run", "-"], typed).json(), 7);
    let plain = place.terraphim_reading(&["run", "-", "--lang", "javascript"], "return 8");
    assert_eq!(plain.json(), 8);
    let refused = place.terraphim_reading(&["run", "-", "--lang", "javascript"], typed);
    assert!(refused.failure(1).starts_with("<stdin>:1:"), "{}", refused.err);
    let empty = place.terraphim_reading(&["run", "-"], "");
    assert!(empty.failure(1).starts_with("<stdin>:1:1: the program is empty\n"), "{}", empty.err);
}

#[test]
fn the_outcome_of_a_failure_says_where_it_happened() {
    let place = Place::new();
    let program = "console.log('before')\nthrow new Error('boom')";
    let outcome = place.run_with(program, &["--json"]).outcome(1);
    assert_eq!(outcome["result"], Value::Null);
    assert_eq!(outcome["logs"], "before\n");
    let error = &outcome["error"];
    assert_eq!(error["kind"], "runtime");
    assert_eq!(error["message"], "Error: boom");
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(11)));
    assert_eq!(error["snippet"], "  2 | throw new Error('boom')\n    |           ^");
    assert!(outcome["tokens"]["paid"]["total"].as_u64().is_some_and(|paid| paid > 0), "{outcome}");
}
