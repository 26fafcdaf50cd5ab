//! The blocks of a Markdown document.

use std::ops::Range;

use super::{Block, BlockKind, Layout, Run, RunKind, html};
use crate::fold::fold;

/// How deep lists are followed; deeper items count as text of the deepest.
const MAX_NESTING: usize = 64;

/// The structure of a document.
pub(crate) fn blocks(text: &str) -> Layout {
    let mut scanner = Scanner::new(text);
    let mut at = front_matter(text);
    if at > 0 {
        scanner.layout.blocks.push(Block { kind: BlockKind::FrontMatter, bytes: 0..at });
    }
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        scanner.line(at..at + length);
        at += length;
    }
    scanner.end_run();
    scanner.layout
}

/// Where the metadata at the start of a document ends.
fn front_matter(text: &str) -> usize {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lines = text.get(start..).unwrap_or_default().split_inclusive('\n');
    let Some(first) = lines.next() else { return 0 };
    let closes: &[&str] = match first.trim_end() {
        "---" => &["---", "..."],
        "+++" => &["+++"],
        _ => return 0,
    };
    let mut at = start + first.len();
    for line in lines {
        at += line.len();
        if closes.contains(&line.trim_end()) {
            return at;
        }
    }
    0
}

/// A fence that is open.
#[derive(Debug, Clone, Copy)]
struct Fence {
    mark: char,
    length: usize,
    quotes: usize,
    indent: usize,
}

