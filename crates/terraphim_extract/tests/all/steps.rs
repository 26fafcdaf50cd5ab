//! Answers that give a program in steps, and elements that say what is in them.

use proptest::prelude::*;
use terraphim_extract::{ChoiceError, choose, extract, numbered};
use terraphim_types::Language;

/// An answer of blocks, each behind its words.
fn answer(blocks: &[(&str, &str, &str)]) -> String {
    blocks.iter().map(|(words, tag, code)| format!("{words}\n\n```{tag}\n{code}\n```\n\n")).collect()
}

fn chosen(text: &str) -> Result<Vec<usize>, ChoiceError> {
    choose(&extract(text), None).map(|chosen| chosen.numbers())
}

const LOAD: &str = "from mcp_servers import shop\norders = shop.orders()";

#[test]
fn blocks_that_need_each_other_are_one_program() {
    let steps = answer(&[
        ("Step 1: load", "py", LOAD),
        ("Step 2: a look at something else", "ts", "const orders = 1;"),
        ("Step 3: sum up", "py", "total = sum(o['net'] for o in orders)"),
        ("Step 4: give it", "py", "total"),
    ]);
    assert_eq!(chosen(&steps), Ok(vec![1, 3, 4]));
    let blocks = extract(&steps);
    let program = choose(&blocks, None).expect("a program").program();
    assert!(program.is_in_place);
    for (number, line) in program.text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        assert_eq!(steps.lines().nth(number), Some(line));
    }
    assert_eq!(
        (blocks[0].part_of, blocks[1].part_of, blocks[3].joined.as_slice()),
        (Some(4), None, &[1, 3, 4][..])
    );
    assert!(!blocks[0].is_meant() && blocks[3].is_meant());
}

#[test]
fn a_version_that_is_replaced_is_no_step() {
    let steps = answer(&[
        (
            "Load the first page:",
            "py",
            "from mcp_servers import shop\norders = shop.orders(page=1)\nprint(orders)",
        ),
        (
            "No, all of them:",
            "py",
            "from mcp_servers import shop\norders = [o for p in range(9) for o in shop.orders(page=p)]\nprint(orders)",
        ),
        ("Then the sum:", "py", "sum(o['net'] for o in orders)"),
    ]);
    assert_eq!(chosen(&steps), Ok(vec![2, 3]));
}

#[test]
fn a_program_and_what_explains_it_are_not_joined() {
    let explained = answer(&[
        (
            "Run this:",
            "py",
            "from mcp_servers import shop\norders = shop.orders()\nlen([o for o in orders if o['open']])",
        ),
        ("Here, `open` is a flag, then:", "py", "len([o for o in orders if o['open']])"),
        ("As an example, the first one is", "py", "orders[0]['net']"),
    ]);
    assert_eq!(chosen(&explained), Ok(vec![1]));
}

#[test]
fn what_may_not_be_one_program_is_asked_for() {
    let doubt = |text: &str| match chosen(text) {
        Err(ChoiceError::Doubtful { numbers, doubt }) => (numbers, doubt),
        other => panic!("{other:?}"),
    };
    let load = "import { shop } from 'mcp-servers';\nconst orders = await shop.orders({});";
    let ends = answer(&[
        ("Step 1:", "ts", &format!("{load}\nreturn orders;")),
        ("Step 2, run this program:", "ts", "const sum = orders.length;\nreturn sum;"),
    ]);
    assert_eq!(doubt(&ends), (vec![1, 2], "block 1 ends the program before the others".to_owned()));
    let twice = answer(&[
        ("Step 1:", "ts", load),
        ("Step 2:", "ts", "const sum = orders.length;"),
        ("Step 3:", "ts", "const orders = [sum];\nreturn orders;"),
    ]);
    assert_eq!(
        doubt(&twice),
        (vec![1, 2, 3], "block 3 defines `orders` again, which block 1 defines".to_owned())
    );
    let rivals = answer(&[
        ("Few:", "py", "limit = 5"),
        ("Or many:", "py", "limit = 500"),
        ("Then the orders:", "py", "from mcp_servers import shop\nshop.orders(limit=limit)"),
    ]);
    assert_eq!(doubt(&rivals), (vec![2, 3], "blocks 1 and 2 both define `limit`".to_owned()));
}

