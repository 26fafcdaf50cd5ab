//! The names that a block of code defines at its top level, and those that it uses and does not define.
//!
//! Read by tokens, not by a parser: a block may be a part of a program. What is not seen (a parameter
//! of a method, a name made at run time) makes a name free that is not; that matters only where an
//! earlier block defines the same one.

mod shell;
mod tokens;

use std::collections::HashSet;

use terraphim_types::Language;

use tokens::{Kind, Token};

/// Longest code that is looked at, in bytes; of a longer one no names are known.
const MAX_BYTES: usize = 64 << 10;

/// What a block defines and needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Defined for what comes after the block. Of Bash also files that it writes, as `>name`.
    pub(crate) defined: HashSet<String>,
    /// Used before the block defines them itself.
    pub(crate) free: HashSet<String>,
    /// Whether it ends the program that it is in.
    pub(crate) ends: bool,
}

/// The names of a block.
pub(crate) fn of(code: &str, language: Language) -> Names {
    if code.len() > MAX_BYTES {
        return Names::default();
    }
    match language {
        Language::Bash => shell::names(code),
        Language::Python => python(&tokens::python(code)),
        Language::TypeScript | Language::JavaScript | Language::Node => {
            braces(&tokens::braces(code, false), &SCRIPT)
        }
        Language::Rust => braces(&tokens::braces(code, true), &RUST),
    }
}

/// The words with which a language with braces defines names.
struct Braces {
    /// Before a pattern.
    patterns: &'static [&'static str],
    /// Before one name.
    items: &'static [&'static str],
    imports: &'static str,
}

const SCRIPT: Braces = Braces {
    patterns: &["const", "let", "var"],
    items: &["function", "class", "enum", "interface", "type", "namespace"],
    imports: "import",
};

const RUST: Braces = Braces {
    patterns: &["let", "const", "static"],
    items: &["fn", "struct", "enum", "trait", "type", "mod", "union"],
    imports: "use",
};

