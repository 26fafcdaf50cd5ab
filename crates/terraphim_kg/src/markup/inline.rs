//! The markup inside a run of text: code, links, addresses, tags.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::html;
use crate::fold::fold;

/// How deep parentheses may be nested in an address.
const MAX_PARENTHESES: usize = 32;

/// Longest label of a link.
const MAX_LABEL_BYTES: usize = 1_000;

/// Reads runs of one document, in order.
pub(super) struct Reader<'t> {
    text: &'t str,
    labels: &'t HashSet<String>,
    /// What is known to come no more from a position on, so that it is not looked for again.
    gone: HashMap<&'static str, usize>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, labels: &'t HashSet<String>) -> Self {
        Self { text, labels, gone: HashMap::new() }
    }

    /// The spans of a run that are not plain text, in order and apart; the last
    /// may end after the run.
    pub(super) fn protected(&mut self, run: Range<usize>) -> Vec<Range<usize>> {
        let ticks = Ticks::new(self.text, run.clone());
        let mut pass =
            Pass { reader: self, run: run.clone(), ticks, spans: Vec::new(), brackets: Vec::new() };
        let mut at = run.start;
        while at < run.end {
            at = pass.step(at).max(at + 1);
        }
        let mut spans = pass.spans;
        spans.sort_unstable_by_key(|span| (span.start, span.end));
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => merged.push(span),
            }
        }
        merged
    }

    /// Where a text ends that is looked for between two positions, whatever its case.
    fn find(&mut self, wanted: &'static str, from: usize, to: usize) -> Option<usize> {
        if self.gone.get(wanted).is_some_and(|gone| from >= *gone) {
            return None;
        }
        let bytes = self.text.as_bytes();
        let found = bytes
            .get(from..to)?
            .windows(wanted.len())
            .position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()));
        match found {
            Some(at) => Some(from + at + wanted.len()),
            None => {
                if to == self.text.len() {
                    self.gone.insert(wanted, from);
                }
                None
            }
        }
    }
}

/// The runs of backticks, and which of them belong together.
struct Ticks {
    /// Start of each with the end of the span that it opens.
    closes: HashMap<usize, usize>,
}

impl Ticks {
    fn new(text: &str, run: Range<usize>) -> Self {
        let bytes = text.as_bytes().get(run.clone()).unwrap_or_default();
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'`') {
            match runs.last_mut() {
                Some(last) if last.end == run.start + at => last.end += 1,
                _ => runs.push(run.start + at..run.start + at + 1),
            }
        }
        let mut next: HashMap<usize, usize> = HashMap::new();
        let mut closes = HashMap::new();
        for ticks in runs.iter().rev() {
            if let Some(end) = next.insert(ticks.len(), ticks.end) {
                closes.insert(ticks.start, end);
            }
        }
        Self { closes }
    }
}

struct Pass<'r, 't> {
    reader: &'r mut Reader<'t>,
    run: Range<usize>,
    ticks: Ticks,
    spans: Vec<Range<usize>>,
    /// Brackets that are open.
    brackets: Vec<usize>,
}