#[test]
fn a_part_that_mends_a_program_is_asked_for() {
    let program =
        "from mcp_servers import shop\ndef fetch(n):\n    return shop.order(id=n)\nresult = fetch(1)";
    let mended = "def fetch(n):\n    return shop.order(id=n + 1)";
    let check = |words: &str| {
        chosen(&answer(&[("The program:", "py", program), (words, "py", mended)]))
            .map_err(|error| error.to_string())
    };
    for words in ["I noticed a bug. Replace the function with:", "Ersetze die Funktion durch:"] {
        let told = check(words).expect_err("which one is run is in doubt");
        assert!(
            told.starts_with(
                "blocks 1, 2 seem to be one program, but block 2 is said to mend `fetch` of block 1"
            ),
            "{told}"
        );
    }
    assert_eq!(check("If you want to count from one, replace the function with:"), Ok(vec![1]));
    // A block that stands by itself takes the place of the one before.
    let whole = answer(&[
        ("The program:", "py", program),
        (
            "I noticed a bug. Corrected:",
            "py",
            "from mcp_servers import shop\nfetch = shop.order(id=2)\nfetch",
        ),
    ]);
    assert_eq!(chosen(&whole), Ok(vec![2]));
}

#[test]
fn a_last_step_may_be_a_dictionary() {
    let steps = |last: &str| {
        answer(&[
            ("Step 1: load", "py", LOAD),
            ("Step 2: sum up", "py", "total = sum(o['net'] for o in orders)"),
            ("Step 3: report", "py", last),
        ])
    };
    assert_eq!(chosen(&steps("{\"total\": total}")), Ok(vec![1, 2, 3]));
    assert_eq!(chosen(&steps("{\n  \"total\": total,\n  \"n\": len(orders),\n}")), Ok(vec![1, 2, 3]));
    // Data names nothing.
    assert_eq!(chosen(&steps("{\"total\": 12, \"open\": true}")), Ok(vec![1, 2]));
}

#[test]
fn words_around_several_programs_tell_which_is_meant() {
    let (one, other) = (
        "import { shop } from 'mcp-servers';\nreturn await shop.a({});",
        "from mcp_servers import shop\nshop.b()",
    );
    let options =
        |words: &str| format!("{}{words}\n", answer(&[("Option A:", "ts", one), ("Option B:", "py", other)]));
    assert_eq!(chosen(&options("I recommend option B, it is shorter.")), Ok(vec![2]));
    assert_eq!(chosen(&options("Ich empfehle Option A.")), Ok(vec![1]));
    assert_eq!(chosen(&options("I would not recommend option B.")), Ok(vec![1]));
    for words in ["Which option do you recommend?", "I recommend option C."] {
        assert!(
            matches!(chosen(&options(words)), Err(ChoiceError::Several(_) | ChoiceError::NoneMeant { .. })),
            "{words}"
        );
    }
    let details = "<details>\n<summary><b>Old</b> version (do not use)</summary>\n\n";
    let folded = |end: &str| format!("{details}```ts\n{one}\n```\n\n{end}```py\n{other}\n```\n");
    assert_eq!(chosen(&folded("</details>\n\n")), Ok(vec![2]));
    assert!(matches!(chosen(&folded("")), Err(ChoiceError::NoneMeant { .. })));
    let saved = |more: &str| {
        let saved = one.replace("return", "export const x =");
        format!("Then save it as `count.ts`:\n\n```ts\n{saved}\n```\n\n{more}")
    };
    assert_eq!(chosen(&saved("")), Ok(vec![1]));
    // A file beside the program is none.
    assert_eq!(chosen(&saved(&answer(&[("Run this:", "py", other)]))), Ok(vec![2]));
}

