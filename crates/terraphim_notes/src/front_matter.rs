//! The front matter of a note: the few keys that are used, from the YAML that
//! people write there. What it does not understand it skips.

/// Longest front matter that is read, in bytes; beyond it the text has none.
const MAX_BYTES: usize = 64 << 10;
const MAX_TITLE_CHARS: usize = 300;
const MAX_TAGS: usize = 64;
const MAX_TAG_CHARS: usize = 100;
const MAX_URL_BYTES: usize = 2_048;

/// What a note says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter {
    pub(crate) title: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) url: Option<String>,
}

/// Splits a text into its front matter and the rest.
pub(crate) fn split(text: &str) -> (FrontMatter, &str) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some((block, rest)) = block(text) else { return (FrontMatter::default(), text) };
    (parse(block), rest)
}

/// What stands between a first line `---` and the next line `---` or `...`.
fn block(text: &str) -> Option<(&str, &str)> {
    let opening = text.split_inclusive('\n').next().filter(|line| line.trim_end() == "---")?;
    let mut at = opening.len();
    for line in text.get(at..)?.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((text.get(opening.len()..at)?, text.get(at + line.len()..)?));
        }
        at += line.len();
        if at > MAX_BYTES {
            return None;
        }
    }
    None
}

fn parse(block: &str) -> FrontMatter {
    let mut found = FrontMatter::default();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((key, value)) = line.split_once(':') else { continue };
        // An indented line belongs to the key above it; nested keys are none of ours.
        let mut value = value.trim().to_owned();
        while let Some(more) = lines.next_if(|next| continues(next)) {
            value.push('\n');
            value.push_str(more.trim());
        }
        match key.trim_end().to_ascii_lowercase().as_str() {
            "title" => found.title = title(&value),
            "tags" => found.tags = list(&value),
            "url" => found.url = scalar(&value).filter(|url| is_usable_url(url)),
            _ => {}
        }
    }
    found
}

fn continues(line: &str) -> bool {
    line.starts_with([' ', '\t']) || line.starts_with("- ") || matches!(line.trim_end(), "-" | "]")
}

/// A single value: quoted, folded over lines, or plain.
fn scalar(value: &str) -> Option<String> {
    let mut lines = value.lines();
    let first = lines.next().unwrap_or_default();
    let joined = if matches!(first, "|" | ">" | "|-" | ">-" | "|+" | ">+") {
        lines.collect::<Vec<_>>().join(" ")
    } else {
        value.replace('\n', " ")
    };
    let text = unquote(joined.trim());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty() && text != "~" && text != "null").then_some(text)
}

/// A title without control characters, which may leave nothing of it.
fn title(value: &str) -> Option<String> {
    scalar(value).map(|title| cut(&title, MAX_TITLE_CHARS)).filter(|title| !title.is_empty())
}

/// `[a, "b, c"]`, lines `- a`, or `a, b`; each once, in order.
fn list(value: &str) -> Vec<String> {
    let value = value.trim();
    let mut items = Vec::new();
    if let Some(inner) = value.strip_prefix('[') {
        let end = inner.rfind(']').unwrap_or(inner.len());
        items = split_items(inner.get(..end).unwrap_or(inner));
    } else if value.lines().any(|line| line == "-" || line.starts_with("- ")) {
        items.extend(value.lines().filter_map(|line| line.strip_prefix("- ")).map(unquote));
    } else {
        items.extend(split_items(&without_comment(value)));
    }
    let mut tags: Vec<String> = Vec::new();
    for item in items {
        let words = item.split_whitespace().collect::<Vec<_>>().join(" ");
        let tag = cut(words.trim_start_matches('#'), MAX_TAG_CHARS);
        if !tag.is_empty() && tags.len() < MAX_TAGS && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// Splits at commas and line ends outside quotes.
fn split_items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quote = None;
    let mut fresh = true;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') if fresh => quote = Some(c),
            (None, ',' | '\n') => {
                items.push(String::new());
                fresh = true;
                continue;
            }
            _ => {}
        }
        fresh &= c.is_whitespace();
        if let Some(item) = items.last_mut() {
            item.push(c);
        }
    }
    items.iter().map(|item| unquote(item)).collect()
}

/// Takes quotes off, with their escapes, or a comment off a plain value.
fn unquote(value: &str) -> String {
    let value = value.trim();
    if let Some(inner) = value.strip_prefix('"') {
        let mut text = String::new();
        let mut escaped = false;
        for c in inner.chars() {
            match (escaped, c) {
                (false, '"') => return text,
                (false, '\\') => escaped = true,
                (true, 'n' | 't' | 'r') => {
                    text.push(' ');
                    escaped = false;
                }
                _ => {
                    text.push(c);
                    escaped = false;
                }
            }
        }
        return text;
    }
    if let Some(inner) = value.strip_prefix('\'') {
        let doubled = inner.replace("''", "\0");
        return doubled.split('\'').next().unwrap_or_default().replace('\0', "'");
    }
    without_comment(value).trim().to_owned()
}