impl<'t> Pass<'_, 't> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.reader.text.as_bytes().get(at).copied().filter(|_| at < self.run.end)
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.reader.text.get(from..to).unwrap_or_default()
    }

    fn rest(&self, at: usize) -> &'t str {
        self.slice(at, self.run.end)
    }

    /// Notes a span; where to go on.
    fn keep(&mut self, span: Range<usize>) -> usize {
        let end = span.end;
        self.spans.push(span);
        end
    }

    /// Reads what stands at a position; where to go on.
    fn step(&mut self, at: usize) -> usize {
        match self.byte(at) {
            Some(b'\\') if self.byte(at + 1).is_some_and(|next| next.is_ascii_punctuation()) => {
                self.keep(at..at + 2)
            }
            Some(b'`') => match self.ticks.closes.get(&at).copied() {
                Some(end) => self.keep(at..end),
                None => at + self.rest(at).bytes().take_while(|byte| *byte == b'`').count(),
            },
            Some(b'<') => self.angle(at),
            Some(b'[') => self.open_bracket(at),
            Some(b']') => self.close_bracket(at),
            Some(b':') => self.address(at),
            Some(b'@') => self.mail(at),
            Some(b'w' | b'W') => self.www(at),
            _ => at + 1,
        }
    }

    fn angle(&mut self, at: usize) -> usize {
        let rest = self.rest(at);
        for (opens, closes) in [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>")] {
            if rest.starts_with(opens) {
                return match self.reader.find(closes, at + opens.len(), self.run.end) {
                    Some(end) => self.keep(at..end),
                    // Letters that are changed in it would end what it may begin.
                    None => self.keep(at..at + opens.len()),
                };
            }
        }
        if let Some(length) = html::tag_length(rest) {
            return self.tag(at, length);
        }
        // What stands in angle brackets without a blank is an address or a declaration.
        let inside = rest.get(1..).unwrap_or_default();
        let end = inside.find(|c: char| c == '<' || c == '>' || c.is_whitespace());
        let closed = end.filter(|end| *end > 0 && inside.as_bytes().get(*end) == Some(&b'>'));
        match closed {
            Some(end) if inside.get(..end).is_some_and(|inside| inside.contains([':', '@', '!'])) => {
                self.keep(at..at + end + 2)
            }
            _ => at + 1,
        }
    }

    /// Keeps a tag, and what stands in it where that is not to be touched.
    fn tag(&mut self, at: usize, length: usize) -> usize {
        let end = at + length;
        let name = html::tag_name(self.slice(at + 1, end)).to_ascii_lowercase();
        let kept = html::KEPT.iter().find(|kept| **kept == name);
        if let Some(name) = kept.filter(|_| !self.slice(at, end).ends_with("/>")) {
            // The content of these may hold blank lines.
            let (closing, to) = match *name {
                "script" => ("</script>", self.reader.text.len()),
                "style" => ("</style>", self.reader.text.len()),
                "pre" => ("</pre>", self.reader.text.len()),
                "textarea" => ("</textarea>", self.reader.text.len()),
                "a" => ("</a>", self.run.end),
                "button" => ("</button>", self.run.end),
                "code" => ("</code>", self.run.end),
                "kbd" => ("</kbd>", self.run.end),
                "math" => ("</math>", self.run.end),
                "option" => ("</option>", self.run.end),
                "samp" => ("</samp>", self.run.end),
                "svg" => ("</svg>", self.run.end),
                _ => ("</title>", self.run.end),
            };
            if let Some(closed) = self.reader.find(closing, end, to) {
                return self.keep(at..closed);
            }
        }
        self.keep(at..end)
    }

    fn open_bracket(&mut self, at: usize) -> usize {
        if self.byte(at + 1) == Some(b'[') {
            let inside = self.rest(at + 2);
            let end = inside.find(['[', ']', '\n']).filter(|end| *end > 0);
            if let Some(end) = end.filter(|end| inside.get(*end..).is_some_and(|rest| rest.starts_with("]]")))
            {
                return self.keep(at..at + 2 + end + 2);
            }
        }
        self.brackets.push(at);
        at + 1
    }

    fn close_bracket(&mut self, at: usize) -> usize {
        let Some(open) = self.brackets.pop() else { return at + 1 };
        let end = match self.byte(at + 1) {
            Some(b'(') => self.destination(at + 2),
            Some(b'[') => self.label(at + 2),
            _ => None,
        };
        if let Some(end) = end {
            return self.keep(open..end);
        }
        let label = self.slice(open + 1, at);
        let known = label.starts_with('^')
            || (label.len() <= MAX_LABEL_BYTES
                && !self.reader.labels.is_empty()
                && self.reader.labels.contains(&fold(label.trim())));
        if known { self.keep(open..at + 1) } else { at + 1 }
    }

    /// Where the second part of a link ends that begins after its parenthesis.
    fn destination(&mut self, from: usize) -> Option<usize> {
        let mut at = self.blanks(from);
        if self.byte(at) == Some(b'<') {
            let inside = self.rest(at + 1);
            let end = inside.find(['<', '>', '\n'])?;
            (inside.as_bytes().get(end) == Some(&b'>')).then_some(())?;
            at += end + 2;
        } else {
            let mut depth = 0;
            while let Some(byte) = self.byte(at) {
                match byte {
                    b'\\' if self.byte(at + 1).is_some_and(|next| next.is_ascii_punctuation()) => at += 1,
                    b'(' if depth == MAX_PARENTHESES => return None,
                    b'(' => depth += 1,
                    b')' if depth == 0 => break,
                    b')' => depth -= 1,
                    byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => break,
                    _ => {}
                }
                at += 1;
            }
            if depth > 0 {
                return None;
            }
        }
        at = self.blanks(at);
        let quote = match self.byte(at)? {
            b')' => return Some(at + 1),
            b'"' => "\"",
            b'\'' => "'",
            b'(' => ")",
            _ => return None,
        };
        let end = self.reader.find(quote, at + 1, self.run.end)?;
        let end = self.blanks(end);
        (self.byte(end)? == b')').then_some(end + 1)
    }

    fn blanks(&self, from: usize) -> usize {
        from + self.rest(from).bytes().take_while(u8::is_ascii_whitespace).count()
    }

    /// Where the label ends that begins after its bracket.
    fn label(&self, from: usize) -> Option<usize> {
        let rest = self.rest(from);
        let end = rest.bytes().take(MAX_LABEL_BYTES).position(|byte| matches!(byte, b'[' | b']'))?;
        (rest.as_bytes().get(end) == Some(&b']')).then_some(from + end + 1)
    }

    /// An address that has its colon here.
    fn address(&mut self, at: usize) -> usize {
        let before = self.slice(self.run.start, at);
        let scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
        let start = at - before.bytes().rev().take_while(|byte| scheme(char::from(*byte))).count();
        let name = self.slice(start, at);
        let slashes = self.rest(at).starts_with("://");
        let known =
            ["mailto", "tel", "doi", "urn", "data"].iter().any(|known| name.eq_ignore_ascii_case(known));
        if name.is_empty() || !(slashes || known) {
            return at + 1;
        }
        let end = self.address_end(at + if slashes { 3 } else { 1 });
        if end > at + 1 { self.keep(start..end) } else { at + 1 }
    }

    fn www(&mut self, at: usize) -> usize {
        let rest = self.rest(at);
        let begins = rest.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("www."));
        // Also behind a letter: it might become a link, and the address would then begin here.
        if !begins {
            return at + 1;
        }
        let end = self.address_end(at + 4);
        self.keep(at..end)
    }

    /// Where the address ends that has begun; punctuation at its end is not part of it.
    fn address_end(&self, from: usize) -> usize {
        let (mut round, mut square) = (0_usize, 0_usize);
        let mut end = from;
        for c in self.rest(from).chars() {
            let stops = match c {
                '<' | '>' | '"' | '`' | '|' | '\\' => true,
                '(' => {
                    round += 1;
                    false
                }
                '[' => {
                    square += 1;
                    false
                }
                ')' => round.checked_sub(1).map(|less| round = less).is_none(),
                ']' => square.checked_sub(1).map(|less| square = less).is_none(),
                c => c.is_whitespace() || c.is_control(),
            };
            if stops {
                break;
            }
            end += c.len_utf8();
        }
        let address = self.slice(from, end);
        let punctuation = ['?', '!', '.', ',', ':', ';', '*', '_', '~', '\''];
        from + address.trim_end_matches(punctuation).len()
    }

    /// A mail address that has its sign here.
    fn mail(&mut self, at: usize) -> usize {
        let local = |c: &char| c.is_alphanumeric() || "._%+-".contains(*c);
        let before: usize =
            self.slice(self.run.start, at).chars().rev().take_while(local).map(char::len_utf8).sum();
        let domain = |c: &char| c.is_alphanumeric() || *c == '.' || *c == '-';
        let after: usize = self.rest(at + 1).chars().take_while(domain).map(char::len_utf8).sum();
        if before == 0 || after == 0 {
            return at + 1;
        }
        self.keep(at - before..at + 1 + after)
    }
}
