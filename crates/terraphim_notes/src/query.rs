//! Reads queries.
//!
//! ```text
//! query  = list { "OR" list }
//! list   = all { all }
//! all    = unit { "AND" unit }
//! unit   = "(" query ")" | '"' words '"' | word | word "*"
//! ```
//!
//! Of a list's words, prefixes and groups one that matches suffices, and more
//! rank higher; its phrases, and what is joined by AND, must occur. A phrase's
//! words stand side by side in one field. Operators are written in capitals; one
//! without both its sides is a word. Brackets and quotes without their
//! counterpart, and all other signs, mean nothing.

use terraphim_kg::is_spaceless;

use crate::tokenizer::{Form, stem, tokens};

/// Deepest nesting of brackets; deeper ones mean nothing.
const MAX_DEPTH: usize = 16;

/// Most words, phrases and prefixes of one query; further ones are not looked for.
const MAX_LEAVES: usize = 256;

/// Shortest beginning of a word that stands for all words that begin so, in characters.
const MIN_PREFIX_CHARS: usize = 2;

/// Tokens that stand side by side; a single word is a phrase of one.
pub(crate) type Phrase = Vec<String>;

/// Something that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expr {
    Word(Phrase),
    Phrase(Phrase),
    /// All words that begin so, as they are written.
    Prefix(String),
    /// What must occur, and of which more is better; without the former some of the latter.
    List {
        must: Vec<Expr>,
        should: Vec<Expr>,
    },
}

/// Reads a query; none if it holds nothing that could be found.
pub(crate) fn parse(text: &str) -> Option<Expr> {
    let mut parser = Parser { parts: parts(text).into_iter().peekable(), leaves: 0 };
    let expr = parser.query(0).unwrapped();
    (!expr.is_empty()).then_some(expr)
}

impl Expr {
    fn list() -> Self {
        Self::List { must: Vec::new(), should: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::List { must, should } if must.is_empty() && should.is_empty())
    }

    /// Adds to a list what may, or must, occur, each once.
    fn push(&mut self, item: Self, required: bool) {
        let Self::List { must, should } = self else { return };
        match item {
            item if item.is_empty() => {}
            Self::List { must: inner, should: more } if inner.is_empty() && !required => {
                more.into_iter().for_each(|item| self.push(item, false));
            }
            Self::List { must: inner, should: more } if more.is_empty() && required => {
                inner.into_iter().for_each(|item| self.push(item, true));
            }
            item => {
                let place = if required { must } else { should };
                if !place.contains(&item) {
                    place.push(item);
                }
            }
        }
    }

    /// The list's only member instead of the list.
    fn unwrapped(self) -> Self {
        match self {
            Self::List { mut must, should } if must.len() == 1 && should.is_empty() => {
                must.pop().unwrap_or_else(Self::list)
            }
            Self::List { must, mut should } if must.is_empty() && should.len() == 1 => {
                should.pop().unwrap_or_else(Self::list)
            }
            other => other,
        }
    }
}

/// A piece of a query.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Open,
    Close,
    And,
    Or,
    Quoted(&'a str),
    Plain(&'a str),
}

/// Cuts a query into its pieces, with operators only where they have two sides
/// and brackets only in pairs.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let pieces: Vec<&str> = text.split(['"', '“', '”', '„', '«', '»']).collect();
    for (position, piece) in pieces.iter().enumerate() {
        // Every second piece stands between quotes, unless the last one is never closed.
        if position % 2 == 1 && position + 1 < pieces.len() {
            parts.push(Part::Quoted(piece));
            continue;
        }
        for chunk in piece.split_whitespace() {
            plain_parts(chunk, &mut parts);
        }
    }
    pair_brackets(&mut parts);
    for at in 0..parts.len() {
        let ends =
            |part: Option<&Part<'_>>| matches!(part, Some(Part::Close | Part::Quoted(_) | Part::Plain(_)));
        let begins =
            |part: Option<&Part<'_>>| matches!(part, Some(Part::Open | Part::Quoted(_) | Part::Plain(_)));
        let has_sides =
            ends(at.checked_sub(1).and_then(|before| parts.get(before))) && begins(parts.get(at + 1));
        if let Some(part @ (Part::And | Part::Or)) = parts.get_mut(at).filter(|_| !has_sides) {
            *part = Part::Plain(if *part == Part::And { "AND" } else { "OR" });
        }
    }
    parts
}

