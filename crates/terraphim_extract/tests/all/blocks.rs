//! Where blocks are and what is in them: by hand, and as another parser sees it.

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use terraphim_extract::extract;
use terraphim_types::Language;

/// Info string and text of every fenced block, as the other parser has them.
fn others(text: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                blocks.push((info.to_string(), String::new()));
                open = true;
            }
            Event::Text(text) if open => blocks.last_mut().expect("a block").1.push_str(&text),
            Event::End(TagEnd::CodeBlock) => open = false,
            _ => {}
        }
    }
    blocks
}

/// The code of every fenced block.
fn ours(text: &str) -> Vec<String> {
    extract(text).into_iter().filter(|block| block.is_fenced).map(|block| block.code).collect()
}

#[test]
fn blocks_have_their_text_place_and_language() {
    let check =
        |text: &str, code: &str, first_line: usize, lines: (usize, usize), language: Option<Language>| {
            for text in [text.to_owned(), text.replace('\n', "\r\n")] {
                let blocks = extract(&text);
                assert_eq!(blocks.len(), 1, "{text:?}: {blocks:?}");
                let block = &blocks[0];
                assert_eq!(
                    (block.code.as_str(), block.first_line, block.lines),
                    (code, first_line, lines),
                    "{text:?}"
                );
                assert_eq!(block.language, language, "{text:?}");
                assert_eq!(text[block.bytes.clone()].lines().count(), lines.1 - lines.0 + 1, "{text:?}");
            }
        };
    let ts = Some(Language::TypeScript);
    check("```ts\nreturn 1;\n```\n", "return 1;\n", 2, (1, 3), ts);
    check("a\n~~~~tsx\n~~~\n~~~~~\n", "~~~\n", 3, (2, 4), ts);
    check("````py\n```\n````", "```\n", 2, (1, 3), Some(Language::Python));
    check("> ```rs\n> fn main() {}\n> ```\n", "fn main() {}\n", 2, (1, 3), Some(Language::Rust));
    check(
        "- a\n\n  ```sh\n  if x; then\n    y\n  fi\n  ```\n",
        "if x; then\n  y\nfi\n",
        4,
        (3, 7),
        Some(Language::Bash),
    );
    check("1. a\n   > - ```zsh\n   >   b\n", "b\n", 3, (2, 3), Some(Language::Bash));
    check("  ```mjs\n  a\n b\nc\n  ```", "a\nb\nc\n", 2, (1, 5), Some(Language::JavaScript));
    check("```node\nlast line", "last line\n", 2, (1, 2), Some(Language::Node));
    check("```console\n$ echo a\na\n```", "echo a\n\n", 2, (1, 4), Some(Language::Bash));
    check("```python title=\"x.py\"\n1\n```", "1\n", 2, (1, 3), Some(Language::Python));
    check("```src/a.rs\nx\n```", "x\n", 2, (1, 3), Some(Language::Rust));
    check("```json\n{}\n```", "{}\n", 2, (1, 3), None);
}

#[test]
fn what_is_no_fence_is_none() {
    for text in [
        "``a``",
        "``` a ` b\nx",
        "a `` ``` `` b",
        "<!--\n```ts\nx\n```\n-->",
        "<pre>\n```ts\nx\n```\n</pre>",
        "",
    ] {
        assert_eq!(extract(text), [], "{text:?}");
    }
}

/// Lines of which blocks are made, with what changes their meaning. Tabs before markers are not among
/// them: there the other parser differs from CommonMark.
fn line() -> impl Strategy<Value = String> {
    let start = prop_oneof![
        6 => Just(""), 3 => Just("> "), 1 => Just(">"), 3 => Just("- "), 1 => Just("* "), 2 => Just("1. "), 1 => Just("7) "), 3 => Just("  "),
        2 => Just("   "), 1 => Just("    "), 1 => Just("      "),
    ];
    let body = prop_oneof![
        5 => Just("```"), 2 => Just("```ts"), 2 => Just("~~~"), 1 => Just("````"), 1 => Just("``` a`b"), 1 => Just("~~~ a`b"), 4 => Just("word"), 3 => Just(""),
        1 => Just("# head"), 1 => Just("---"), 1 => Just("***"), 1 => Just("   "), 1 => Just("-"), 1 => Just("2."), 1 => Just("<div>"), 1 => Just("</div>"),
        1 => Just("<!-- x"), 1 => Just("-->"), 1 => Just("<pre>"), 1 => Just("</pre>"), 1 => Just("<b>"), 1 => Just("\tword"), 1 => Just("```  "),
    ];
    (proptest::collection::vec(start, 0..3), body).prop_map(|(starts, body)| starts.concat() + body)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn fenced_blocks_are_those_of_another_parser(lines in proptest::collection::vec(line(), 0..14)) {
        let text = lines.join("\n");
        let expected: Vec<String> = others(&text).into_iter().map(|(_, code)| code).collect();
        // The other parser leaves out white space at the end of a block that is not closed.
        let expected: Vec<&str> = expected.iter().map(|code| code.trim_end()).collect();
        let found = ours(&text);
        let found: Vec<&str> = found.iter().map(|code| code.trim_end()).collect();
        prop_assert_eq!(found, expected, "{}", text);
    }

    #[test]
    fn whatever_the_text_blocks_are_in_order_within_it(text in "\\PC{0,200}|([`~>\\- \t\r\n0-9.a<!/$]{0,120})") {
        let mut end = 0;
        for (index, block) in extract(&text).into_iter().enumerate() {
            prop_assert_eq!(block.number, index + 1);
            prop_assert!(end <= block.bytes.start && block.bytes.start < block.bytes.end, "{:?}", block);
            prop_assert!(text.get(block.bytes.clone()).is_some(), "{:?}", block);
            end = block.bytes.end;
            let line = text[..block.bytes.start].matches('\n').count() + 1;
            prop_assert_eq!(block.lines.0, line);
            prop_assert!(block.lines.0 <= block.first_line && block.first_line <= block.lines.1 + 1, "{:?}", block);
            prop_assert!(block.score <= 100);
            let sum: i32 = block.signals.iter().map(|signal| signal.points).sum();
            prop_assert_eq!(sum, i32::from(block.score), "{:?}", block.signals);
            prop_assert!(block.language.is_some() || block.score == 0);
        }
    }
}