fn without_comment(value: &str) -> String {
    let plain = value.lines().map(|line| {
        let comment = if line.starts_with("# ") { Some(0) } else { line.find(" #") };
        // ` #tag` is how some people write tags; a comment has a blank after the sign.
        let comment =
            comment.filter(|at| line.get(*at..).is_some_and(|rest| rest.trim_start().starts_with("# ")));
        comment.and_then(|at| line.get(..at)).unwrap_or(line)
    });
    plain.collect::<Vec<_>>().join("\n")
}

/// An absolute URL that opens a page and runs nothing.
fn is_usable_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let scheme = scheme.to_ascii_lowercase();
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let runs = matches!(scheme.as_str(), "javascript" | "data" | "vbscript");
    let plain = !url.chars().any(|c| c.is_control() || c.is_whitespace());
    well_formed && !runs && plain && !rest.is_empty() && url.len() <= MAX_URL_BYTES
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Expect) {
        let (found, rest) = split(text);
        expected.assert_eq(&format!(
            "title {:?}\ntags {:?}\nurl {:?}\nrest {rest:?}\n",
            found.title, found.tags, found.url
        ));
    }

    #[test]
    fn the_usual_forms() {
        check(
            "\u{feff}---\r\ntitle: \"A: \\\"b\\\"\" # c\r\ntags: [rust, 'x, y', \"z\"]\r\nurl: https://example.org/#top\r\n---\r\nBody",
            expect![[r#"
                title Some("A: \"b\"")
                tags ["rust", "x, y", "z"]
                url Some("https://example.org/#top")
                rest "Body"
            "#]],
        );
        check(
            "---\ntitle: >-\n  On two\n  lines\nTags:\n  - rust   # language\n- \"async, io\"\n-\n  - rust\nauthor:\n  title: Nobody\n...\nBody\n",
            expect![[r#"
                title Some("On two lines")
                tags ["rust", "async, io"]
                url None
                rest "Body\n"
            "#]],
        );
        check(
            "---\ntitle: It's C# today # really\ntags: #rust, web dev,, rust\nurl: javascript:alert(1)\n---\n",
            expect![[r#"
                title Some("It's C# today")
                tags ["rust", "web dev"]
                url None
                rest ""
            "#]],
        );
        check(
            "---\ntitle: ''\ntags: [a,\n  b\n]\nurl: nowhere\n---\nx",
            expect![[r#"
                title None
                tags ["a", "b"]
                url None
                rest "x"
            "#]],
        );
    }

    #[test]
    fn without_an_end_there_is_none() {
        for text in ["---\ntitle: x\n", "--- \n", "# Title\n---\na: b\n---\n", "", "----\n---\n"] {
            let (found, rest) = split(text);
            assert_eq!((found, rest), (FrontMatter::default(), text));
        }
    }

    #[test]
    fn long_values_are_cut() {
        let text = format!(
            "---\ntitle: {}\ntags: [{}]\nurl: https://{}\n---\n",
            "t".repeat(900),
            "a,b,".repeat(90),
            "u".repeat(3_000)
        );
        let (found, _) = split(&text);
        assert_eq!(found.title.map(|title| title.len()), Some(MAX_TITLE_CHARS));
        assert_eq!((found.tags, found.url), (vec!["a".to_owned(), "b".to_owned()], None));
        let many: Vec<_> = (0..100).map(|n| format!("- t{n}\n")).collect();
        assert_eq!(split(&format!("---\ntags:\n{}---\n", many.concat())).0.tags.len(), MAX_TAGS);
        let long = text.replace("title: ", &format!("x: {}\ntitle: ", " ".repeat(MAX_BYTES)));
        let (none, rest) = split(&long);
        assert_eq!((none, rest.len() > MAX_BYTES), (FrontMatter::default(), true));
    }

    proptest! {
        #[test]
        fn any_text_is_split_within_bounds(text in "(---\n)?([a-z:\\[\\]\"'#,\\- \n\\\\éß]|tags:|title: |url: ){0,60}(\n---\n)?.{0,10}") {
            let (found, rest) = split(&text);
            prop_assert!(text.ends_with(rest));
            prop_assert!(found.tags.iter().all(|tag| !tag.is_empty() && !tag.chars().any(char::is_control)));
            prop_assert!(found.title.is_none_or(|title| !title.is_empty()));
        }
    }
}