#[test]
fn leave_that_is_asked_for_is_for_all_steps() {
    let steps = [("First load:", "py", LOAD), ("Then the sum:", "py", "sum(o['net'] for o in orders)")];
    let (text, ask) = (answer(&steps), "I'll need your approval before any of it.");
    assert_eq!(chosen(&text), Ok(vec![1, 2]));
    for text in [format!("{ask}\n\n# How\n\n{text}"), format!("{text}# Next\n\nShall I run it?\n")] {
        assert!(matches!(chosen(&text), Err(ChoiceError::NoneMeant { .. })), "{text}");
    }
    assert_eq!(chosen(&format!("{text}Shall I also look at yesterday?\n")), Ok(vec![1, 2]));
    // What was thought asks nobody.
    assert_eq!(chosen(&format!("<think>\n{ask}\n</think>\n\n{text}")), Ok(vec![1, 2]));
}

#[test]
fn two_programs_are_told_with_their_blocks() {
    let two = answer(&[
        ("Load the orders:", "py", LOAD),
        ("Or load the refunds:", "py", "from mcp_servers import depot\norders = depot.refunds()"),
        ("Then the sum:", "py", "sum(o['net'] for o in orders)"),
    ]);
    let told = chosen(&two).expect_err("two are meant").to_string();
    assert!(
        told.contains("\n  1: lines 3-6") && told.contains("\n  3, joined with 2: lines 17-19"),
        "{told}"
    );
}

#[test]
fn numbers_are_joined_in_their_order() {
    let blocks =
        extract(&answer(&[("a", "js", "return a;"), ("b", "js", "const a = 1;"), ("c", "", "no program")]));
    let program = |numbers: &[usize], language| {
        numbered(&blocks, numbers, language).map(|chosen| (chosen.program().text, chosen.language()))
    };
    let (text, language) = program(&[2, 1], None).expect("a program");
    assert_eq!((text.trim_start(), language), ("const a = 1;\nreturn a;\n", Language::JavaScript));
    assert_eq!(program(&[1, 3], None).map(|(_, language)| language), Ok(Language::JavaScript));
    assert_eq!(program(&[3], None), Err(ChoiceError::NoProgram(3)));
    assert_eq!(program(&[2, 2], None), Err(ChoiceError::Twice(2)));
    assert_eq!(program(&[0], None), Err(ChoiceError::NoSuch { number: 0, count: 3 }));
    assert!(matches!(
        program(&[1], Some(Language::Python)),
        Err(ChoiceError::OtherLanguage { number: 1, .. })
    ));
    assert_eq!(program(&[1], Some(Language::Node)).map(|(_, language)| language), Ok(Language::Node));
}

