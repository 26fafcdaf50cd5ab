//! The blocks of a Markdown text and the words around them.
//!
//! It follows CommonMark's rules for blocks and reads nothing within
//! paragraphs, but for the elements of `tags.rs`, which it knows at the text's own level. Each line is looked at once, within at most 64 quotes and list
//! items, so that the work is linear in the text; what is nested deeper is text.

use std::{collections::HashMap, ops::Range};

use crate::{
    cursor::Cursor,
    starts::{self, HtmlEnd},
    tags::{self, Element, Holds},
};

/// Deepest nesting of quotes and list items.
const MAX_DEPTH: usize = 64;

/// A code block as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// None for one without fences.
    pub(crate) info: Option<String>,
    /// The element around it.
    pub(crate) element: Option<Element>,
    /// Whether the element's tags stand in the place of fences.
    pub(crate) is_tagged: bool,
    /// The code, without the indentation of what it stands in; each line ends with a line feed.
    pub(crate) code: String,
    /// The bytes of all its lines, fences included.
    pub(crate) bytes: Range<usize>,
    /// Its first and last line, from 1, fences included.
    pub(crate) lines: (usize, usize),
    /// The line of its first line of code.
    pub(crate) code_line: usize,
    /// Whether it has a closing fence.
    pub(crate) is_closed: bool,
    pub(crate) in_quote: bool,
    pub(crate) in_item: bool,
}

/// One thing of a text, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A paragraph, without what its containers put before its lines.
    Prose(String),
    Heading(String),
    /// The summary of details that begin here, or nothing where they end.
    Summary(String),
    Code(Found),
}

/// Everything of a text in order, and the steps that it took.
pub(crate) fn scan(text: &str) -> (Vec<Piece>, u64) {
    let mut scanner =
        Scanner { closings: tags::closings(text), steps: text.len() as u64, ..Scanner::default() };
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        scanner.tagged_line(bare, index + 1, &(start..end));
        start = end;
    }
    scanner.close_leaf(false);
    (scanner.pieces, scanner.steps)
}

#[derive(Debug, Clone, Copy)]
enum Container {
    Quote,
    /// A list item: how far its content is indented, and whether it has none yet.
    Item {
        indent: usize,
        is_empty: bool,
    },
}

#[derive(Debug, Default)]
enum Leaf {
    #[default]
    None,
    Paragraph(String),
    Fence {
        mark: u8,
        length: usize,
        indent: usize,
        block: Found,
    },
    /// An indented block, with the lines of white space that may still belong to it.
    Indented {
        block: Found,
        blanks: String,
    },
    Html(HtmlEnd),
    /// Code between the tags of an element.
    Tagged(Found),
}

/// A line on its way through the containers.
struct Line<'t> {
    cursor: Cursor<'t>,
    number: usize,
    bytes: Range<usize>,
}

#[derive(Debug, Default)]
struct Scanner {
    /// The element that is open, and the last line on which each is closed.
    element: Option<Element>,
    closings: HashMap<&'static str, usize>,
    /// Pieces that are known to be thoughts or to stand behind them.
    settled: usize,
    containers: Vec<Container>,
    leaf: Leaf,
    pieces: Vec<Piece>,
    steps: u64,
}

impl Scanner {
    /// A line with the tags of elements that begin and end on it.
    fn tagged_line(&mut self, mut text: &str, number: usize, bytes: &Range<usize>) {
        self.steps += text.len() as u64;
        loop {
            let length = text.len();
            if let Some(open) = self.element {
                let Some((at, end)) = tags::closing(text, open.name) else { break };
                let (inside, behind) =
                    (text.get(..at).unwrap_or_default(), text.get(end..).unwrap_or_default());
                if !inside.trim().is_empty() {
                    self.line(inside, number, bytes.clone());
                }
                self.close_element(number, bytes.end);
                let ends_block =
                    |piece: &Piece| matches!(piece, Piece::Code(found) if found.lines.1 == number);
                if self.pieces.last().is_some_and(ends_block) {
                    // No two blocks share a line.
                    if !behind.trim().is_empty() {
                        self.leaf = Leaf::Paragraph(behind.trim().to_owned());
                    }
                    return;
                }
                text = behind;
            } else if let Some(opening) = self.opening(text, number) {
                self.keep(0);
                self.close_leaf(false);
                self.element = Some(opening.element);
                if let Holds::Code(_) = opening.element.holds {
                    let is_blank = opening.rest.trim().is_empty();
                    let mut block = self.found_at(number, bytes, None, number + usize::from(is_blank));
                    block.is_tagged = true;
                    self.leaf = Leaf::Tagged(block);
                }
                text = opening.rest;
            } else if let Some(behind) = self.ends_thoughts(text) {
                self.all_were_thoughts();
                text = behind;
            } else {
                break;
            }
            // What was read is behind it; the rest is looked at again from there.
            self.steps += (length - text.len()) as u64 + 1;
            if text.trim().is_empty() {
                return;
            }
        }
        self.line(text, number, bytes.clone());
    }

