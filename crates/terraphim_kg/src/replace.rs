//! Turns the terms of a text into links, or into the names of their concepts.
//!
//! Only plain text is touched: code, links, addresses, tags, comments and
//! metadata stay as they are, and so does a term whose link could not be
//! written in the syntax asked for. Doing it twice changes nothing more.

mod names;

use std::{borrow::Cow, fmt::Write, str::FromStr};

use crate::{
    markup::{Run, RunKind, plain_stretches},
    matcher::{Match, Matcher},
    thesaurus::Concept,
};

/// What a term becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// `[[concept]]`, or `[[concept|term]]` where they differ.
    Wiki,
    /// `<a href="address">term</a>`.
    Html,
    /// `[term](address)`.
    Markdown,
    /// The concept's name, without a link.
    Plain,
}

/// A text that names no link type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no link type: say wiki, html, markdown or plain")]
pub struct UnknownLinkType {
    /// What was given, at most 40 characters of it.
    pub given: String,
}

impl FromStr for LinkType {
    type Err = UnknownLinkType;

    fn from_str(text: &str) -> Result<Self, UnknownLinkType> {
        match text {
            "wiki" => Ok(Self::Wiki),
            "html" => Ok(Self::Html),
            "markdown" => Ok(Self::Markdown),
            "plain" => Ok(Self::Plain),
            _ => Err(UnknownLinkType { given: text.chars().take(40).collect() }),
        }
    }
}

/// A text with its terms replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The text.
    pub text: String,
    /// How many terms were replaced.
    pub replaced: usize,
    /// How many terms stand in plain text and were left: their concept has no
    /// address, the link could not be written there or would give the text
    /// around it another meaning (then nothing is linked), or the name would be read
    /// as a term of another concept.
    pub left: usize,
}

impl Matcher {
    /// Replaces the terms of a Markdown document. A concept leads to its `url`;
    /// terms of a concept without one are left where an address is needed.
    pub fn replace(&self, text: &str, link: LinkType) -> Replaced {
        self.replace_with(text, link, |concept| concept.url.as_deref().map(Cow::Borrowed))
    }

    /// As [`Matcher::replace`], with the address of each concept as `address` says.
    pub fn replace_with<'c>(
        &'c self,
        text: &str,
        link: LinkType,
        address: impl Fn(&'c Concept) -> Option<Cow<'c, str>>,
    ) -> Replaced {
        let once = |text: &str| match link {
            LinkType::Plain => self.named(text),
            _ => self.link(text, link, &address),
        };
        let made = once(text);
        // What is put in may give the text around it another meaning, as the second of two marks of
        // which the first had none. So it is looked at again, and where more would change then, which
        // takes marks that no writer leaves open, nothing is replaced. Names that are words change nothing.
        let is_safe = made.replaced == 0 || link == LinkType::Plain && !self.has_marked_names;
        if is_safe || once(&made.text).replaced == 0 {
            return made;
        }
        Replaced { text: text.to_owned(), replaced: 0, left: made.replaced + made.left }
    }

    /// Puts names in the place of terms.
    fn named(&self, text: &str) -> Replaced {
        let mut made = Replaced { text: String::with_capacity(text.len()), replaced: 0, left: 0 };
        let mut copied = 0;
        for run in plain_stretches(text) {
            made.text.push_str(text.get(copied..run.bytes.start).unwrap_or_default());
            copied = run.bytes.end;
            let stretch = names::settle(self, text, run.bytes);
            made.text.push_str(&stretch.text);
            made.replaced += stretch.replaced;
            made.left += stretch.left;
        }
        made.text.push_str(text.get(copied..).unwrap_or_default());
        made
    }

    /// Links each term that can be.
    fn link<'c>(
        &'c self,
        text: &str,
        link: LinkType,
        address: impl Fn(&'c Concept) -> Option<Cow<'c, str>>,
    ) -> Replaced {
        let literal = matches!(link, LinkType::Wiki | LinkType::Markdown);
        let stretches: Vec<Run> =
            plain_stretches(text).into_iter().filter(|run| !literal || run.kind != RunKind::Html).collect();
        let mut kinds = stretches.iter().peekable();
        self.rewrite(text, &stretches, |found, concept| {
            while kinds.next_if(|run| run.bytes.end < found.bytes.end).is_some() {}
            let in_table = kinds.peek().is_some_and(|run| run.kind == RunKind::Table);
            let written = text.get(found.bytes.clone())?;
            let (before, after) = (text.get(..found.bytes.start)?, text.get(found.bytes.end..)?);
            // A term with such a mark would open something else wherever its escape is not one.
            if written.contains(['<', '>']) || !takes_link(link, before, after) {
                return None;
            }
            match link {
                LinkType::Wiki => wiki(&concept.name, written, in_table),
                LinkType::Html => {
                    let address = address_of(&address(concept)?)?;
                    Some(format!("<a href=\"{}\">{}</a>", escape_html(&address), escape_html(written)))
                }
                LinkType::Markdown => markdown(written, &address(concept)?),
                LinkType::Plain => None,
            }
        })
    }

