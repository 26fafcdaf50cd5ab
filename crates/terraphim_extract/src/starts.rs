//! How a line may begin: what CommonMark says of fences, rules, list markers,
//! headings and HTML.

/// The opening line of a fence: its character, its length, and its info string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening<'t> {
    pub(crate) mark: u8,
    pub(crate) length: usize,
    pub(crate) info: &'t str,
}

/// Reads `rest`, a line without its indentation, as the opening of a fence.
pub(crate) fn fence(rest: &str) -> Option<Opening<'_>> {
    let mark = rest.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = run(rest, mark);
    let info = rest.get(length..)?;
    if length < 3 || mark == b'`' && info.contains('`') {
        return None;
    }
    Some(Opening { mark, length, info: info.trim() })
}

/// Whether `rest` closes a fence of this character and length.
pub(crate) fn closes(rest: &str, mark: u8, length: usize) -> bool {
    let found = run(rest, mark);
    let behind = rest.get(found..).unwrap_or_default().trim_end_matches([' ', '\t']);
    // Some agents are told to write this behind the fence.
    found >= length && (behind.trim_start_matches([' ', '\t']).is_empty() || behind == "<end_code>")
}

fn run(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|byte| *byte == mark).count()
}

/// Whether a line is a rule between sections.
pub(crate) fn is_rule(rest: &str) -> bool {
    let Some(mark) = rest.bytes().next().filter(|byte| matches!(byte, b'*' | b'-' | b'_')) else {
        return false;
    };
    let mut marks = 0;
    for byte in rest.bytes() {
        match byte {
            _ if byte == mark => marks += 1,
            b' ' | b'\t' => {}
            _ => return false,
        }
    }
    marks >= 3
}

/// Whether a line below a paragraph makes it a heading.
pub(crate) fn is_underline(rest: &str) -> bool {
    let text = rest.trim_end_matches([' ', '\t']);
    !text.is_empty() && (text.bytes().all(|b| b == b'=') || text.bytes().all(|b| b == b'-'))
}

/// The text of a heading that begins with `#`.
pub(crate) fn heading(rest: &str) -> Option<&str> {
    let level = run(rest, b'#');
    let text = rest.get(level..)?;
    let is_one = (1..=6).contains(&level) && (text.is_empty() || text.starts_with([' ', '\t']));
    is_one.then(|| text.trim().trim_end_matches('#').trim_end())
}

/// The marker of a list item: its length in bytes, and whether it may interrupt a paragraph.
pub(crate) fn marker(rest: &str) -> Option<(usize, bool)> {
    let bytes = rest.as_bytes();
    let (length, first) = match bytes.first()? {
        b'-' | b'+' | b'*' => (1, true),
        b'0'..=b'9' => {
            let digits = bytes.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 9 || !matches!(bytes.get(digits), Some(b'.' | b')')) {
                return None;
            }
            (digits + 1, rest.get(..digits).and_then(|number| number.parse::<u32>().ok()) == Some(1))
        }
        _ => return None,
    };
    match bytes.get(length) {
        None => Some((length, false)),
        Some(b' ' | b'\t') => {
            let is_empty = bytes.iter().skip(length).all(|byte| matches!(byte, b' ' | b'\t'));
            Some((length, first && !is_empty))
        }
        Some(_) => None,
    }
}

/// What ends a block of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HtmlEnd {
    /// A line that holds one of these, in whatever case.
    Text(&'static [&'static str]),
    /// An empty line.
    Blank,
}

impl HtmlEnd {
    /// Whether a line is the last one of the block.
    pub(crate) fn is_in(self, line: &str) -> bool {
        match self {
            Self::Blank => false,
            Self::Text(ends) => ends.iter().any(|end| contains_ignoring_case(line, end)),
        }
    }
}