struct Scanner<'t> {
    text: &'t str,
    layout: Layout,
    fence: Option<Fence>,
    html: Option<html::End>,
    /// Where the content of each enclosing list item begins, in columns.
    items: Vec<usize>,
    quotes: usize,
    /// Whether the line before was text that this one may go on with.
    in_text: bool,
    blank_before: bool,
    /// Whether the last line that was not blank was indented code.
    in_indented: bool,
    run: Option<Run>,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            layout: Layout::default(),
            fence: None,
            html: None,
            items: Vec::new(),
            quotes: 0,
            in_text: false,
            blank_before: true,
            in_indented: false,
            run: None,
        }
    }

    fn line(&mut self, bytes: Range<usize>) {
        let whole = self.text.get(bytes.clone()).unwrap_or_default();
        if whole.trim().is_empty() {
            self.blank();
            return;
        }
        let mut line = Line { text: whole, start: bytes.start, end: bytes.end, at: 0, column: 0 };
        let quotes = self.enter_quotes(&mut line);
        let indent = line.indent();
        if self.goes_on_with_fence(&line, quotes, indent) {
            self.block(self.container(quotes).unwrap_or(BlockKind::Code), &line, true);
        } else if let Some(end) = self.html {
            self.html_line(&line, quotes, end);
        } else {
            self.open(line, quotes, indent);
        }
        self.blank_before = false;
    }

    fn blank(&mut self) {
        if self.fence.is_some_and(|fence| fence.quotes > 0) {
            self.fence = None;
        }
        if self.html == Some(html::End::Blank) {
            self.html = None;
        }
        if self.html.is_none() {
            self.end_run();
        }
        if self.fence.is_none() {
            self.quotes = 0;
        }
        self.in_text = false;
        self.blank_before = true;
    }

    /// Goes over the marks of quotes; how many there are.
    fn enter_quotes(&mut self, line: &mut Line<'_>) -> usize {
        let inside_item =
            self.items.last().is_some_and(|content| self.quotes == 0 && line.indent() >= *content);
        let mut quotes = 0;
        if inside_item {
            return quotes;
        }
        loop {
            let mut next = *line;
            let indent = next.indent();
            if indent >= 4 || !next.rest().starts_with('>') || quotes >= MAX_NESTING {
                break;
            }
            next.take(1);
            if next.rest().starts_with(' ') {
                next.take(1);
            }
            next.column = 0;
            *line = next;
            quotes += 1;
        }
        quotes
    }

    fn goes_on_with_fence(&mut self, line: &Line<'_>, quotes: usize, indent: usize) -> bool {
        let Some(fence) = self.fence else { return false };
        if quotes < fence.quotes || indent < fence.indent {
            self.fence = None;
            return false;
        }
        let rest = line.rest().trim_end();
        let closes = rest.len() >= fence.length && rest.chars().all(|c| c == fence.mark);
        if closes && indent < fence.indent + 4 {
            self.fence = None;
        }
        true
    }

    fn html_line(&mut self, line: &Line<'_>, quotes: usize, end: html::End) {
        self.block(self.container(quotes).unwrap_or(BlockKind::Html), line, true);
        if end == html::End::Blank {
            self.text_line(line, RunKind::Html);
            self.in_text = false;
        } else if end.is_in(line.rest()) {
            self.html = None;
        }
    }

    /// Takes a line that does not go on with code or HTML.
    fn open(&mut self, mut line: Line<'_>, quotes: usize, mut indent: usize) {
        if quotes != self.quotes {
            let lazy = quotes < self.quotes && self.in_text && !line.opens_block();
            if !lazy {
                self.end_run();
                self.items.clear();
                self.in_text = false;
                self.quotes = quotes;
            }
        }
        let lazy = self.in_text && !line.opens_block();
        while !lazy && self.items.last().is_some_and(|content| indent < *content) {
            self.items.pop();
            // A new item, or text after the list: either ends what was open.
            self.end_run();
        }
        let mut relative = indent.saturating_sub(self.items.last().copied().unwrap_or_default());
        let mut first = true;
        while relative < 4
            && self.items.len() < MAX_NESTING
            && let Some(width) = self.item_mark(&line, first)
        {
            self.end_run();
            self.in_text = false;
            line.take(width);
            let before = line.column;
            let mut content = line;
            let blanks = content.indent() - before;
            let content_column =
                if blanks > 4 || content.rest().trim().is_empty() { before + 1 } else { content.column };
            self.items.push(content_column);
            line = content;
            indent = content.column;
            relative = indent.saturating_sub(content_column);
            first = false;
        }
        self.leaf(&line, relative);
    }

    /// The width of the list mark that the line begins with.
    fn item_mark(&self, line: &Line<'_>, first: bool) -> Option<usize> {
        let rest = line.rest();
        if is_break(rest) {
            return None;
        }
        let width = item_mark(rest)?;
        let (mark, after) = rest.split_at_checked(width)?;
        // A line of text may begin with a year and a full stop.
        let interrupts = self.in_text && self.items.is_empty() && first;
        let starts_list = width == 1 || matches!(mark, "1." | "1)");
        (!interrupts || (starts_list && !after.trim().is_empty())).then_some(width)
    }

    fn leaf(&mut self, line: &Line<'_>, relative: usize) {
        let rest = line.rest();
        let was_indented = std::mem::take(&mut self.in_indented);
        let own = |kind: BlockKind, scanner: &Self| scanner.container(scanner.quotes).unwrap_or(kind);
        if relative >= 4 && !self.in_text {
            self.end_run();
            self.block(own(BlockKind::Code, self), line, was_indented);
            self.in_indented = true;
        } else if let Some((mark, length)) = fence_mark(rest).filter(|_| relative < 4) {
            self.end_run();
            self.in_text = false;
            let indent = self.items.last().copied().unwrap_or_default();
            self.fence = Some(Fence { mark, length, quotes: self.quotes, indent });
            self.block(own(BlockKind::Code, self), line, false);
        } else if self.in_text && is_underline(rest) {
            self.end_run();
            self.in_text = false;
            self.block(own(BlockKind::Text, self), line, true);
        } else if is_break(rest) {
            self.end_run();
            self.in_text = false;
            self.block(own(BlockKind::Definition, self), line, false);
        } else if is_heading(rest) {
            self.end_run();
            self.block(own(BlockKind::Heading, self), line, false);
            self.text_line(line, RunKind::Text);
            self.end_run();
            self.in_text = false;
        } else if let Some(end) = html::block_start(rest, self.in_text) {
            self.end_run();
            self.in_text = false;
            self.block(own(BlockKind::Html, self), line, false);
            if end == html::End::Blank {
                self.text_line(line, RunKind::Html);
                self.in_text = false;
                self.html = Some(end);
            } else if !end.is_in(rest) {
                self.html = Some(end);
            }
        } else if self.definition(line) {
            self.block(own(BlockKind::Definition, self), line, false);
        } else {
            self.text(line);
        }
    }

    fn text(&mut self, line: &Line<'_>) {
        let kind = if is_property(line.rest()) { BlockKind::Definition } else { BlockKind::Text };
        if kind == BlockKind::Definition {
            self.end_run();
            self.block(self.container(self.quotes).unwrap_or(kind), line, false);
            return;
        }
        let delimiter = self.in_text && is_delimiter_row(line.rest());
        let goes_on = self.in_text;
        self.block(self.container(self.quotes).unwrap_or(kind), line, goes_on);
        if delimiter {
            if let Some(block) = self.layout.blocks.last_mut().filter(|block| block.kind == BlockKind::Text) {
                block.kind = BlockKind::Table;
            }
            if let Some(run) = &mut self.run {
                run.kind = RunKind::Table;
            }
        }
        self.text_line(line, RunKind::Text);
    }

    /// Adds a line to the run of text.
    fn text_line(&mut self, line: &Line<'_>, kind: RunKind) {
        match &mut self.run {
            Some(run) => run.bytes.end = line.end,
            None => self.run = Some(Run { bytes: line.start + line.at..line.end, kind }),
        }
        self.in_text = true;
    }

    fn end_run(&mut self) {
        self.layout.runs.extend(self.run.take());
    }

    /// What a line belongs to that stands in a list or a quote.
    fn container(&self, quotes: usize) -> Option<BlockKind> {
        if quotes > 0 || self.quotes > 0 {
            return Some(BlockKind::Quote);
        }
        (!self.items.is_empty()).then_some(BlockKind::List)
    }

    /// Adds a line to the last block if it goes on with it, else begins one.
    fn block(&mut self, kind: BlockKind, line: &Line<'_>, goes_on: bool) {
        let blank_before = self.blank_before;
        if let Some(last) = self.layout.blocks.last_mut() {
            let same = match (last.kind, kind) {
                (BlockKind::List, BlockKind::List) => true,
                (BlockKind::Quote, BlockKind::Quote) => !blank_before,
                (BlockKind::Table, BlockKind::Text) => goes_on,
                (last, kind) => last == kind && goes_on,
            };
            if same {
                last.bytes.end = line.end;
                return;
            }
        }
        self.layout.blocks.push(Block { kind, bytes: line.start..line.end });
    }

    /// Whether the line says where a label leads.
    fn definition(&mut self, line: &Line<'_>) -> bool {
        if self.in_text {
            return false;
        }
        let Some((label, after)) = line.rest().strip_prefix('[').and_then(|rest| rest.split_once("]:"))
        else {
            return false;
        };
        let defines = !label.trim().is_empty()
            && !label.contains(['[', ']'])
            && !label.starts_with('^')
            && !after.trim().is_empty();
        if defines {
            self.layout.labels.insert(fold(label.trim()));
        }
        defines
    }
}