fn at<'t>(tokens: &'t [Token<'t>], index: usize) -> &'t str {
    tokens.get(index).map_or("", |token| token.text)
}

fn braces(tokens: &[Token<'_>], words: &Braces) -> Names {
    let mut names = Names::default();
    let (mut own, mut used) = (HashSet::new(), HashSet::new());
    let mut index = 0;
    // The depth of a declaration that may go on behind a comma.
    let mut declares = None;
    while let Some(token) = tokens.get(index) {
        if token.text == "," && declares == Some(token.depth) {
            let mut defined = Vec::new();
            index = pattern(tokens, index + 1, token.depth, &mut defined);
            if token.depth == 0 {
                names.defined.extend(defined.iter().cloned());
            }
            own.extend(defined);
            continue;
        }
        if declares.is_some_and(|depth| {
            depth == token.depth && (token.text == ";" || token.begins_line) || token.depth < depth
        }) {
            declares = None;
        }
        let (text, is_top) = (token.text, token.depth == 0);
        let before = index.checked_sub(1).map_or("", |before| at(tokens, before));
        let is_member =
            before == "." && index.checked_sub(2).is_none_or(|two| at(tokens, two) != ".") || before == "::";
        index += 1;
        if token.kind != Kind::Word || is_member {
            continue;
        }
        names.ends |= is_top && (text == "return" || text == "export" && at(tokens, index) == "default");
        let mut defined = Vec::new();
        if is_top && text == words.imports && at(tokens, index) != "(" {
            index = imported(tokens, index, &mut defined);
        } else if words.patterns.contains(&text) {
            declares = Some(token.depth);
            index = pattern(tokens, index, token.depth, &mut defined);
        } else if words.items.contains(&text) && tokens.get(index).is_some_and(|next| next.kind == Kind::Word)
        {
            defined.push(at(tokens, index).to_owned());
            index += 1;
            parameters(tokens, index, &mut own);
        } else if text == "catch" {
            parameters(tokens, index, &mut own);
        } else if at(tokens, index) == "=>" {
            own.insert(text.to_owned());
        } else if !(at(tokens, index) == ":" && matches!(before, "{" | ",")) {
            // A key of an object is none.
            if !STATEMENT_WORDS.contains(&text) {
                used.insert(text.to_owned());
            }
        }
        if is_top {
            names.defined.extend(defined.iter().cloned());
        }
        own.extend(defined);
    }
    for (index, _) in tokens.iter().enumerate().filter(|(_, token)| token.text == "(") {
        arrow_parameters(tokens, index, &mut own);
    }
    names.free = used.difference(&own).cloned().collect();
    names
}

/// Words of statements in languages with braces, which name nothing.
const STATEMENT_WORDS: &[&str] = &[
    "for",
    "of",
    "in",
    "return",
    "async",
    "export",
    "default",
    "extends",
    "implements",
    "finally",
    "impl",
    "where",
    "mut",
    "ref",
    "move",
    "dyn",
];

/// The names that an import gives; the index behind it.
fn imported(tokens: &[Token<'_>], mut index: usize, defined: &mut Vec<String>) -> usize {
    let start = index;
    let (mut last, mut renamed) = (None::<&str>, false);
    while let Some(token) = tokens.get(index).filter(|token| token.kind != Kind::Text && token.text != ";") {
        let is_next_statement = token.begins_line && token.depth == 0 && index > start;
        if token.text == "from" || is_next_statement {
            index += usize::from(token.text == "from");
            break;
        }
        match token.text {
            "as" => renamed = true,
            "::" => last = None,
            "," | "{" | "}" | "(" | ")" => defined.extend(last.take().map(str::to_owned)),
            word if token.kind == Kind::Word && (last.is_none() || renamed) => {
                (last, renamed) = (Some(word), false)
            }
            _ => {}
        }
        index += 1;
    }
    defined.extend(last.map(str::to_owned));
    index
}

/// The names of a pattern, up to what they are given; the index behind it.
fn pattern(tokens: &[Token<'_>], mut index: usize, depth: usize, defined: &mut Vec<String>) -> usize {
    let mut in_type = false;
    while let Some(token) = tokens.get(index) {
        let is_level = token.depth == depth;
        let next = at(tokens, index + 1);
        match token.text {
            "=" | ";" | "of" | "in" if is_level => break,
            ":" if is_level => in_type = true,
            "," if is_level => in_type = false,
            "mut" | "ref" | "_" => {}
            _ if token.begins_line && is_level && !defined.is_empty() => break,
            word if token.kind == Kind::Word && !in_type && !matches!(next, ":" | "(" | "::")
                || is_level && !in_type && token.kind == Kind::Word && next == ":" =>
            {
                defined.push(word.to_owned());
            }
            _ => {}
        }
        index += 1;
    }
    index
}

/// The parameters in the parentheses at an index.
fn parameters(tokens: &[Token<'_>], index: usize, own: &mut HashSet<String>) {
    let Some(open) = tokens.get(index).filter(|token| token.text == "(") else { return };
    let mut is_name = true;
    for token in tokens.iter().skip(index + 1).take_while(|token| token.depth > open.depth) {
        match token.text {
            ":" | "=" => is_name = false,
            "," => is_name = true,
            word if is_name && token.kind == Kind::Word => {
                own.insert(word.to_owned());
            }
            _ => {}
        }
    }
}

/// The parameters in the parentheses at an index, if an arrow follows them.
fn arrow_parameters(tokens: &[Token<'_>], index: usize, own: &mut HashSet<String>) {
    /// Tokens within which the arrow must come: the work stays linear.
    const NEAR: usize = 64;
    let Some(open) = tokens.get(index) else { return };
    let length =
        tokens.iter().skip(index + 1).take(NEAR).take_while(|token| token.depth > open.depth).count();
    let behind = index + length + 2;
    if length < NEAR && at(tokens, behind) == "=>" {
        parameters(tokens, index, own);
    }
}

/// Words of statements, which name nothing.
const PYTHON_WORDS: &[&str] = &[
    "for", "in", "lambda", "def", "class", "as", "with", "async", "return", "except", "finally", "del",
    "global", "nonlocal", "assert", "import", "from",
];

/// What the lines of a Python program define and use, in their order.
#[derive(Default)]
struct Python {
    names: Names,
    /// Names of the functions' own, and what their bodies use: looked up when they are called.
    own: HashSet<String>,
    later: HashSet<String>,
    in_function: bool,
}

fn python(tokens: &[Token<'_>]) -> Names {
    let mut state = Python::default();
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate().skip(1) {
        if token.begins_line && token.depth == 0 {
            state.line(tokens.get(start..index).unwrap_or_default());
            start = index;
        }
    }
    state.line(tokens.get(start..).unwrap_or_default());
    let Python { mut names, own, later, .. } = state;
    names.free.extend(later.into_iter().filter(|name| !own.contains(name) && !names.defined.contains(name)));
    names
}

impl Python {
    /// A logical line.
    fn line(&mut self, line: &[Token<'_>]) {
        let Some(first) = line.first() else { return };
        if !first.is_indented {
            let word = if first.text == "async" { at(line, 1) } else { first.text };
            self.in_function = matches!(word, "def" | "class" | "@");
            self.names.ends |= word == "return";
        }
        let (mut defined, mut bound) = (HashSet::new(), HashSet::new());
        let used = match first.text {
            "import" | "from" => {
                python_imports(line, &mut defined);
                HashSet::new()
            }
            _ => python_words(line, &mut defined, &mut bound),
        };
        let used = used.into_iter().filter(|name| !bound.contains(name));
        if self.in_function && first.is_indented {
            self.later.extend(used);
            self.own.extend(defined.into_iter().chain(bound));
            return;
        }
        if self.in_function {
            self.own.extend(bound.iter().cloned());
        }
        let known = &self.names.defined;
        let missing: Vec<_> = used.filter(|name| !known.contains(name)).collect();
        self.names.free.extend(missing);
        self.names.defined.extend(defined);
    }
}

fn python_imports(line: &[Token<'_>], defined: &mut HashSet<String>) {
    let is_from = at(line, 0) == "from";
    let from = if is_from { line.iter().position(|token| token.text == "import").unwrap_or(0) } else { 0 };
    let (mut last, mut path) = (None::<&str>, false);
    for token in line.iter().skip(from + 1) {
        match token.text {
            "," | "(" | ")" | ";" => {
                defined.extend(last.take().map(str::to_owned));
                path = false;
            }
            "as" => (last, path) = (None, false),
            "." => path = true,
            word if token.kind == Kind::Word && !path && last.is_none() => last = Some(word),
            _ => {}
        }
    }
    defined.extend(last.map(str::to_owned));
}

/// The names that a line uses; adds those that it defines and those that are bound within it alone.
fn python_words(
    line: &[Token<'_>],
    defined: &mut HashSet<String>,
    bound: &mut HashSet<String>,
) -> HashSet<String> {
    let mut used = HashSet::new();
    let targets = python_targets(line);
    let (mut in_for, mut in_lambda) = (false, false);
    let is_definition = line.iter().take(2).any(|token| matches!(token.text, "def" | "class"));
    for (index, token) in line.iter().enumerate() {
        let before = index.checked_sub(1).map_or("", |before| at(line, before));
        let next = at(line, index + 1);
        match token.text {
            "for" => in_for = true,
            "in" => in_for = false,
            "lambda" => in_lambda = true,
            ":" => in_lambda = false,
            _ => {}
        }
        if token.kind != Kind::Word || before == "." || PYTHON_WORDS.contains(&token.text) {
            continue;
        }
        let name = token.text.to_owned();
        let is_argument = token.depth > 0 && next == "=" && matches!(before, "(" | ",");
        let is_given = matches!(before, "def" | "class" | "as") || next == ":=" || index < targets;
        if is_given || in_for && token.depth == 0 {
            defined.insert(name);
        } else if in_for
            || in_lambda
            || is_definition && token.depth == 1 && matches!(before, "(" | "," | "*")
        {
            bound.insert(name);
        } else if !is_argument {
            used.insert(name);
        }
    }
    used
}

/// How many tokens of a line are the targets of an assignment.
fn python_targets(line: &[Token<'_>]) -> usize {
    let end = line.iter().position(|token| token.depth == 0 && matches!(token.text, "=" | ":"));
    let Some(end) = end else { return 0 };
    let is_target =
        |token: &Token<'_>| token.kind == Kind::Word || matches!(token.text, "," | "(" | ")" | "*");
    let is_statement = matches!(
        at(line, 0),
        "if" | "for"
            | "while"
            | "with"
            | "try"
            | "else"
            | "elif"
            | "except"
            | "finally"
            | "def"
            | "class"
            | "async"
            | "match"
            | "lambda"
            | "return"
    );
    let targets = line.get(..end).unwrap_or_default();
    // `x: int`, which needs a value to define it.
    let is_typed = at(line, end) == ":" && !line.iter().any(|token| token.text == "=");
    if is_statement || is_typed || !targets.iter().all(is_target) { 0 } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, code: &str, defined: &str, free: &str) {
        let names = of(code, language);
        let sorted = |names: &HashSet<String>| {
            let mut names: Vec<_> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.join(" ")
        };
        assert_eq!(
            (sorted(&names.defined).as_str(), sorted(&names.free).as_str()),
            (defined, free),
            "{code}"
        );
    }

    #[test]
    fn names_of_typescript() {
        let check = |code, defined, free| check(Language::TypeScript, code, defined, free);
        check("import { a, b as c } from 'x';\nimport d from \"y\"\nimport * as e from 'z'", "a c d e", "");
        check("const { a, b: c, ...d } = await up.get({ k: v, w });", "a c d", "up v w");
        check("let a: Array<B> = [], b = 1\nconst [c, e] = f", "a b c e", "f");
        check("const rows = all.filter(row => row.x > 1).map((r, i) => r.y + i);", "rows", "all");
        check("for (const x of xs) { const y = x; out.push(`${y} of ${n.m} 'z'`); }", "", "n out xs");
        check("function mean(v: number[], w = 1) { return v.length / w; }\nclass C {}", "C mean", "number");
        check("return { total, n: rows.length }; // gone 'x", "", "rows total");
        check("try { f(); } catch (error) { g(error.message) }", "", "f g");
        assert!(
            of("return 1;", Language::TypeScript).ends
                && !of("f(() => { return 1; })", Language::TypeScript).ends
        );
    }

    #[test]
    fn names_of_python() {
        let check = |code, defined, free| check(Language::Python, code, defined, free);
        check(
            "from a.b import c, d as e\nimport f.g, h as i\nfrom j import (\n  k,\n  l,\n)",
            "c e f i k l",
            "",
        );
        check("a, b = c, d.e(f=g)\nx: int = a\ny += 1", "a b x", "c d g int y");
        check("rows = [r for r in rows if r['x'] > limit]", "rows", "limit rows");
        check(
            "for a, b in c.items():\n    d = a\nprint(f\"{d} of {e!r:>3} {{z}}\", 'f')",
            "a b d",
            "c e print",
        );
        check("def f(a, *b, c=1):\n    x = a + later\n    return x\nlater = 2", "f later", "");
        check(
            "with open(p) as file:\n    text = file.read()\nkey = lambda q: q.x  # gone",
            "file key text",
            "open p",
        );
        check("'''\na = b\n'''\nif (n := f()) > 1:\n    pass", "n", "f");
        check("x.y = 1\nz[0] = 2", "", "x z");
    }

    #[test]
    fn names_of_rust() {
        let check = |code, defined, free| check(Language::Rust, code, defined, free);
        check("use a::{b, c as d};\nuse e::f;", "b d f", "");
        check("struct A { x: u8 }\nfn f(a: &A) -> u8 { a.x }", "A f", "u8");
        check("fn main() { let total = mean(&load('x')); }", "main", "load mean");
    }

    #[test]
    fn names_of_bash() {
        let check = |code, defined, free: &[&str]| {
            let names = of(code, Language::Bash);
            let mut sorted: Vec<_> = names.defined.iter().map(String::as_str).collect();
            sorted.sort_unstable();
            assert_eq!(sorted.join(" "), defined, "{code}");
            for name in free {
                assert!(names.free.contains(*name), "{name} of {code}: {:?}", names.free);
            }
        };
        check("mcp call x.list > items.json", ">items.json", &["mcp"]);
        check("jq length items.json", "", &[">items.json"]);
        check("a=1; export b=$c\nfor d in $e; do echo \"${f%x} '$g'\"; done", "a b d", &["c", "e", "f", "g"]);
        check("f() { echo '$h'; }\nread -r i j < k.txt\nf", "f i j", &[">k.txt"]);
        assert!(!of("f() { echo '$h'; }\nf", Language::Bash).free.contains("h"));
        assert!(!of("a=1\necho $a > b\ncat b", Language::Bash).free.contains(">b"));
        assert!(of("exit 1", Language::Bash).ends && !of("a || exit 1", Language::Bash).ends);
    }
}
