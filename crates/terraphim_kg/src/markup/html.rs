//! HTML inside Markdown: where a block of it begins and ends, and how long a tag is.

/// What ends a block of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A blank line.
    Blank,
    /// One of these, in any case, on the same line or a later one.
    Texts(&'static [&'static str]),
}

impl End {
    pub(super) fn is_in(self, line: &str) -> bool {
        match self {
            Self::Blank => line.trim().is_empty(),
            Self::Texts(texts) => {
                let line = line.to_ascii_lowercase();
                texts.iter().any(|text| line.contains(text))
            }
        }
    }
}

/// Elements whose content is not Markdown even after a blank line.
const RAW: &[&str] = &["script", "pre", "style", "textarea"];

/// Elements that make a block of their own.
const BLOCKS: &[&str] = &[
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

/// Elements whose content stays as it is.
pub(super) const KEPT: &[&str] = &[
    "a", "button", "code", "kbd", "math", "option", "pre", "samp", "script", "style", "svg", "textarea",
    "title",
];

/// What ends the block of HTML that a line begins, if it begins one.
pub(super) fn block_start(line: &str, in_text: bool) -> Option<End> {
    let after = line.strip_prefix('<')?;
    if after.starts_with("!--") {
        return Some(End::Texts(&["-->"]));
    }
    if after.starts_with('?') {
        return Some(End::Texts(&["?>"]));
    }
    if after.starts_with("![CDATA[") {
        return Some(End::Texts(&["]]>"]));
    }
    if after.strip_prefix('!').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())) {
        return Some(End::Texts(&[">"]));
    }
    let closing = after.strip_prefix('/').unwrap_or(after);
    let name = tag_name(closing).to_ascii_lowercase();
    if name.is_empty() {
        return None;
    }
    let behind = closing.get(name.len()..).unwrap_or_default();
    let ends = behind.is_empty() || behind.starts_with(|c: char| c.is_ascii_whitespace() || c == '>');
    if ends && RAW.contains(&name.as_str()) && !after.starts_with('/') {
        return Some(End::Texts(&["</script>", "</pre>", "</style>", "</textarea>"]));
    }
    if (ends || behind.starts_with("/>")) && BLOCKS.contains(&name.as_str()) {
        return Some(End::Blank);
    }
    let alone =
        tag_length(line).and_then(|length| line.get(length..)).is_some_and(|rest| rest.trim().is_empty());
    (alone && !in_text).then_some(End::Blank)
}

/// The name that a text begins with.
pub(super) fn tag_name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) { text.get(..end).unwrap_or_default() } else { "" }
}

/// The length of the tag, opening or closing, that a text begins with.
pub(super) fn tag_length(text: &str) -> Option<usize> {
    let after = text.strip_prefix('<')?;
    let name = tag_name(after.strip_prefix('/').unwrap_or(after));
    if name.is_empty() {
        return None;
    }
    let mut at = text.len() - after.len() + usize::from(after.starts_with('/')) + name.len();
    let bytes = text.as_bytes();
    if !bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')) {
        return None;
    }
    loop {
        match *bytes.get(at)? {
            b'>' => return Some(at + 1),
            b'<' | b'`' => return None,
            quote @ (b'"' | b'\'') => {
                if bytes.get(at.checked_sub(1)?) != Some(&b'=') {
                    return None;
                }
                at += 2 + bytes.get(at + 1..)?.iter().position(|byte| *byte == quote)?;
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_where_they_close() {
        for (text, length) in [
            ("<a href=\"x>y\">z", Some(14)),
            ("</p >", Some(5)),
            ("<br/>x", Some(5)),
            ("<a <b>", None),
            ("<3 x>", None),
            ("<http://x>", None),
            ("<a href='x>", None),
            ("<a", None),
        ] {
            assert_eq!(tag_length(text), length, "{text}");
        }
    }
}
