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
            "error: two.md: several code blocks are meant to be run: choose one with --block N, or join some with --block N,M\n"
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
        plain.out.starts_with("1: lines 3-7, typescript, score 100, is run\n    +50 holds a program\n    +25 imports MCP servers\n"),
        "{}",
        plain.out
    );
    let piped = place.terraphim_reading(&["extract", "-"], ANSWER);
    assert_eq!(piped.out, plain.out);
    let none = place.terraphim_reading(&["extract", "-"], "no code");
    assert_eq!(none.failure(1), "-: the text holds no code block\n");
}

const STEPS: &str = "\
I'll do this in three steps.

Step 1: imports

```ts
import { up } from 'mcp-servers';
const count = 3;
```

Step 2: get the items

```ts
import { up } from 'mcp-servers';
const items = await up.list_items({ count });
```

Install what you need on your machine:

```bash
npm install -g typescript
```

Step 3: count them

```ts
return items.length;
```
";

#[test]
fn steps_are_one_program() {
    let place = Place::with_servers(&[("up", &[])]);
    place.file("steps.md", STEPS);
    assert_eq!(place.terraphim(&["run", "--from-markdown", "steps.md"]).json(), 3);
    let shown = place.terraphim(&["extract", "steps.md", "--json"]).json();
    assert_eq!((&shown["chosen"], &shown["blocks"][3]["joined"]), (&json!(4), &json!([1, 2, 4])));
    assert_eq!((&shown["blocks"][0]["part_of"], &shown["blocks"][2]["part_of"]), (&json!(4), &json!(null)));
    let plain = place.terraphim(&["extract", "steps.md"]).out;
    assert!(plain.contains("typescript, score 85, is run joined with 1, 2\n"), "{plain}");
    assert!(plain.contains("1: lines 5-8, typescript, score 75, is run with 4\n"), "{plain}");
    // An error is at its line of the answer.
    place.file("wrong.md", STEPS.replace("items.length", "items.nothing()"));
    let told = place.terraphim(&["run", "--from-markdown", "wrong.md"]);
    assert!(told.failure(1).starts_with("wrong.md:26:"), "{}", told.err);
}

#[test]
fn steps_in_doubt_are_not_run() {
    let place = Place::new();
    let steps = "Step 1:\n\n```ts\nconst rows = [1, 2];\nreturn rows;\n```\n\nStep 2. Run the program:\n\n\
                 ```ts\nconst sum = rows.length;\nreturn sum;\n```\n";
    place.file("steps.md", steps);
    let refused = place.terraphim(&["run", "--from-markdown", "steps.md"]);
    let told = refused.failure(2);
    assert!(
        told.contains("blocks 1, 2 seem to be one program, but block 1 ends the program before the others")
            && told.contains("--block 1,2"),
        "{told}"
    );
    let plain = place.terraphim(&["extract", "steps.md"]).out;
    assert!(plain.contains("    in doubt: block 1 ends the program before the others"), "{plain}");
    assert_eq!(
        place.terraphim(&["run", "--from-markdown", "steps.md", "--block", "1,2"]).json(),
        json!([1, 2])
    );
}

#[test]
fn blocks_are_joined_in_the_order_of_their_numbers() {
    let place = Place::new();
    place.file("two.md", "```js\nreturn a + 1;\n```\n\n```js\nconst a = 1;\n```\n\n```py\n1\n```\n");
    let run = |block: &str| place.terraphim(&["run", "--from-markdown", "two.md", "--block", block]);
    let joined = run("2,1");
    assert_eq!(joined.json(), 2);
    assert!(joined.err.contains("note: blocks are joined in another order"), "{}", joined.err);
    for (blocks, told) in [
        ("1,3", "block 3 is python and cannot be run as javascript"),
        ("2,2", "--block names block 2 twice"),
        ("2,4", "there is no block 4: the blocks are 1 to 3"),
    ] {
        let refused = run(blocks);
        assert!(refused.failure(2).contains(told), "{}", refused.err);
    }
}

#[test]
fn a_language_picks_its_blocks() {
    let place = Place::new();
    place.file(
        "two.md",
        "Run this program:\n\n```js\nreturn 'first';\n```\n\nThen run this program too:\n\n```py\nresult = 'second'\n```\n",
    );
    let run = |args: &[&str]| place.terraphim(&[&["run", "--from-markdown", "two.md"], args].concat());
    assert_eq!(run(&["--lang", "javascript"]).json(), "first");
    assert_eq!(run(&["--lang", "typescript"]).json(), "first");
    let none = run(&["--lang", "bash"]);
    assert!(none.failure(2).contains("no code block of bash is clearly meant to be run"), "{}", none.err);
    let other = run(&["--block", "2", "--lang", "rust"]);
    assert!(other.failure(2).contains("block 2 is python and cannot be run as rust"), "{}", other.err);
    let plain = place.terraphim(&["run", "two.md"]);
    assert!(
        plain.failure(2).contains("run the program in it with `terraphim run --from-markdown`"),
        "{}",
        plain.err
    );
}

#[test]
fn thoughts_are_not_run_and_what_an_element_says_to_run_is() {
    let place = Place::new();
    let answer = "<think>\n```js\nreturn 'thought';\n```\n</think>\nHere:\n<execute>\n```js\nreturn 'said';\n```\n</execute>\n";
    place.file("answer.md", answer);
    assert_eq!(place.terraphim(&["run", "--from-markdown", "answer.md"]).json(), "said");
    place.file("thoughts.md", answer.split("Here").next().expect("a part"));
    let refused = place.terraphim(&["run", "--from-markdown", "thoughts.md"]);
    assert!(refused.failure(2).contains("no code block is clearly meant to be run"), "{}", refused.err);
}

#[test]
fn a_dialogue_that_cannot_be_read_is_not_run() {
    let place = Place::new();
    place.file("answer.md", "Run this:\n\n```console\n$ cat <<EOF\na\n```\n");
    for block in [&[][..], &["--block", "1"]] {
        let refused = place.terraphim(&[&["run", "--from-markdown", "answer.md"], block].concat());
        assert!(
            refused.failure(2).contains(if block.is_empty() {
                "clearly meant"
            } else {
                "cannot be told from output"
            }),
            "{}",
            refused.err
        );
    }
}