/// A line, and how much of it was read.
#[derive(Debug, Clone, Copy)]
struct Line<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    at: usize,
    column: usize,
}

impl<'t> Line<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes over blanks; the column of what follows.
    fn indent(&mut self) -> usize {
        for byte in self.rest().bytes() {
            match byte {
                b' ' => self.column += 1,
                b'\t' => self.column += 4 - self.column % 4,
                _ => break,
            }
            self.at += 1;
        }
        self.column
    }

    /// Goes over so many bytes that are no tabs.
    fn take(&mut self, bytes: usize) {
        self.at += bytes;
        self.column += bytes;
    }

    /// Whether it begins a block even after a line of text.
    fn opens_block(&self) -> bool {
        let rest = self.rest().trim_start();
        let opens = rest.starts_with('>') || item_mark(rest).is_some();
        opens || is_heading(rest) || fence_mark(rest).is_some() || is_break(rest)
    }
}

/// The width of a list mark, whatever stands around the line.
fn item_mark(rest: &str) -> Option<usize> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let width = match rest.as_bytes().get(digits).copied()? {
        b'-' | b'+' | b'*' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let after = rest.get(width..)?;
    (after.is_empty() || after.starts_with([' ', '\t', '\n', '\r'])).then_some(width)
}

/// The mark and the length of an opening fence.
fn fence_mark(rest: &str) -> Option<(char, usize)> {
    let mark = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = rest.trim_start_matches(mark);
    let length = rest.len() - info.len();
    (length >= 3 && (mark == '~' || !info.contains('`'))).then_some((mark, length))
}

fn is_heading(rest: &str) -> bool {
    let after = rest.trim_start_matches('#');
    (1..=6).contains(&(rest.len() - after.len()))
        && (after.is_empty() || after.starts_with([' ', '\t', '\n', '\r']))
}

/// Whether the line is a rule between blocks.
fn is_break(rest: &str) -> bool {
    let Some(mark) = rest.chars().next().filter(|c| matches!(c, '-' | '*' | '_')) else { return false };
    rest.chars().all(|c| c == mark || c.is_ascii_whitespace()) && rest.matches(mark).count() >= 3
}

/// Whether the line makes a heading of the text before it.
fn is_underline(rest: &str) -> bool {
    let marks = rest.trim();
    !marks.is_empty() && (marks.bytes().all(|mark| mark == b'=') || marks.bytes().all(|mark| mark == b'-'))
}

/// Whether the line divides a table's head from its rows.
fn is_delimiter_row(rest: &str) -> bool {
    rest.contains('|') && rest.contains('-') && rest.trim().bytes().all(|byte| b"|:- \t".contains(&byte))
}

/// Whether the line is a property such as `synonyms:: a, b`.
fn is_property(rest: &str) -> bool {
    let Some((key, value)) = rest.split_once("::") else { return false };
    let key = key.trim();
    let in_key = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !key.is_empty()
        && key.chars().all(in_key)
        && (value.is_empty() || !value.starts_with(in_key) || key.eq_ignore_ascii_case("synonyms"))
}