fn contains_ignoring_case(line: &str, wanted: &str) -> bool {
    line.as_bytes().windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// The summary that stands on a line of HTML, without its tags; nothing where its details end.
pub(crate) fn summary(line: &str) -> Option<&str> {
    let find = |wanted: &str| {
        line.as_bytes().windows(wanted.len()).position(|part| part.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    let Some(at) = find("<summary") else { return find("</details").map(|_| "") };
    let behind = line.get(at..)?.split_once('>')?.1;
    let end = find("</summary").and_then(|end| end.checked_sub(line.len() - behind.len()));
    end.map_or(Some(behind), |end| behind.get(..end)).map(str::trim)
}

const RAW: [&str; 4] = ["script", "pre", "style", "textarea"];
const RAW_ENDS: HtmlEnd = HtmlEnd::Text(&["</script>", "</pre>", "</style>", "</textarea>"]);

/// Elements that begin a block of HTML which an empty line ends.
const BLOCKS: [&str; 62] = [
    "address",
    "article",
    "aside",
    "base",
    "basefont",
    "blockquote",
    "body",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "legend",
    "li",
    "link",
    "main",
    "menu",
    "menuitem",
    "nav",
    "noframes",
    "ol",
    "optgroup",
    "option",
    "p",
    "param",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "track",
    "ul",
];

/// Whether `rest` begins a block of HTML, and what ends it.
pub(crate) fn html(rest: &str, interrupts: bool) -> Option<HtmlEnd> {
    let inner = rest.strip_prefix('<')?;
    for (start, ends) in [
        ("!--", HtmlEnd::Text(&["-->"])),
        ("?", HtmlEnd::Text(&["?>"])),
        ("![CDATA[", HtmlEnd::Text(&["]]>"])),
    ] {
        if inner.starts_with(start) {
            return Some(ends);
        }
    }
    if inner.strip_prefix('!').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())) {
        return Some(HtmlEnd::Text(&[">"]));
    }
    let (is_closing, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    let length = inner.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'-').count();
    let (name, after) = inner.split_at_checked(length)?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let is = |known: &&str| name.eq_ignore_ascii_case(known);
    let ends_name = after.is_empty() || after.starts_with([' ', '\t', '>']);
    if !is_closing && RAW.iter().any(&is) && ends_name {
        return Some(RAW_ENDS);
    }
    if BLOCKS.iter().any(is) && (ends_name || after.starts_with("/>")) {
        return Some(HtmlEnd::Blank);
    }
    let alone = !interrupts && is_whole_tag(after, is_closing);
    alone.then_some(HtmlEnd::Blank)
}

/// Whether what follows a tag's name is the rest of that tag and nothing else.
fn is_whole_tag(after: &str, is_closing: bool) -> bool {
    let Some(inside) = after.trim_end_matches([' ', '\t']).strip_suffix('>') else { return false };
    if is_closing {
        return inside.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
    }
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    if !inside.is_empty() && !inside.starts_with([' ', '\t']) {
        return false;
    }
    attributes(inside)
}

/// Whether a text is a list of attributes, as HTML writes them.
fn attributes(text: &str) -> bool {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t']);
        if trimmed.is_empty() {
            return true;
        }
        let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(*b, b'_' | b':' | b'.' | b'-');
        let first = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b':');
        let length = trimmed.as_bytes().iter().take_while(|byte| name(byte)).count();
        if trimmed.len() == rest.len() || !trimmed.bytes().next().is_some_and(first) {
            return false;
        }
        let after = trimmed.get(length..).unwrap_or_default();
        let Some(value) = after.trim_start_matches([' ', '\t']).strip_prefix('=') else {
            rest = after;
            continue;
        };
        let value = value.trim_start_matches([' ', '\t']);
        let end = match value.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => {
                value.bytes().skip(1).position(|byte| byte == quote).map(|at| at + 2)
            }
            Some(_) => {
                let bare = |b: &u8| !matches!(*b, b' ' | b'\t' | b'"' | b'\'' | b'=' | b'<' | b'>' | b'`');
                Some(value.as_bytes().iter().take_while(|byte| bare(byte)).count())
                    .filter(|length| *length > 0)
            }
            None => None,
        };
        let Some(end) = end else { return false };
        rest = value.get(end..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_have_three_marks_and_an_info_without_backticks() {
        assert_eq!(fence("```ts x").map(|o| (o.length, o.info)), Some((3, "ts x")));
        assert_eq!(fence("~~~~ a`b").map(|o| (o.length, o.info)), Some((4, "a`b")));
        for no in ["``", "``` a`b", "x```", ""] {
            assert_eq!(fence(no), None, "{no}");
        }
        assert!(closes("````  ", b'`', 3) && !closes("``", b'`', 3) && !closes("``` x", b'`', 3));
    }

    #[test]
    fn markers_rules_and_headings() {
        assert_eq!(marker("- a"), Some((1, true)));
        assert_eq!(marker("2. a"), Some((2, false)));
        assert_eq!(marker("1) "), Some((2, false)));
        assert_eq!((marker("-a"), marker("1234567890. a"), marker("1: a")), (None, None, None));
        assert!(is_rule("* * *") && is_rule("---") && !is_rule("--") && !is_rule("- - a"));
        assert_eq!((heading("## a ##"), heading("#a")), (Some("a"), None));
    }

    #[test]
    fn summaries_are_read_without_their_tags() {
        assert_eq!(summary("<details><summary><b>Old</b></summary>"), Some("<b>Old</b>"));
        assert_eq!(summary("<SUMMARY class=\"x\"> Old"), Some("Old"));
        assert_eq!((summary("</details>"), summary("<div>"), summary("<summary")), (Some(""), None, None));
        assert_eq!(summary("</summary><summary>é"), Some("é"));
    }

    #[test]
    fn html_begins_with_a_block_or_stands_alone() {
        assert_eq!(html("<pre>", true), Some(RAW_ENDS));
        assert_eq!(html("<div class=x>", true), Some(HtmlEnd::Blank));
        assert_eq!(html("<x-y a=\"1\" b>", false), Some(HtmlEnd::Blank));
        for (text, interrupts) in [("<x-y>", true), ("<a b=>", false), ("<a> b", false), ("< a>", false)] {
            assert_eq!(html(text, interrupts), None, "{text}");
        }
        assert!(RAW_ENDS.is_in("x </PRE> y"));
    }
}
