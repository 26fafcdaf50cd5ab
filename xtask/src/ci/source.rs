//! Rust text without what is no code: comments, strings and characters become
//! spaces, so that every line and column stays where it was.

/// The code of a Rust text. What does not end is taken to end with the text.
pub(super) fn code_only(text: &str) -> String {
    let mut reader = Reader { rest: text, previous: ' ', code: String::with_capacity(text.len()) };
    while reader.step() {}
    reader.code
}

/// The words of a code with the line that each stands on, from 1, and what follows it.
pub(super) fn words(code: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.lines().enumerate().flat_map(move |(number, line)| {
        let mut rest = line;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|c| !is_word(c));
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(length);
            rest = after;
            (!word.is_empty()).then_some((number + 1, word, after))
        })
    })
}

struct Reader<'t> {
    rest: &'t str,
    previous: char,
    code: String,
}

impl Reader<'_> {
    /// Takes one character, or one comment or literal; false at the end.
    fn step(&mut self) -> bool {
        let Some(c) = self.rest.chars().next() else { return false };
        let in_word = self.previous.is_alphanumeric() || self.previous == '_';
        match c {
            '/' if self.rest.starts_with("//") => self.blank(self.rest.find('\n').unwrap_or(self.rest.len())),
            '/' if self.rest.starts_with("/*") => self.blank(block_comment(self.rest)),
            '"' => self.blank(string(self.rest, 0)),
            '\'' => match character(self.rest) {
                Some(length) => self.blank(length),
                None => self.keep(c),
            },
            'r' | 'b' | 'c' if !in_word => match raw_string(self.rest) {
                Some(length) => self.blank(length),
                None => self.keep(c),
            },
            _ => self.keep(c),
        }
        true
    }

    fn keep(&mut self, c: char) {
        self.code.push(c);
        self.previous = c;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
    }

    fn blank(&mut self, length: usize) {
        let (blanked, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.code.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.previous = ' ';
        self.rest = rest;
    }
}

/// Length of a block comment, whose kind nests.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut rest = text;
    loop {
        if let Some(inner) = rest.strip_prefix("/*") {
            depth += 1;
            rest = inner;
        } else if let Some(after) = rest.strip_prefix("*/") {
            depth -= 1;
            rest = after;
            if depth == 0 {
                return text.len() - rest.len();
            }
        } else {
            let mut characters = rest.chars();
            if characters.next().is_none() {
                return text.len();
            }
            rest = characters.as_str();
        }
    }
}

/// Length of a string whose opening quote stands after `prefix` bytes.
fn string(text: &str, prefix: usize) -> usize {
    let mut escaped = false;
    let inside = text.char_indices().skip_while(|(at, _)| *at <= prefix);
    for (at, c) in inside {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of a character; none if the quote opens a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    let (_, first) = characters.next()?;
    let (at, second) = characters.next()?;
    match (first, second) {
        ('\\', _) => characters.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1),
        (_, '\'') => Some(at + 1),
        _ => None,
    }
}

/// Length of a string with a prefix (`r"`, `br#"`, `b"`, `c"`); none if it is something else.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = text.find(|c: char| !matches!(c, 'r' | 'b' | 'c'))?;
    if prefix > 2 {
        return None;
    }
    let (letters, rest) = text.split_at(prefix);
    let marks = rest.len() - rest.trim_start_matches('#').len();
    let opens = rest.get(marks..)?.starts_with('"');
    if !opens {
        return None;
    }
    if !letters.contains('r') {
        return (marks == 0).then(|| string(text, prefix));
    }
    let close = format!("\"{}", "#".repeat(marks));
    let body = prefix + marks + 1;
    let end = text.get(body..)?.find(&close);
    Some(end.map_or(text.len(), |end| body + end + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words_left: &[&str]) {
        let code = code_only(text);
        assert_eq!(code.lines().count(), text.lines().count(), "{text}");
        assert_eq!(code.chars().count(), text.chars().count(), "{text}");
        assert_eq!(words(&code).map(|(_, word, _)| word).collect::<Vec<_>>(), words_left, "{text}");
    }

    #[test]
    fn comments_go() {
        check("a // b\nc", &["a", "c"]);
        check("a /* b /* c */ d */ e", &["a", "e"]);
        check("/// doc\nfn f() {}", &["fn", "f"]);
        check("a /* never ends", &["a"]);
    }

    #[test]
    fn literals_go() {
        check(r#"a("b \" c", d)"#, &["a", "d"]);
        check("a(r\"b \\\", c)", &["a", "c"]);
        check("a(r#\"b \" c\"#, d)", &["a", "d"]);
        check("a(br##\"b\"# c\"##, b\"e\", c\"f\", d)", &["a", "d"]);
        check("a('b', '\\'', '\\u{e9}', b'c', '\"', d)", &["a", "b", "d"]);
        check("a(\"never ends", &["a"]);
        check("a(\"über\nzwei\") b", &["a", "b"]);
    }

    #[test]
    fn lifetimes_labels_and_raw_names_stay() {
        check("fn f<'a>(x: &'a str) {}", &["fn", "f", "a", "x", "a", "str"]);
        check("r#type + rb + brr", &["r", "type", "rb", "brr"]);
        check("'outer: loop {}", &["outer", "loop"]);
    }

    #[test]
    fn words_know_their_line_and_what_follows() {
        let found: Vec<_> = words("a b!\n\n c").collect();
        assert_eq!(found, [(1, "a", " b!"), (1, "b", "!"), (3, "c", "")]);
    }
}
