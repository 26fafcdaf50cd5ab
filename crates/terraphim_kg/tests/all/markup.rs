//! Replacing and paragraphs: what is touched, and what is left alone.

use std::{borrow::Cow, sync::Arc};

use expect_test::{Expect, expect};
use proptest::{collection::vec, prelude::*, sample::select};
use terraphim_kg::{BlockKind, Boundaries, LinkType, Matcher, Thesaurus};

const LINKS: [LinkType; 4] = [LinkType::Wiki, LinkType::Html, LinkType::Markdown, LinkType::Plain];

const TERMS: &str = r#"{"name": "test", "data": {
    "rs": {"id": 1, "nterm": "rust", "url": "https://example.org/a b(1)?x=\"1\"&y"},
    "rust": {"id": 1, "nterm": "rust"},
    "knowledge graph": {"id": 2, "nterm": "knowledge-graph", "url": "kg.md"},
    "c++": {"id": 3, "nterm": "c++", "url": "cpp.md"},
    "a*b": {"id": 4, "nterm": "a*b", "url": "javascript:alert(1)"},
    "x|y": {"id": 5, "nterm": "x|y", "url": "xy.md"},
    "graph": {"id": 6, "nterm": "graph"},
    "éclair": {"id": 7, "nterm": "éclair", "url": "é.md"}}}"#;

fn matcher(boundaries: Boundaries) -> Matcher {
    let thesaurus = Arc::new(Thesaurus::from_json(TERMS).expect("well formed"));
    Matcher::new(thesaurus, boundaries).expect("small")
}

fn check(link: LinkType, text: &str, expected: Expect) {
    let replaced = matcher(Boundaries::Words).replace(text, link);
    expected
        .assert_eq(&format!("{}\n{} replaced, {} left\n", replaced.text, replaced.replaced, replaced.left));
}