fn plain_parts<'a>(chunk: &'a str, parts: &mut Vec<Part<'a>>) {
    let word = |text: &'a str| match text {
        "" => None,
        "AND" => Some(Part::And),
        "OR" => Some(Part::Or),
        text => Some(Part::Plain(text)),
    };
    let mut rest = chunk;
    while let Some(at) = rest.find(['(', ')']) {
        let (before, bracket) = rest.split_at(at);
        parts.extend(word(before));
        parts.push(if bracket.starts_with('(') { Part::Open } else { Part::Close });
        rest = bracket.get(1..).unwrap_or_default();
    }
    parts.extend(word(rest));
}

/// Drops brackets without a counterpart.
fn pair_brackets(parts: &mut Vec<Part<'_>>) {
    let mut open: Vec<usize> = Vec::new();
    let mut paired = vec![false; parts.len()];
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Open => open.push(at),
            Part::Close => {
                if let Some(partner) = open.pop() {
                    for place in [partner, at] {
                        if let Some(mark) = paired.get_mut(place) {
                            *mark = true;
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut paired = paired.into_iter();
    parts.retain(|part| {
        let paired = paired.next().unwrap_or_default();
        paired || !matches!(part, Part::Open | Part::Close)
    });
}

struct Parser<'a> {
    parts: std::iter::Peekable<std::vec::IntoIter<Part<'a>>>,
    leaves: usize,
}

impl Parser<'_> {
    fn query(&mut self, depth: usize) -> Expr {
        let first = self.list(depth);
        if self.parts.peek() != Some(&Part::Or) {
            return first;
        }
        let mut either = Expr::list();
        either.push(first.unwrapped(), false);
        while self.parts.next_if_eq(&Part::Or).is_some() {
            let next = self.list(depth).unwrapped();
            either.push(next, false);
        }
        either
    }

    fn list(&mut self, depth: usize) -> Expr {
        let mut list = Expr::list();
        loop {
            match self.parts.peek() {
                None | Some(Part::Or) => return list,
                Some(Part::Close) if depth > 0 => return list,
                _ => {}
            }
            let first = self.unit(depth);
            if self.parts.peek() != Some(&Part::And) {
                for item in first {
                    let required = matches!(item, Expr::Phrase(_));
                    list.push(item, required);
                }
                continue;
            }
            let mut all = first;
            while self.parts.next_if_eq(&Part::And).is_some() {
                all.extend(self.unit(depth));
            }
            all.into_iter().for_each(|item| list.push(item, true));
        }
    }

    /// The words, or the group, that come next.
    fn unit(&mut self, depth: usize) -> Vec<Expr> {
        match self.parts.next() {
            Some(Part::Open) if depth < MAX_DEPTH => {
                let group = self.query(depth + 1);
                self.parts.next_if_eq(&Part::Close);
                vec![group.unwrapped()]
            }
            Some(Part::Quoted(text)) => {
                let phrase: Phrase = tokens(text, Form::Stem).into_iter().map(|token| token.text).collect();
                self.counted(if phrase.is_empty() { Vec::new() } else { vec![Expr::Phrase(phrase)] })
            }
            Some(Part::Plain(text)) => {
                let words = words(text);
                self.counted(words)
            }
            _ => Vec::new(),
        }
    }

    fn counted(&mut self, mut leaves: Vec<Expr>) -> Vec<Expr> {
        leaves.truncate(MAX_LEAVES - self.leaves.min(MAX_LEAVES));
        self.leaves += leaves.len();
        leaves
    }
}

/// Single words; of a run in a script without blanks, each two neighbours; and
/// a prefix at the end.
fn words(text: &str) -> Vec<Expr> {
    let stem_of = text.trim_end_matches('*');
    let prefix = stem_of.len() < text.len();
    let mut words: Vec<Expr> = Vec::new();
    // The end and the text of the token before, and whether it already is in a pair.
    let mut before: Option<(usize, String, bool)> = None;
    for token in tokens(stem_of, Form::Written) {
        let spaceless = token.text.chars().next().is_some_and(is_spaceless);
        let neighbour = before.take().filter(|(end, ..)| spaceless && *end == token.offset_from);
        if let Some((_, first, paired)) = neighbour {
            if !paired {
                words.pop();
            }
            words.push(Expr::Word(vec![first, token.text.clone()]));
            before = Some((token.offset_to, token.text, true));
        } else if prefix
            && !spaceless
            && token.offset_to == stem_of.len()
            && token.text.chars().count() >= MIN_PREFIX_CHARS
        {
            words.push(Expr::Prefix(token.text));
        } else {
            words.push(Expr::Word(vec![stem(token.text.clone())]));
            before = spaceless.then_some((token.offset_to, token.text, false));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn shown(expr: &Expr) -> String {
        let all = |items: &[Expr]| items.iter().map(shown).collect::<Vec<_>>();
        match expr {
            Expr::Word(words) => words.join("_"),
            Expr::Phrase(words) => format!("{words:?}"),
            Expr::Prefix(word) => format!("{word}*"),
            Expr::List { must, should } => {
                let must = all(must).into_iter().map(|item| format!("+{item}"));
                format!("({})", must.chain(all(should)).collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&parse(text).as_ref().map_or("nothing".to_owned(), shown));
    }

    #[test]
    fn words_and_phrases() {
        check("Rust async, RUST", expect!["(rust async)"]);
        check("a \"Rust  patterns\" b", expect![[r#"(+["rust", "pattern"] a b)"#]]);
        check("\"one\" \"\" “two”", expect![[r#"(+["one"] +["two"])"#]]);
        check("never \"closed here", expect!["(never close here)"]);
        check("!? \"", expect!["nothing"]);
    }

    #[test]
    fn operators_and_groups() {
        check("rust AND async", expect!["(+rust +async)"]);
        check("rust OR async", expect!["(rust async)"]);
        check("a b OR c AND d", expect!["(a b (+c +d))"]);
        check("rust AND (async OR tokio) tasks", expect!["(+rust +(async tokio) task)"]);
        check("\"a b\" OR \"c d\"", expect![[r#"(["a", "b"] ["c", "d"])"#]]);
        check("(a AND (b OR (c AND d)))", expect!["(+a +(b (+c +d)))"]);
        check("AND OR (x:y)* -z +~^2", expect!["(and x y z 2)"]);
        check("and or a OR", expect!["(and or a)"]);
        check("(((a) AND b", expect!["(+a +b)"]);
        check(")a(", expect!["a"]);
        check("rust-async AND b", expect!["(+rust +async +b)"]);
        check("a AND(b OR(c))", expect!["(+a +(b c))"]);
        check("(a)AND(b) (c OR) AND OR)", expect!["(+a +b c or and)"]);
        check("() AND ()", expect!["nothing"]);
    }

    #[test]
    fn prefixes() {
        check("auto* Straß*", expect!["(auto* strass*)"]);
        check("a* *b c** * x-y*", expect!["(a b c x y)"]);
        check("rust-asyn*", expect!["(rust asyn*)"]);
    }

    #[test]
    fn scripts_without_blanks_are_searched_by_pairs() {
        check("检索引 rust", expect!["(检_索 索_引 rust)"]);
        check("检 索", expect!["(检 索)"]);
        check("用rust检索", expect!["(用 rust 检_索)"]);
        check("\"检索\"", expect![[r#"["检", "索"]"#]]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "([a-c]{1,3}\\*?|[ ()\"]|AND|OR|检|\\PC){0,200}") {
            parse(&text);
        }
    }

    #[test]
    fn deep_and_long_queries_are_bounded() {
        assert!(parse(&format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000))).is_some());
        let Some(Expr::List { should, .. }) =
            parse(&(0..1_000).map(|n| format!("w{n} ")).collect::<String>())
        else {
            panic!("a list");
        };
        assert_eq!(should.len(), MAX_LEAVES);
    }
}
