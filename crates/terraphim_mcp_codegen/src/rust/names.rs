//! Server, tool, field and type names as Rust identifiers.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Longest identifier that is made from a name, in characters.
pub(super) const MAX_CHARS: usize = 100;

/// Words that can name nothing but by the mark of a raw identifier, sorted.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Words that cannot even be raw identifiers.
const NEVER: [&str; 5] = ["Self", "_", "crate", "self", "super"];

/// What the text of a module refers to; no type of a tool takes such a name.
pub(super) const TAKEN_TYPES: [&str; 28] = [
    "BTreeMap",
    "Box",
    "Clone",
    "Debug",
    "Default",
    "Display",
    "Err",
    "Error",
    "Fields",
    "Fits",
    "FmtResult",
    "Formatter",
    "FromJson",
    "Json",
    "Map",
    "None",
    "Ok",
    "Option",
    "Other",
    "PartialEq",
    "Result",
    "Self",
    "Some",
    "Number",
    "String",
    "ToJson",
    "Value",
    "Vec",
];

/// Whether a character can stand in an identifier and means the same to everybody: compilers
/// compare identifiers in normal form C, Python in form KC, and neither changes any of these.
pub(crate) fn is_usable(c: char) -> bool {
    matches!(c,
        'a'..='z' | 'A'..='Z' | '0'..='9' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ı' | 'Ĵ'..='ľ' | 'Ł'..='ň' | 'Ŋ'..='ž'
        | 'Α'..='Ρ' | 'Σ'..='Ω' | 'α'..='ω' | 'А'..='я'
        | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// The words of a name: split at what is no letter or digit, and before capitals that begin one.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().take(MAX_CHARS).collect();
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for (at, c) in letters.iter().enumerate() {
        if !is_usable(*c) {
            open = false;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = c.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
                || before.is_some_and(|before| before.is_uppercase())
                    && after.is_some_and(|after| after.is_lowercase()));
        if !open || begins {
            words.push(String::new());
        }
        open = true;
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase().filter(|c| is_usable(*c)));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The snake_case form of a name, not yet safe from keywords; never empty.
fn snake(name: &str) -> String {
    let joined = words(name).join("_");
    let private = name.starts_with('_') || joined.starts_with(|c: char| c.is_ascii_digit());
    if private || joined.is_empty() { format!("_{joined}") } else { joined }
}

/// The PascalCase form of a name; never empty.
pub(crate) fn pascal(name: &str) -> String {
    let raised = words(name).into_iter().map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| match first.to_uppercase().next() {
            Some(upper) if is_usable(upper) => upper,
            _ => first,
        });
        first.into_iter().chain(letters).collect::<String>()
    });
    let joined = raised.collect::<String>();
    let plain = joined.starts_with(|c: char| !c.is_ascii_digit());
    if plain { joined } else { format!("N{joined}") }
}

/// Names that are given away in one scope.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    names: HashSet<String>,
    /// The names in the order in which they were given away.
    order: Vec<String>,
    /// The last number that each name was given, so that many equal ones take no longer.
    numbers: HashMap<String, u64>,
}

impl Taken {
    /// A scope in which these names are not to be had.
    pub(crate) fn but<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut taken = Self::default();
        words.into_iter().for_each(|word| taken.add(word.to_owned()));
        taken
    }

    fn add(&mut self, name: String) {
        self.names.insert(name.clone());
        self.order.push(name);
    }

    /// Gives away `base`, cut to a length, or the first free one of `base_2`, `base_3`, ...
    pub(crate) fn claim(&mut self, base: &str) -> String {
        let base: String = base.chars().take(MAX_CHARS).collect();
        let mut name = base.clone();
        while self.names.contains(&name) {
            let number = self.numbers.entry(base.clone()).or_insert(1);
            *number += 1;
            name = format!("{base}_{number}");
        }
        self.add(name.clone());
        name
    }

    /// How many names are given away.
    pub(crate) fn count(&self) -> usize {
        self.order.len()
    }

    /// Takes back all names beyond the first `count`.
    pub(crate) fn take_back(&mut self, count: usize) {
        for name in self.order.drain(count.min(self.order.len())..) {
            self.names.remove(&name);
        }
        self.numbers.clear();
    }
}

/// An identifier as it is written: keywords raw, what cannot be raw with an underscore behind it.
pub(super) fn written(name: &str) -> String {
    if NEVER.contains(&name) {
        format!("{name}_")
    } else if KEYWORDS.binary_search(&name).is_ok() {
        format!("r#{name}")
    } else {
        name.to_owned()
    }
}

/// One written snake_case identifier for each name. Names that are identifiers already keep
/// themselves; the others follow in the order of their names, so that a list's order does not matter.
pub(super) fn unique_snakes<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, String> {
    unique(names, snake)
}

/// One written identifier for each server's name.
pub(super) fn unique_servers<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, String> {
    unique(names, server)
}

fn unique<'n>(names: impl Iterator<Item = &'n str>, make: fn(&str) -> String) -> BTreeMap<&'n str, String> {
    let mut order: Vec<_> = names.map(|name| (make(name) != name, name)).collect();
    order.sort_unstable();
    order.dedup();
    // `_` and its numbered forms come from names without any letter.
    let mut taken = Taken::but(["Self_", "__", "crate_", "self_", "super_"]);
    order.into_iter().map(|(_, name)| (name, written(&taken.claim(&make(name))))).collect()
}

/// The name of a server, which keeps its case.
fn server(identifier: &str) -> String {
    let made: String =
        identifier.chars().take(MAX_CHARS).map(|c| if is_usable(c) { c } else { '_' }).collect();
    if made.starts_with(|c: char| c.is_ascii_digit()) || made.is_empty() { format!("_{made}") } else { made }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn names_become_what_rust_calls_them() {
        for (name, snaked, pascaled) in [
            ("search", "search", "Search"),
            ("getTables", "get_tables", "GetTables"),
            ("getHTTPResponse", "get_http_response", "GetHttpResponse"),
            ("list-all.items", "list_all_items", "ListAllItems"),
            ("2fa", "_2fa", "N2fa"),
            ("_id", "_id", "Id"),
            ("", "_", "N"),
            ("--", "_", "N"),
            ("八字", "八字", "八字"),
            ("e\u{301}t", "e_t", "ET"),
            ("İx", "ix", "Ix"),
        ] {
            assert_eq!((snake(name).as_str(), pascal(name).as_str()), (snaked, pascaled), "{name}");
        }
        assert!(snake(&"x".repeat(1 << 20)).len() <= 101);
    }

    #[test]
    fn what_falls_together_is_numbered() {
        let made = unique_snakes(["a-b", "a_b", "aB", "type", "self", "", "_"].into_iter());
        let made: Vec<_> = made.iter().map(|(name, made)| (*name, made.as_str())).collect();
        assert_eq!(
            made,
            [
                ("", "__2"),
                ("_", "__"),
                ("a-b", "a_b_2"),
                ("aB", "a_b_3"),
                ("a_b", "a_b"),
                ("self", "self_"),
                ("type", "r#type")
            ]
        );
    }
}