    /// The element that a line opens where it stands at the text's own level. One that is never closed is
    /// none, but for thoughts that the end of the text cuts off.
    fn opening<'t>(&self, text: &'t str, number: usize) -> Option<tags::Opening<'t>> {
        let is_text = matches!(self.leaf, Leaf::None | Leaf::Paragraph(_) | Leaf::Html(HtmlEnd::Blank));
        let is_indented = Cursor::new(text).indent(4) == 4;
        if is_indented || !(is_text || matches!(self.leaf, Leaf::Indented { .. })) {
            return None;
        }
        let opening = tags::opening(text.trim_start_matches([' ', '\t']))?;
        let is_closed = self.closings.get(opening.element.name).is_some_and(|last| *last >= number);
        let is_cut = opening.element.holds == Holds::Thoughts;
        // `<code>x</code> is a name`: words that begin with a tag.
        let is_inline = matches!(opening.element.holds, Holds::Code(_) | Holds::Output)
            && tags::closing(opening.rest, opening.element.name)
                .is_some_and(|(_, end)| opening.rest.get(end..).is_some_and(|rest| !rest.trim().is_empty()));
        ((is_closed || is_cut) && !is_inline).then_some(opening)
    }

    /// Ends the open element on a line; what is open in it ends on the line before.
    fn close_element(&mut self, number: usize, end: usize) {
        if let Leaf::Tagged(block) = &mut self.leaf {
            block.lines.1 = number;
            block.bytes.end = end;
            self.close_leaf(true);
        }
        self.keep(0);
        self.close_leaf(false);
        self.element = None;
    }

    fn ends_thoughts<'t>(&self, text: &'t str) -> Option<&'t str> {
        let is_text = matches!(self.leaf, Leaf::None | Leaf::Paragraph(_) | Leaf::Html(HtmlEnd::Blank));
        if is_text { tags::ends_thoughts(text.trim_start_matches([' ', '\t'])) } else { None }
    }

    /// Thoughts end whose opening tag is not in the text: everything up to here was one.
    fn all_were_thoughts(&mut self) {
        self.leaf = Leaf::None;
        self.containers.clear();
        let thoughts = tags::opening("<think>").map(|opening| opening.element);
        let new = self.pieces.split_off(self.settled.min(self.pieces.len()));
        self.pieces.extend(new.into_iter().filter_map(|piece| match piece {
            Piece::Code(found) => Some(Piece::Code(Found { element: thoughts, ..found })),
            Piece::Prose(_) | Piece::Heading(_) | Piece::Summary(_) => None,
        }));
        self.settled = self.pieces.len();
    }

    fn line(&mut self, text: &str, number: usize, bytes: Range<usize>) {
        self.steps += bytes.len() as u64 + 1;
        let mut line = Line { cursor: Cursor::new(text), number, bytes };
        let matched = self.matched(&mut line.cursor);
        let all = matched == self.containers.len();
        if all && self.goes_on(&mut line) {
            return;
        }
        self.begin(line, matched);
    }

    /// How many of the open containers the line goes on in; the cursor stands behind them.
    fn matched(&mut self, cursor: &mut Cursor<'_>) -> usize {
        for (index, container) in self.containers.iter_mut().enumerate() {
            self.steps += 1;
            match container {
                Container::Quote => {
                    if !cursor.take_quote() {
                        return index;
                    }
                }
                Container::Item { indent, is_empty } => {
                    if cursor.is_blank() {
                        self.steps += cursor.rest().len() as u64;
                        if *is_empty {
                            return index;
                        }
                        cursor.take_blanks(*indent);
                    } else if cursor.indent(*indent) >= *indent {
                        cursor.take_blanks(*indent);
                        *is_empty = false;
                    } else {
                        return index;
                    }
                }
            }
        }
        self.containers.len()
    }

    /// Whether the line belongs to the fence or the HTML that is open, and adds it there.
    fn goes_on(&mut self, line: &mut Line<'_>) -> bool {
        match &mut self.leaf {
            Leaf::Fence { mark, length, indent, block } => {
                let (mark, length, indent) = (*mark, *length, *indent);
                let mut closing = line.cursor.clone();
                let is_closing = line.cursor.indent(4) < 4 && {
                    closing.take_blanks(3);
                    starts::closes(closing.rest(), mark, length)
                };
                block.lines.1 = line.number;
                block.bytes.end = line.bytes.end;
                if is_closing {
                    self.close_leaf(true);
                } else {
                    line.cursor.take_blanks(indent);
                    line.cursor.push_rest(&mut block.code);
                    block.code.push('\n');
                }
                true
            }
            Leaf::Html(end) => {
                let ends_here = match end {
                    HtmlEnd::Blank => line.cursor.is_blank(),
                    HtmlEnd::Text(_) => end.is_in(line.cursor.rest()),
                };
                if ends_here {
                    self.leaf = Leaf::None;
                }
                self.summary(line.cursor.rest());
                true
            }
            Leaf::Tagged(block) => {
                let rest = line.cursor.rest();
                let is_first = block.code.trim().is_empty();
                if is_first && starts::fence(rest.trim_start_matches([' ', '\t'])).is_some() {
                    // The element is around a fence: that is the block.
                    self.leaf = Leaf::None;
                    return false;
                }
                block.code.push_str(rest);
                block.code.push('\n');
                block.lines.1 = line.number;
                block.bytes.end = line.bytes.end;
                true
            }
            Leaf::Indented { blanks, .. } if line.cursor.is_blank() => {
                line.cursor.take_blanks(4);
                line.cursor.push_rest(blanks);
                blanks.push('\n');
                true
            }
            Leaf::Indented { block, blanks } if line.cursor.indent(4) == 4 => {
                line.cursor.take_blanks(4);
                block.code.push_str(blanks);
                blanks.clear();
                line.cursor.push_rest(&mut block.code);
                block.code.push('\n');
                block.lines.1 = line.number;
                block.bytes.end = line.bytes.end;
                true
            }
            _ => false,
        }
    }

    /// Reads what begins on the line behind the containers that it goes on in.
    fn begin(&mut self, mut line: Line<'_>, matched: usize) {
        let mut all = matched == self.containers.len();
        // Where no container went on, a paragraph within may still do so.
        let mut kept = matched;
        loop {
            self.steps += line.cursor.rest().len() as u64;
            let in_paragraph = matches!(self.leaf, Leaf::Paragraph(_));
            let (indent, rest) = (line.cursor.indent(4), line.cursor.rest().trim_start_matches([' ', '\t']));
            if rest.is_empty() {
                self.keep(kept);
                self.close_leaf(false);
                return;
            }
            if indent == 4 {
                if in_paragraph {
                    return self.text(&line, kept);
                }
                self.keep(kept);
                return self.open_indented(line);
            }
            let interrupts = all && in_paragraph;
            if rest.starts_with('>') && kept < MAX_DEPTH {
                self.keep(kept);
                self.close_leaf(false);
                line.cursor.take_quote();
                self.containers.push(Container::Quote);
            } else if self.is_leaf_start(&line, rest, kept, interrupts, in_paragraph) {
                return;
            } else if let Some((length, may_interrupt)) = starts::marker(rest)
                && (!interrupts || may_interrupt)
                && kept < MAX_DEPTH
            {
                self.keep(kept);
                self.close_leaf(false);
                self.open_item(&mut line.cursor, indent, length);
            } else {
                return self.text(&line, kept);
            }
            kept = self.containers.len();
            all = true;
        }
    }

    /// Whether the line is a heading, a fence, HTML or a rule, and takes it as such.
    fn is_leaf_start(
        &mut self,
        line: &Line<'_>,
        rest: &str,
        kept: usize,
        interrupts: bool,
        in_paragraph: bool,
    ) -> bool {
        if let Some(text) = starts::heading(rest) {
            self.keep(kept);
            self.close_leaf(false);
            if self.element.is_none() {
                self.pieces.push(Piece::Heading(text.to_owned()));
            }
        } else if let Some(opening) = starts::fence(rest) {
            self.keep(kept);
            self.close_leaf(false);
            let block = self.found(line, Some(opening.info.to_owned()), line.number + 1);
            let indent = line.cursor.indent(3);
            self.leaf = Leaf::Fence { mark: opening.mark, length: opening.length, indent, block };
        } else if let Some(end) = starts::html(rest, in_paragraph) {
            self.keep(kept);
            self.close_leaf(false);
            self.summary(rest);
            if !end.is_in(rest) {
                self.leaf = Leaf::Html(end);
            }
        } else if interrupts && starts::is_underline(rest) {
            if let Leaf::Paragraph(text) = std::mem::take(&mut self.leaf)
                && self.element.is_none()
            {
                self.pieces.push(Piece::Heading(text.trim().to_owned()));
            }
        } else if starts::is_rule(rest) {
            self.keep(kept);
            self.close_leaf(false);
        } else {
            return false;
        }
        true
    }

    /// Takes what a line of HTML says of details.
    fn summary(&mut self, line: &str) {
        self.steps += line.len() as u64;
        if self.element.is_none() {
            self.pieces.extend(starts::summary(line).map(|text| Piece::Summary(text.to_owned())));
        }
    }

    /// A line of a paragraph: of the one that is open, if only with a container left out, or of a new one.
    fn text(&mut self, line: &Line<'_>, kept: usize) {
        if let Leaf::Paragraph(text) = &mut self.leaf {
            // A line that leaves containers out is a lazy one: the paragraph stays where it is.
            text.push('\n');
            text.push_str(line.cursor.rest().trim());
            return;
        }
        self.keep(kept);
        self.close_leaf(false);
        self.leaf = Leaf::Paragraph(line.cursor.rest().trim().to_owned());
    }

    fn open_indented(&mut self, mut line: Line<'_>) {
        self.close_leaf(false);
        let mut block = self.found(&line, None, line.number);
        line.cursor.take_blanks(4);
        line.cursor.push_rest(&mut block.code);
        block.code.push('\n');
        self.leaf = Leaf::Indented { block, blanks: String::new() };
    }

    fn open_item(&mut self, cursor: &mut Cursor<'_>, indent: usize, length: usize) {
        cursor.take_blanks(indent);
        cursor.take(length);
        let is_empty = cursor.is_blank();
        let blanks = cursor.indent(5);
        let padding = if is_empty || blanks == 5 { 1 } else { blanks };
        cursor.take_blanks(padding);
        self.containers.push(Container::Item { indent: indent + length + padding, is_empty });
    }

    fn found(&self, line: &Line<'_>, info: Option<String>, code_line: usize) -> Found {
        self.found_at(line.number, &line.bytes, info, code_line)
    }

    fn found_at(&self, number: usize, bytes: &Range<usize>, info: Option<String>, code_line: usize) -> Found {
        let within = |wanted: fn(&Container) -> bool| self.containers.iter().any(wanted);
        Found {
            info,
            element: self.element,
            is_tagged: false,
            code: String::new(),
            bytes: bytes.clone(),
            lines: (number, number),
            code_line,
            is_closed: false,
            in_quote: within(|container| matches!(container, Container::Quote)),
            in_item: within(|container| matches!(container, Container::Item { .. })),
        }
    }

    /// Closes all containers but the first so many, with what is open in them.
    fn keep(&mut self, count: usize) {
        if count < self.containers.len() {
            self.close_leaf(false);
            self.containers.truncate(count);
        }
    }

    fn close_leaf(&mut self, is_closed: bool) {
        match std::mem::take(&mut self.leaf) {
            Leaf::None | Leaf::Html(_) => {}
            // What was thought or given says nothing of the blocks around it.
            Leaf::Paragraph(text) => {
                if !self
                    .element
                    .is_some_and(|element| matches!(element.holds, Holds::Thoughts | Holds::Output))
                {
                    self.pieces.push(Piece::Prose(text));
                }
            }
            Leaf::Tagged(block) => {
                if !block.code.trim().is_empty() {
                    self.pieces.push(Piece::Code(Found { is_closed, ..block }));
                }
            }
            Leaf::Fence { block, .. } => self.pieces.push(Piece::Code(Found { is_closed, ..block })),
            Leaf::Indented { block, .. } => self.pieces.push(Piece::Code(Found { is_closed: true, ..block })),
        }
    }
}
