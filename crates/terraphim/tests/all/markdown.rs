//! `terraphim extract` and `terraphim run --from-markdown`.

use serde_json::json;

use crate::place::Place;

const ANSWER: &str = "\
I'll count the items in one program.

```ts
import { up } from 'mcp-servers';
const items = await up.list_items({ count: 3 });
return items.length;
```

It gives:

```json
3
```
";

#[test]
fn the_program_of_an_answer_is_run() {
    let place = Place::with_servers(&[("up", &[])]);
    place.file("answer.md", ANSWER);
    assert_eq!(place.terraphim(&["run", "--from-markdown", "answer.md"]).json(), 3);
    let read = place.terraphim_reading(&["run", "-", "--from-markdown"], &ANSWER.replace('\n', "\r\n"));
    assert_eq!(read.json(), 3);
    let cut = ANSWER.split("```\n\nIt gives").next().expect("a part");
    let refused = place.terraphim_reading(&["run", "-", "--from-markdown"], cut);
    assert!(refused.failure(2).contains("cut off at the end"), "{}", refused.err);
    let chosen = place.terraphim_reading(&["run", "-", "--from-markdown", "--block", "1"], cut);
    assert_eq!(chosen.json(), 3);
}

#[test]
fn errors_are_at_lines_of_the_answer_in_every_language() {
    let place = Place::new();
    let check = |language: &str, program: &str, line: u32| {
        place.file(
            "answer.md",
            format!("# Try\n\n1. Run this program:\n\n   ```{language}\n{program}   ```\n"),
        );
        let ended = place.terraphim(&["run", "--from-markdown", "answer.md"]);
        let told = ended.failure(1);
        assert!(told.starts_with(&format!("answer.md:{line}:")), "{language}: {told}");
    };
    check("ts", "   const a: number = 1;\n   throw new Error('there');\n", 7);
    check("js", "   return 1 +;\n", 6);
    if place.has_python() {
        check("python", "   def main():\n       raise ValueError('there')\n   main()\n", 7);
    }
    if place.has_bash() {
        check("bash", "   true\n   exit 3\n", 7);
    }
    if place.has_rust() {
        check("rust", "   fn main() {\n       let a: u8 = \"no\";\n   }\n", 7);
    }
}

#[test]
fn commands_of_a_dialogue_run_without_their_output() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    place.file(
        "answer.md",
        "Run this:\n\n```console\n$ mcp call up.add a:=1 b:=2 > sum.json\n$ jq -c .sum sum.json\n3\n```\n",
    );
    assert_eq!(place.terraphim(&["run", "--from-markdown", "answer.md"]).json(), 3);
}

#[test]
fn several_or_none_are_listed_with_their_lines() {
    let place = Place::new();
    place.file(
        "two.md",
        "Run this program:\n\n```ts\nreturn 'first';\n```\n\nThen run this program too:\n\n```py\nresult = 'second'\n```\n",
    );
    let refused = place.terraphim(&["run", "--from-markdown", "two.md"]);
    let told = refused.failure(2);
    assert!(
        told.starts_with(
            "error: two.md: several code blocks are meant to be run: choose one with --block N\n"
        ),
        "{told}"
    );
    assert!(told.contains("\n  1: lines 3-5, typescript, score "), "{told}");
    assert!(told.contains("\n  2: lines 9-11, python, score "), "{told}");
    assert_eq!(place.terraphim(&["run", "--from-markdown", "two.md", "--block", "1"]).json(), "first");
    let refused = place.terraphim(&["run", "--from-markdown", "two.md", "--block", "3"]);
    assert!(refused.failure(2).contains("there is no block 3: the blocks are 1 to 2"), "{}", refused.err);

    place.file("none.md", "The output:\n\n```json\n[7, 8]\n```\n");
    let refused = place.terraphim(&["run", "--from-markdown", "none.md"]);
    let told = refused.failure(2);
    assert!(
        told.contains("no code block is clearly meant to be run")
            && told.contains("1: lines 3-5, no program"),
        "{told}"
    );
    let refused = place.terraphim(&["run", "--from-markdown", "none.md", "--block", "1"]);
    assert!(
        refused.failure(2).contains("block 1 holds no program of a known language: give it with --lang"),
        "{}",
        refused.err
    );
    assert_eq!(
        place.terraphim(&["run", "--from-markdown", "none.md", "--block", "1", "--lang", "js"]).json(),
        json!([7, 8])
    );

    place.file("words.md", "No code here.\n");
    let refused = place.terraphim(&["run", "--from-markdown", "words.md"]);
    assert!(
        refused.failure(2).contains("the text holds no code block: put the program between ``` fences"),
        "{}",
        refused.err
    );
    let wrong = place.terraphim(&["run", "two.md", "--block", "1"]);
    assert!(wrong.failure(2).contains("--from-markdown"), "{}", wrong.err);
}

#[test]
fn extract_tells_of_every_block() {
    let place = Place::new();
    place.file("answer.md", ANSWER);
    let shown = place.terraphim(&["extract", "answer.md", "--json"]).json();
    assert_eq!((&shown["chosen"], &shown["threshold"]), (&json!(1), &json!(60)));
    let blocks = shown["blocks"].as_array().expect("a list");
    let told: Vec<_> =
        blocks.iter().map(|block| (&block["language"], &block["first_line"], &block["lines"])).collect();
    assert_eq!(
        told,
        [(&json!("typescript"), &json!(4), &json!([3, 7])), (&json!(null), &json!(12), &json!([11, 13]))]
    );
    let plain = place.terraphim(&["extract", "answer.md"]);
    assert!(
        plain.out.starts_with("1: lines 3-7, typescript, score 100, is run\n    +25 imports MCP servers\n"),
        "{}",
        plain.out
    );
    let piped = place.terraphim_reading(&["extract", "-"], ANSWER);
    assert_eq!(piped.out, plain.out);
    let none = place.terraphim_reading(&["extract", "-"], "no code");
    assert_eq!(none.failure(1), "-: the text holds no code block\n");
}