    /// Puts in what `write` gives for a term; what gives nothing is left.
    fn rewrite<'c>(
        &'c self,
        text: &str,
        stretches: &[Run],
        mut write: impl FnMut(&Match, &'c Concept) -> Option<String>,
    ) -> Replaced {
        let mut made = Replaced { text: String::with_capacity(text.len()), replaced: 0, left: 0 };
        let mut copied = 0;
        for found in self.find_within(text, stretches.iter().map(|run| run.bytes.clone())) {
            let Some(concept) = self.thesaurus().concept(found.concept) else { continue };
            let Some(new) = write(&found, concept) else {
                made.left += 1;
                continue;
            };
            if text.get(found.bytes.clone()) == Some(new.as_str()) {
                continue;
            }
            made.text.push_str(text.get(copied..found.bytes.start).unwrap_or_default());
            made.text.push_str(&new);
            copied = found.bytes.end;
            made.replaced += 1;
        }
        made.text.push_str(text.get(copied..).unwrap_or_default());
        made
    }
}

/// Whether a link keeps its meaning between its neighbours: a backslash would
/// escape its first mark, `!` would make an image of it, a bracket a reference.
fn takes_link(link: LinkType, before: &str, after: &str) -> bool {
    match link {
        LinkType::Html | LinkType::Plain => !before.ends_with('\\'),
        LinkType::Markdown => !before.ends_with(['\\', '!', ']']),
        LinkType::Wiki => !before.ends_with(['\\', '!', ']', '[']) && !after.starts_with(['(', '[', ']']),
    }
}

/// A wiki link, whose syntax has no way to escape its marks.
fn wiki(name: &str, written: &str, in_table: bool) -> Option<String> {
    let shown = one_line(written);
    let writable = |text: &str| {
        !text.trim().is_empty() && !text.contains(|c: char| "[]|#^<>\\`".contains(c) || c.is_control())
    };
    if !writable(name) || !writable(&shown) {
        return None;
    }
    if shown == name {
        return Some(format!("[[{name}]]"));
    }
    let bar = if in_table { "\\|" } else { "|" };
    Some(format!("[[{name}{bar}{shown}]]"))
}

fn markdown(written: &str, address: &str) -> Option<String> {
    let address = address_of(address)?;
    let mut link = String::from("[");
    for c in one_line(written).chars() {
        match c {
            // A backslash does not escape it for a run of these that stands before.
            '`' => link.push_str("&#96;"),
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&' => link.extend(['\\', c]),
            c => link.push(c),
        }
    }
    link.push_str("](");
    for c in address.chars() {
        if "()\\*_`[]|<>\"'".contains(c) { percent(&mut link, c) } else { link.push(c) }
    }
    link.push(')');
    Some(link)
}

/// An address that may stand in a document: not empty, without blanks, and not
/// one that runs as a program where it is followed.
fn address_of(address: &str) -> Option<String> {
    let address = address.trim();
    let scheme: String =
        address.chars().take_while(|c| *c != ':').filter(char::is_ascii_alphanumeric).collect();
    let runs = ["javascript", "vbscript", "data"].iter().any(|bad| scheme.eq_ignore_ascii_case(bad));
    if address.is_empty() || (runs && address.contains(':')) {
        return None;
    }
    let mut written = String::with_capacity(address.len());
    for c in address.chars() {
        if c.is_whitespace() || c.is_control() { percent(&mut written, c) } else { written.push(c) }
    }
    Some(written)
}

fn percent(out: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a string cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
}

fn escape_html(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'', '`']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '`' => escaped.push_str("&#96;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// A term as it was written, with its line ends as blanks.
fn one_line(written: &str) -> String {
    written.split_whitespace().collect::<Vec<_>>().join(" ")
}
