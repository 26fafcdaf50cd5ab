//! Words and signs of code, without comments and strings, but with what strings hold of code.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Sign,
    /// A string, of which nothing is kept.
    Text,
}

/// A word or a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) kind: Kind,
    /// Brackets that are open around it; a bracket itself stands outside.
    pub(super) depth: usize,
    /// Whether it is the first of its line, and whether that is indented.
    pub(super) begins_line: bool,
    pub(super) is_indented: bool,
}

/// Words that name nothing.
const KEYWORDS: &[&str] = &[
    "await",
    "yield",
    "if",
    "else",
    "elif",
    "while",
    "not",
    "and",
    "or",
    "is",
    "None",
    "True",
    "False",
    "try",
    "pass",
    "new",
    "typeof",
    "instanceof",
    "this",
    "null",
    "undefined",
    "true",
    "false",
    "do",
    "switch",
    "case",
    "break",
    "continue",
    "throw",
    "raise",
    "void",
    "delete",
    "pub",
    "self",
    "match",
    "loop",
];

struct Lexer<'t> {
    code: &'t str,
    at: usize,
    tokens: Vec<Token<'t>>,
    depth: usize,
    line_start: bool,
    is_indented: bool,
}

impl<'t> Lexer<'t> {
    fn new(code: &'t str) -> Self {
        Self { code, at: 0, tokens: Vec::new(), depth: 0, line_start: true, is_indented: false }
    }

    fn rest(&self) -> &'t str {
        self.code.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, length: usize, kind: Kind) {
        let text = self.rest().get(..length).unwrap_or_default();
        self.at += length.max(1);
        if kind == Kind::Word && KEYWORDS.contains(&text) {
            self.line_start = false;
            return;
        }
        if matches!(text, ")" | "]" | "}") {
            self.depth = self.depth.saturating_sub(1);
        }
        let token = Token {
            text,
            kind,
            depth: self.depth,
            begins_line: self.line_start,
            is_indented: self.is_indented,
        };
        self.tokens.push(token);
        self.line_start = false;
        if matches!(text, "(" | "[" | "{") {
            self.depth += 1;
        }
    }

    /// Blanks and line ends; whether there were some.
    fn blanks(&mut self) -> bool {
        let rest = self.rest();
        let Some(c) = rest.chars().next().filter(|c| c.is_whitespace()) else { return false };
        if c == '\n' {
            self.line_start = true;
            self.is_indented = rest.get(1..).is_some_and(|next| next.starts_with([' ', '\t']));
        }
        self.at += c.len_utf8();
        true
    }

    /// A word, a number or a sign.
    fn plain(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        if first.is_alphabetic() || matches!(first, '_' | '$' | '#') {
            let length = rest.find(|c: char| !is_word(c) && c != '#').unwrap_or(rest.len());
            let kind = if length > 0 { Kind::Word } else { Kind::Sign };
            return self.push(length.max(first.len_utf8()), kind);
        }
        if first.is_ascii_digit() {
            return self.push(rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()), Kind::Text);
        }
        let sign = [
            "===", "!==", "=>", "==", "!=", "<=", ">=", ":=", "::", "+=", "-=", "*=", "/=", "%=", "|=", "&=",
            "^=",
        ];
        let length =
            sign.iter().find(|sign| rest.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len());
        self.push(length, Kind::Sign);
    }

    fn skip_to(&mut self, end: &str) {
        let rest = self.rest();
        self.at += rest.find(end).map_or(rest.len(), |at| at + end.len());
    }

    /// A string from its quote on, which ends with the line if it does not before.
    fn string(&mut self, quote: char) {
        self.push(1, Kind::Text);
        let mut escaped = false;
        for (at, c) in self.rest().char_indices() {
            if c == '\n' || c == quote && !escaped {
                self.at += at + usize::from(c == quote);
                return;
            }
            escaped = c == '\\' && !escaped;
        }
        self.at = self.code.len();
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The tokens of TypeScript, JavaScript or Rust.
pub(super) fn braces(code: &str, is_rust: bool) -> Vec<Token<'_>> {
    let mut lexer = Lexer::new(code);
    // The depths of the braces at which the text of a template goes on.
    let mut templates: Vec<usize> = Vec::new();
    while lexer.at < code.len() {
        let rest = lexer.rest();
        if lexer.blanks() {
            continue;
        }
        if rest.starts_with("//") {
            lexer.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            lexer.skip_to("*/");
        } else if rest.starts_with('"') || rest.starts_with('\'') && !is_rust {
            let quote = if rest.starts_with('"') { '"' } else { '\'' };
            lexer.string(quote);
        } else if rest.starts_with('\'') {
            // A character, or the name of a lifetime.
            let inner = rest.get(1..).unwrap_or_default();
            let one = inner.chars().next().map_or(0, |c| if c == '\\' { 2 } else { c.len_utf8() });
            let is_char = inner.get(one..).is_some_and(|rest| rest.starts_with('\''));
            lexer.at += if is_char { one + 2 } else { 1 };
        } else if rest.starts_with('`') && !is_rust {
            lexer.push(1, Kind::Text);
            template(&mut lexer, &mut templates);
        } else if rest.starts_with('}') && templates.last() == Some(&lexer.depth) {
            templates.pop();
            lexer.push(1, Kind::Sign);
            template(&mut lexer, &mut templates);
        } else {
            lexer.plain();
        }
    }
    lexer.tokens
}