#[test]
fn elements_say_what_they_hold() {
    /// Element, code, its first line, all lines, and whether it is meant to be run.
    type Shown<'t> = (Option<&'t str>, &'t str, usize, (usize, usize), bool);
    let check = |text: &str, expected: &[Shown<'_>]| {
        let found = extract(text);
        let found: Vec<_> = found
            .iter()
            .map(|block| {
                (block.element, block.code.as_str(), block.first_line, block.lines, block.is_meant())
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    };
    let run = "import { a } from 'mcp-servers';\nreturn await a.b({});\n";
    let fence = format!("```ts\n{run}```\n");
    check(
        &format!("<think>\n{fence}</think>\n{fence}"),
        &[(Some("think"), run, 3, (2, 5), false), (None, run, 8, (7, 10), true)],
    );
    // The thoughts' fence is not closed; their opening tag is missing; their closing tag is missing.
    check(
        &format!("<think>\n```ts\n{run}</think>\n{fence}"),
        &[(Some("think"), run, 3, (2, 4), false), (None, run, 7, (6, 9), true)],
    );
    check(
        &format!("Well.\n\n{fence}\nso.</think>\n{fence}"),
        &[(Some("think"), run, 4, (3, 6), false), (None, run, 10, (9, 12), true)],
    );
    check(&format!("<think>\n\n{fence}"), &[(Some("think"), run, 4, (3, 6), false)]);
    check(&format!("<execute>\n{run}</execute>"), &[(Some("execute"), run, 2, (1, 4), true)]);
    check(&format!("<execute>\n{fence}</execute>"), &[(Some("execute"), run, 3, (2, 5), true)]);
    check(&format!("<output>\n{fence}</output>"), &[(Some("output"), run, 3, (2, 5), false)]);
    check(
        "<execute_bash>mcp search x</execute_bash>",
        &[(Some("execute_bash"), "mcp search x\n", 1, (1, 1), true)],
    );
    // Words about an element are none.
    for text in [
        "`<think>` is a tag",
        "<execute> is a tag",
        "<code>x</code> is a name",
        "    <think>\n",
        "<execute>\n</execute>",
    ] {
        assert!(extract(text).iter().all(|block| block.element.is_none()), "{text}");
    }
    let in_code = format!("```ts\n// <think>\n<think>\n{run}```\n");
    assert!(extract(&in_code)[0].is_meant() && extract(&in_code)[0].element.is_none());
    assert!(extract(&format!("{}<end_code>\n", fence.trim_end()))[0].is_closed);
}

/// Lines of elements, dialogues and steps, whole and broken.
fn line() -> impl Strategy<Value = String> {
    let start = prop_oneof![6 => Just(""), 1 => Just("> "), 1 => Just("- "), 1 => Just("  ")];
    let body = proptest::sample::select(vec![
        "<think>",
        "</think>",
        "<execute>",
        "</execute>",
        "<code>",
        "</code>",
        "<execute_bash>ls</execute_bash>",
        "<output>",
        "</output>",
        "<parameter=command>",
        "</parameter>",
        "```",
        "```py",
        "```ts",
        "```console",
        "```pycon",
        "```<end_code>",
        "a = 1",
        "b = a + c",
        "print(f\"{b}\")",
        "const { a, b: c } = await d.e(`${f} {`);",
        "import { d } from 'mcp-servers';",
        "return a;",
        "$ cat <<E",
        "> E",
        "E",
        "$ for x in y; do",
        "done",
        ">>> for a in b:",
        "... c",
        ">>> a",
        "user@host:~$ x 'y",
        "Step 2: then",
        "Shall I run it?",
        "That was a bug. Replace it with:",
        "Use this instead:",
        "Option A:",
        "I recommend option A.",
        "<details><summary>Old</summary>",
        "</details>",
        "",
        "    a",
        "'",
        "\"",
        "`",
        "${",
        "é」<",
    ]);
    let part = (start, body).prop_map(|(start, body)| format!("{start}{body}"));
    prop_oneof![8 => part.clone(), 1 => (part.clone(), part).prop_map(|(one, other)| one + &other)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_text_a_program_stands_at_its_lines(lines in proptest::collection::vec(line(), 0..24)) {
        let text = lines.join("\n");
        let blocks = extract(&text);
        let (mut end, mut last) = (0, 0);
        for block in &blocks {
            prop_assert!(end <= block.bytes.start && last < block.lines.0, "{:?}", block);
            (end, last) = (block.bytes.end, block.lines.1);
            let sum: i32 = block.signals.iter().map(|signal| signal.points).sum();
            prop_assert_eq!(sum, i32::from(block.score), "{:?}", block.signals);
            if let Some(head) = block.part_of {
                prop_assert!(blocks[head - 1].joined.contains(&block.number) && head > block.number);
            }
            prop_assert!(block.element != Some("think") || !block.is_meant(), "{:?}", block);
        }
        if let Ok(chosen) = choose(&blocks, None) {
            let program = chosen.program();
            prop_assert!(program.is_in_place && chosen.numbers().is_sorted());
            for (code, line) in program.text.lines().zip(text.lines()) {
                prop_assert!(line.contains(code.trim_start_matches(' ')), "{:?} of {:?}", code, line);
            }
        }
        // Words before everything move blocks and change nothing else of them.
        let moved = extract(&format!("# words\n\n{text}"));
        prop_assert_eq!(moved.len(), blocks.len());
        for (moved, block) in moved.iter().zip(&blocks) {
            prop_assert_eq!((moved.first_line, &moved.code), (block.first_line + 2, &block.code));
        }
    }
}