#[test]
fn each_link_type_has_its_form() {
    let text = "RS and C++, knowledge\ngraph: a*b, x|y, graph, ÉCLAIR.";
    check(
        LinkType::Wiki,
        text,
        expect![[r#"
            [[rust|RS]] and [[c++|C++]], [[knowledge-graph|knowledge graph]]: [[a*b]], x|y, [[graph]], [[éclair|ÉCLAIR]].
            6 replaced, 1 left
        "#]],
    );
    check(
        LinkType::Html,
        text,
        expect![[r#"
            <a href="https://example.org/a%20b(1)?x=&quot;1&quot;&amp;y">RS</a> and <a href="cpp.md">C++</a>, <a href="kg.md">knowledge
            graph</a>: a*b, <a href="xy.md">x|y</a>, graph, <a href="é.md">ÉCLAIR</a>.
            5 replaced, 2 left
        "#]],
    );
    check(
        LinkType::Markdown,
        text,
        expect![[r#"
            [RS](https://example.org/a%20b%281%29?x=%221%22&y) and [C++](cpp.md), [knowledge graph](kg.md): a*b, [x\|y](xy.md), graph, [ÉCLAIR](é.md).
            5 replaced, 2 left
        "#]],
    );
    check(
        LinkType::Plain,
        text,
        expect![[r#"
            rust and c++, knowledge-graph: a*b, x|y, graph, éclair.
            4 replaced, 0 left
        "#]],
    );
}

/// Names with backticks, and names that begin where an address ends, gave what stood around them another meaning.
#[test]
fn no_link_changes_what_is_around_it() {
    let json = r#"{"name": "t", "data": {
        "b ``x c": {"id": 1, "nterm": "u", "url": "u"}, "u": {"id": 1, "nterm": "u", "url": "u"},
        "~~~\" c": {"id": 2, "nterm": "v", "url": "v"}, "v": {"id": 2, "nterm": "v", "url": "v"}}}"#;
    let thesaurus = Arc::new(Thesaurus::from_json(json).expect("well formed"));
    let matcher = Matcher::new(thesaurus, Boundaries::Anywhere).expect("small");
    for (text, expected, replaced) in
        [("a ` b ``x c.", "a ` [b &#96;&#96;x c](u).", 1), ("s://=~~~\" c, v", "s://=~~~\" c, v", 0)]
    {
        for link in LINKS {
            let once = matcher.replace(text, link);
            assert_eq!(matcher.replace(&once.text, link).text, once.text, "{link:?}");
        }
        let made = matcher.replace(text, LinkType::Markdown);
        assert_eq!((made.text.as_str(), made.replaced), (expected, replaced));
    }
}

#[test]
fn addresses_can_be_given_by_the_caller() {
    let matcher = matcher(Boundaries::Words);
    let replaced = matcher.replace_with("graph, rust", LinkType::Markdown, |concept| {
        Some(Cow::Owned(format!("{}.md", concept.name)))
    });
    assert_eq!(replaced.text, "[graph](graph.md), [rust](rust.md)");
    for empty in ["", "  ", "JavaScript:x", "java\nscript:x"] {
        let replaced = matcher.replace_with("graph", LinkType::Html, |_| Some(Cow::Borrowed(empty)));
        assert_eq!((replaced.text.as_str(), replaced.left), ("graph", 1), "{empty:?}");
    }
}

#[test]
fn tables_keep_their_columns() {
    check(
        LinkType::Wiki,
        "| RS | b |\n| -- | -- |\n| c | RS |\n\nRS\n",
        expect![[r#"
            | [[rust\|RS]] | b |
            | -- | -- |
            | c | [[rust\|RS]] |

            [[rust|RS]]

            3 replaced, 0 left
        "#]],
    );
}

#[test]
fn a_link_is_not_written_where_its_neighbours_would_change_it() {
    check(
        LinkType::Markdown,
        r"\rust !rust [a]rust",
        expect![[r#"
            \rust !rust [a]rust
            0 replaced, 3 left
        "#]],
    );
    check(
        LinkType::Wiki,
        "rust(x) rust[x] [rust] rust",
        expect![[r#"
            rust(x) rust[x] [rust] [[rust]]
            1 replaced, 3 left
        "#]],
    );
}

/// Documents in which no term may be replaced.
const PROTECTED: &[&str] = &[
    "---\ntitle: rust\n---\n",
    "+++\ntitle = \"rust\"\n+++\n",
    "`rust`",
    "`` ` rust ``",
    "a `b\nrust` c",
    "```\nrust\n\nrust\n```\n",
    "```rust\nrust",
    "~~~ rust\nrust\n```\nrust\n~~~\n",
    "    rust\n\n    rust\n",
    "\trust\n",
    "- a\n\n      rust\n",
    "- ```\n  rust\n  ```\n",
    "1. ~~~\n   rust\n\n   rust\n   ~~~\n",
    "> ```\n> rust\n> ```\n",
    "https://rust.example/rust?rust=rust#rust",
    "www.example.org/rust",
    "mailto:rust@example.org",
    "me@rust.example",
    "rust@example.org",
    "<https://example.org/rust>",
    "<rust@example.org>",
    "[rust](https://example.org)",
    "[a](rust)",
    "[a](<b rust>)",
    "[a](b \"rust\")",
    "[a [b] rust](c)",
    "![rust](a.png)",
    "[![rust](a.png)](b)",
    "[rust][a]",
    "[rust][]",
    "[a][rust]",
    "[rust]\n\n[rust]: https://example.org\n",
    "[^rust]",
    "[[rust]]",
    "[[a|rust]]",
    "![[rust]]",
    "<b title=\"rust\">",
    "<a href=\"b\">rust</a>",
    "<a href=\"b\">the\nrust <b>rust</b></a>",
    "<code>rust</code>",
    "<!-- rust -->",
    "a <!-- rust\nrust --> b",
    "<!--\nrust\n\nrust\n-->\n",
    "<script>\nrust\n\nrust\n</script>\n",
    "<pre>rust\n\nrust</pre>",
    "<?rust rust?>",
    "<![CDATA[rust]]>",
    "synonyms:: rust, graph",
    "- tags:: rust",
];

#[test]
fn markup_is_left_alone() {
    let matcher = matcher(Boundaries::Words);
    for text in PROTECTED {
        for link in LINKS {
            let text = text.replace("rust", "rs");
            let replaced = matcher.replace(&text, link);
            assert_eq!(replaced.text, text, "{link:?}");
            assert_eq!(replaced.replaced, 0, "{text}");
        }
    }
}

#[test]
fn text_beside_markup_is_replaced() {
    for (text, expected) in [
        ("`a` rs", "`a` [[rust|rs]]"),
        ("rs ` rs", "[[rust|rs]] ` [[rust|rs]]"),
        ("# rs", "# [[rust|rs]]"),
        ("rs\n---\n", "[[rust|rs]]\n---\n"),
        ("- rs\n- b\n\n  rs\n", "- [[rust|rs]]\n- b\n\n  [[rust|rs]]\n"),
        ("> rs\nrs\n", "> [[rust|rs]]\n[[rust|rs]]\n"),
        ("a\n    rs\n", "a\n    [[rust|rs]]\n"),
        ("```\na\n```\nrs", "```\na\n```\n[[rust|rs]]"),
        ("> ```\n> a\n\nrs", "> ```\n> a\n\n[[rust|rs]]"),
        ("https://example.org, rs", "https://example.org, [[rust|rs]]"),
        ("(see https://example.org/a_(b)) rs", "(see https://example.org/a_(b)) [[rust|rs]]"),
        ("[a](b) rs", "[a](b) [[rust|rs]]"),
        ("[ ] rs", "[ ] [[rust|rs]]"),
        ("<b>rs</b>", "<b>[[rust|rs]]</b>"),
        ("a < b rs > c", "a < b [[rust|rs]] > c"),
        ("2024. rs", "2024. [[rust|rs]]"),
        ("---\nrs", "---\n[[rust|rs]]"),
        ("**rs** *rs*", "**[[rust|rs]]** *[[rust|rs]]*"),
        ("[^1]: rs", "[^1]: [[rust|rs]]"),
        ("std::rs::x rs", "std::[[rust|rs]]::x [[rust|rs]]"),
    ] {
        assert_eq!(matcher(Boundaries::Words).replace(text, LinkType::Wiki).text, expected, "{text}");
    }
    let html = "<div>\nrs\n</div>\n";
    assert_eq!(matcher(Boundaries::Words).replace(html, LinkType::Wiki).text, html);
    assert_eq!(matcher(Boundaries::Words).replace(html, LinkType::Plain).text, "<div>\nrust\n</div>\n");
}

#[test]
fn names_that_never_settle_leave_the_text_alone() {
    let json = r#"{"name": "n", "data": {"a": {"id": 1, "nterm": "b"}, "b": {"id": 2, "nterm": "a"}}}"#;
    let matcher = Matcher::new(Arc::new(Thesaurus::from_json(json).expect("well formed")), Boundaries::Words)
        .expect("small");
    let replaced = matcher.replace("a and b", LinkType::Plain);
    assert_eq!((replaced.text.as_str(), replaced.replaced, replaced.left), ("a and b", 0, 2));
}

/// A sign at the start of a line opens no list without a blank, and a name after `<` would be a tag's.
#[test]
fn links_and_names_open_no_block() {
    let json = r#"{"name": "n", "data": {"+c": {"id": 1, "nterm": "a"}, "é": {"id": 2, "nterm": "b x"}}}"#;
    let thesaurus = Arc::new(Thesaurus::from_json(json).expect("well formed"));
    let matcher = Matcher::new(thesaurus, Boundaries::Anywhere).expect("small");
    for (link, text, expected) in [
        (LinkType::Wiki, "- `\n+c` a `", "- `\n+c` [[a]] `"),
        (LinkType::Wiki, "- 1\n+c\n+ +c", "- 1\n[[a|+c]]\n+ [[a|+c]]"),
        (LinkType::Plain, "<é>\n+c </é> <x-é> é", "<é>\na </é> <x-é> b x"),
        (LinkType::Wiki, "éwww.é é", "[[b x|é]]www.é [[b x|é]]"),
        (LinkType::Wiki, "<pé\n<?é", "<p[[b x|é]]\n<?é"),
        (LinkType::Wiki, "<p\n<?é", "<p\n<?é"),
    ] {
        let once = matcher.replace(text, link).text;
        assert_eq!(once, expected);
        assert_eq!(matcher.replace(&once, link).text, expected);
    }
}

const PIECES: &[&str] = &[
    "rs",
    "RS",
    "graph",
    "knowledge",
    "knowledge graph",
    "c++",
    "a*b",
    "x|y",
    "éclair",
    " ",
    " ",
    "\n",
    "\n\n",
    "[",
    "]",
    "[[",
    "]]",
    "(",
    ")",
    "](",
    "`",
    "``",
    "```",
    "~~~\n",
    "<",
    ">",
    "<a href=\"x\">",
    "</a>",
    "<b ",
    "<!--",
    "-->",
    "\\",
    "!",
    "|",
    "| - | - |\n",
    "- ",
    "> ",
    "    ",
    "# ",
    "---\n",
    "http://",
    "www.",
    "@",
    ":",
    "::",
    "]: ",
    "^",
    "\"",
    "'",
    "*",
    "_",
    "1. ",
    "\t",
    "<div>\n",
    "<pre>",
    "</pre>",
    "é",
    "检",
];

/// Text with its form when its terms are links.
fn plain_words() -> impl Strategy<Value = (String, String)> {
    select(
        &[
            ("rs", "[[rust|rs]]"),
            ("rust", "[[rust]]"),
            ("Graph", "[[graph|Graph]]"),
            ("word", "word"),
            ("trust", "trust"),
        ][..],
    )
    .prop_map(|(text, linked)| (text.to_owned(), linked.to_owned()))
}

fn protected() -> impl Strategy<Value = (String, String)> {
    let inline = [
        "`rs`",
        "https://a.example/rs",
        "rs@a.example",
        "[rs](b)",
        "[[rs]]",
        "<b rs>",
        "<a href='x'>rs</a>",
        "[rs][b]",
        "<!-- rs -->",
        "\\*",
        "![rs](b)",
        "<https://rs>",
    ];
    (0..inline.len()).prop_map(move |at| (inline[at].to_owned(), inline[at].to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replacing_twice_is_replacing_once(
        pieces in vec(select(PIECES), 0..24),
        link in select(&LINKS[..]),
        boundaries in select(&[Boundaries::Words, Boundaries::Anywhere][..]),
    ) {
        let text = pieces.concat();
        let matcher = matcher(boundaries);
        let once = matcher.replace(&text, link);
        let twice = matcher.replace(&once.text, link);
        prop_assert_eq!(&once.text, &twice.text, "from {:?}", text);
        prop_assert_eq!(twice.replaced, 0);
        for empty in ["[[]]", "[[|", "|]]", "[](", "]()", "href=\"\""] {
            prop_assert!(once.text.matches(empty).count() <= text.matches(empty).count(), "{} in {:?}", empty, once.text);
        }
    }

    #[test]
    fn words_are_linked_and_markup_is_kept(
        parts in vec(prop_oneof![3 => plain_words(), 1 => protected()], 0..12),
        separators in vec(select(&[" ", "\n", "\n\n", ", "][..]), 12),
    ) {
        // HTML at the start of a line takes the whole line.
        let join = |form: &dyn Fn(&(String, String)) -> String| {
            let mut joined = String::from("word ");
            for (part, separator) in parts.iter().zip(&separators) {
                if part.0.starts_with('<') && joined.ends_with('\n') {
                    joined.push_str("word ");
                }
                joined += &(form(part) + separator);
            }
            joined
        };
        let text = join(&|part| part.0.clone());
        let expected = join(&|part| part.1.clone());
        prop_assert_eq!(matcher(Boundaries::Words).replace(&text, LinkType::Wiki).text, expected);
    }

    #[test]
    fn any_text_can_be_read(text in any::<String>(), pieces in vec(select(PIECES), 0..30)) {
        let matcher = matcher(Boundaries::Anywhere);
        for text in [text, pieces.concat()] {
            for link in LINKS {
                let _ = matcher.replace(&text, link);
            }
            let mut end = 0;
            let mut end_chars = 0;
            for paragraph in matcher.paragraphs(&text) {
                prop_assert!(paragraph.bytes.start >= end && paragraph.chars.start >= end_chars);
                (end, end_chars) = (paragraph.bytes.end, paragraph.chars.end);
                prop_assert_eq!(paragraph.text, &text[paragraph.bytes.clone()]);
                prop_assert_eq!(paragraph.chars.len(), paragraph.text.chars().count());
                prop_assert!(!paragraph.matches.is_empty());
                for found in &paragraph.matches {
                    prop_assert!(paragraph.bytes.start <= found.bytes.start && found.bytes.end <= paragraph.bytes.end);
                }
            }
        }
    }

    /// Names that are terms of others, and names that form terms with their neighbours.
    #[test]
    fn names_are_put_in_once(
        entries in vec((vec(select(&["a", "b", "c"][..]), 1..4), vec(select(&["a", "b", "c"][..]), 1..3)), 1..6),
        words in vec(select(&["a", "b", "c", "d", "`a`", "-", "\n"][..]), 0..16),
        boundaries in select(&[Boundaries::Words, Boundaries::Anywhere][..]),
    ) {
        let data: serde_json::Map<_, _> = entries
            .iter()
            .map(|(term, name)| (term.join(" "), serde_json::json!({ "id": 1, "nterm": name.join(" ") })))
            .collect();
        let json = serde_json::json!({ "name": "n", "data": data }).to_string();
        let thesaurus = Arc::new(Thesaurus::from_json(&json).expect("well formed"));
        let matcher = Matcher::new(thesaurus, boundaries).expect("small");
        let text = words.join(" ");
        let once = matcher.replace(&text, LinkType::Plain);
        let twice = matcher.replace(&once.text, LinkType::Plain);
        prop_assert_eq!(&once.text, &twice.text, "from {:?} by {}", text, json);
        prop_assert!(once.replaced + once.left <= matcher.find(&text).len());
    }

    /// Blocks with blank lines between them, of which each has its terms.
    #[test]
    fn a_block_is_a_paragraph_if_it_has_terms(blocks in vec(select(&[
        "rs", "word", "# graph", "- rs\n- word\n\n  rs", "| rs | a |\n|-|-|\n| b | rs |", "```\nrs\n\nrs\n```", "> rs\n> word",
        "word\nrs\nword", "knowledge\ngraph", "    rs\n\n    rs",
    ][..]), 0..8)) {
        let mut text = String::new();
        let mut expected = Vec::new();
        let joins = |one: &str, next: &str| {
            let list = |block: &str| block.starts_with("- ");
            let code = |block: &str| block.starts_with("    ");
            (list(one) && (list(next) || code(next))) || (code(one) && code(next))
        };
        prop_assume!(!blocks.iter().zip(blocks.iter().skip(1)).any(|(one, next)| joins(one, next)));
        for block in &blocks {
            let terms = block.matches("rs").count() + block.matches("graph").count();
            if terms > 0 {
                expected.push((text.len(), (*block).to_owned(), terms));
            }
            text.push_str(block);
            text.push_str("\n\n");
        }
        let matcher = matcher(Boundaries::Words);
        let found: Vec<_> = matcher
            .paragraphs(&text)
            .into_iter()
            .map(|paragraph| (paragraph.bytes.start, paragraph.text.to_owned(), paragraph.matches.len()))
            .collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn paragraphs_are_whole_and_say_where_they_stand() {
    let text = "---\nrs\n---\n\nFirst é rs.\nMore rs.\n\nNothing.\n\n* rs\n\n  deep\n* graph\n\nEnd RS\n";
    let matcher = matcher(Boundaries::Words);
    let shown: Vec<String> = matcher
        .paragraphs(text)
        .iter()
        .map(|p| {
            format!("{:?} {:?} {:?} {} {:?}\n", p.kind, p.bytes, p.chars, p.matches.len(), p.without_terms())
        })
        .collect();
    expect![[r#"
        Text 12..33 12..32 2 "First é .\nMore ."
        List 45..65 44..64 2 "* \n\n  deep\n* "
        Text 67..73 66..72 1 "End "
    "#]]
    .assert_eq(&shown.concat());
    assert_eq!(matcher.paragraphs("```\nrs\n")[0].kind, BlockKind::Code);
    assert_eq!(matcher.paragraphs("a|rs\n-|-\nb|c\n")[0].kind, BlockKind::Table);
}

/// Openings without an end are looked for again and again by a careless reader.
#[test]
fn hostile_documents_take_linear_time() {
    let matcher = matcher(Boundaries::Words);
    let start = std::time::Instant::now();
    for piece in [
        "[", "[[", "](", "![", "`", "` `` ", "<", "<a ", "<a b='", "<!--", "<pre>", "[a](b \"", "[a][",
        "http://", "a@", "- ", "> ", "    ", "\\", "(", "[a](((", "| - ", "&", "<?", "*", "www.", "a:",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        let _ = matcher.replace(&text, LinkType::Markdown);
        let _ = matcher.paragraphs(&text);
    }
    let terms = "RS ".repeat(60_000);
    assert_eq!(matcher.replace(&terms, LinkType::Plain).replaced, 60_000);
    // Quadratic time would be hours.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}