/// The text of a template up to its end, or to the next code in it.
fn template(lexer: &mut Lexer<'_>, templates: &mut Vec<usize>) {
    let rest = lexer.rest();
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        if c == '`' && !escaped {
            lexer.at += at + 1;
            return;
        }
        if c == '$' && !escaped && rest.get(at + 1..).is_some_and(|next| next.starts_with('{')) {
            lexer.at += at + 1;
            lexer.push(1, Kind::Sign);
            templates.push(lexer.depth);
            return;
        }
        escaped = c == '\\' && !escaped;
    }
    lexer.at = lexer.code.len();
}

/// The tokens of Python.
pub(super) fn python(code: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer::new(code);
    while lexer.at < code.len() {
        let rest = lexer.rest();
        if lexer.blanks() {
            continue;
        }
        if rest.starts_with('#') {
            lexer.at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let prefix = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let quoted = rest.get(prefix..).unwrap_or_default();
        if prefix <= 2 && quoted.starts_with(['"', '\'']) {
            let is_code = rest.get(..prefix).is_some_and(|prefix| prefix.contains(['f', 'F']));
            lexer.at += prefix;
            python_string(&mut lexer, is_code);
        } else {
            lexer.plain();
        }
    }
    lexer.tokens
}

/// A string from its quote on, with the words of what an f-string holds.
fn python_string(lexer: &mut Lexer<'_>, is_code: bool) {
    let rest = lexer.rest();
    let quote = if rest.starts_with('"') { '"' } else { '\'' };
    let triple = if quote == '"' { "\"\"\"" } else { "'''" };
    let from = lexer.at;
    if rest.starts_with(triple) {
        lexer.push(3, Kind::Text);
        lexer.skip_to(triple);
    } else {
        lexer.string(quote);
    }
    let end = lexer.at;
    let text = lexer.code.get(from..end).unwrap_or_default();
    if is_code {
        for (start, length) in held(text) {
            lexer.at = from + start;
            while lexer.at < from + start + length {
                if !lexer.blanks() {
                    lexer.plain();
                }
            }
        }
        lexer.at = end;
    }
}

/// The expressions in the braces of an f-string: where each begins, and its length.
fn held(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('{')).map(|open| at + open) {
        let inner = text.get(open + 1..).unwrap_or_default();
        if inner.starts_with('{') {
            at = open + 2;
            continue;
        }
        let length = inner.find(['}', '!', ':', '\n', '\'', '"']).unwrap_or(inner.len());
        found.push((open + 1, length));
        at = open + 1 + length;
    }
    found
}
