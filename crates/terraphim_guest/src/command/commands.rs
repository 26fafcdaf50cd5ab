//! The commands that stand in a program's text, as far as they can be told
//! without running it. This is no parser of Bash: what it is not sure of, it
//! leaves out, and nothing depends on it but advice.

use std::collections::BTreeSet;

/// Most commands that are looked at.
const MOST: usize = 2_000;

/// Substitutions inside each other that are looked into.
const DEPTH: usize = 20;

/// Words before which another command begins.
const OPENERS: &[&str] = &["if", "then", "else", "elif", "do", "while", "until", "time", "!", "{"];

/// Commands that run the one behind them.
const RUNNERS: &[&str] = &["command", "exec", "nohup", "time"];

/// A command with the words that follow it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its line, from 1.
    pub(super) line: u32,
    pub(super) words: Vec<Word>,
}

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// What stands there, up to what is known only when it runs.
    pub(super) text: String,
    /// Whether this is all of it.
    pub(super) is_whole: bool,
}

impl Word {
    /// The word, if it stands there as it is.
    pub(super) fn whole(&self) -> Option<&str> {
        self.is_whole.then_some(self.text.as_str())
    }
}

/// What stands in a program.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) named: Vec<Named>,
    /// The functions that it defines.
    pub(super) functions: BTreeSet<String>,
}

/// Reads a program's text.
pub(super) fn commands(source: &str) -> Commands {
    let mut scanner =
        Scanner { rest: source.chars().peekable(), line: 1, here: Vec::new(), found: Commands::default() };
    scanner.list(End::Text, 0);
    scanner.found
}

/// Where a list of commands ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Text,
    Bracket,
    Backtick,
}

struct Scanner<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    line: u32,
    /// The ends of the here-documents that begin on the next line.
    here: Vec<String>,
    found: Commands,
}

/// The command that is being read.
#[derive(Default)]
struct Reading {
    line: u32,
    words: Vec<Word>,
    word: String,
    /// Whether a word has begun, also an empty one in quotes.
    in_word: bool,
    /// Whether a part of the word is known only when it runs.
    is_open: bool,
    /// The next word is where a redirection leads.
    is_target: bool,
}

impl Reading {
    fn push(&mut self, c: char, line: u32) {
        if !self.in_word && self.words.is_empty() {
            self.line = line;
        }
        self.in_word = true;
        self.add(c);
    }

    fn add(&mut self, c: char) {
        if !self.is_open {
            self.word.push(c);
        }
    }

    fn end_word(&mut self) {
        if !std::mem::take(&mut self.in_word) {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let is_open = std::mem::take(&mut self.is_open);
        if std::mem::take(&mut self.is_target) {
            return;
        }
        let is_first = self.words.is_empty();
        let skipped =
            OPENERS.contains(&word.as_str()) || RUNNERS.contains(&word.as_str()) || is_assignment(&word);
        if !(is_first && skipped) {
            self.words.push(Word { text: word, is_whole: !is_open });
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let name = name.strip_suffix('+').unwrap_or(name);
        let name = name.split_once('[').map_or(name, |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += u32::from(next == Some('\n'));
        next
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.rest.peek() == Some(&wanted);
        if is_there {
            self.next();
        }
        is_there
    }

    fn end_command(&mut self, reading: &mut Reading) {
        reading.end_word();
        reading.is_target = false;
        let words = std::mem::take(&mut reading.words);
        if !words.is_empty() && self.found.named.len() < MOST {
            self.found.named.push(Named { line: reading.line, words });
        }
    }

    /// Reads commands until the end of the list, which is taken.
    fn list(&mut self, end: End, depth: usize) {
        let mut reading = Reading::default();
        let mut brackets = 0_usize;
        while let Some(c) = self.rest.peek().copied() {
            let line = self.line;
            match c {
                '`' if end == End::Backtick => {
                    self.next();
                    break;
                }
                '#' if !reading.in_word => {
                    while self.rest.peek().is_some_and(|c| *c != '\n') {
                        self.next();
                    }
                }
                '\n' => {
                    self.next();
                    self.end_command(&mut reading);
                    self.skip_here_documents();
                }
                c if c.is_whitespace() => {
                    self.next();
                    reading.end_word();
                }
                ';' | '|' | '&' => {
                    self.next();
                    self.end_command(&mut reading);
                    // `&>` and `|&` lead somewhere.
                    if c == '&' && self.take('>') {
                        reading.is_target = true;
                    }
                }
                '(' => {
                    self.next();
                    if self.opened(&mut reading) {
                        brackets += 1;
                    }
                }
                ')' => {
                    self.next();
                    if brackets > 0 {
                        brackets -= 1;
                        self.end_command(&mut reading);
                    } else if end == End::Bracket {
                        break;
                    } else {
                        // A pattern of `case`.
                        reading = Reading::default();
                    }
                }
                '<' | '>' => self.redirection(&mut reading, depth),
                _ => self.part(&mut reading, line, depth),
            }
        }
        self.end_command(&mut reading);
    }

    /// Behind a bracket that opens; whether commands follow in it.
    fn opened(&mut self, reading: &mut Reading) -> bool {
        if reading.in_word && self.rest.peek() == Some(&')') {
            self.next();
            self.found.functions.insert(std::mem::take(&mut reading.word));
            *reading = Reading::default();
            return false;
        }
        if reading.in_word && reading.word.ends_with('=') || self.rest.peek() == Some(&'(') {
            // The elements of an array, or arithmetic.
            self.skip_to(')', '(');
            reading.is_open = reading.in_word;
            return false;
        }
        self.end_command(reading);
        true
    }

    /// Skips to the sign that closes what was opened, which is taken.
    fn skip_to(&mut self, close: char, open: char) {
        let mut opened = 1_usize;
        while let Some(c) = self.next() {
            match c {
                '\\' => drop(self.next()),
                '\'' => while self.next().is_some_and(|c| c != '\'') {},
                c if c == open => opened += 1,
                c if c == close => opened -= 1,
                _ => {}
            }
            if opened == 0 {
                return;
            }
        }
    }

    fn redirection(&mut self, reading: &mut Reading, depth: usize) {
        let Some(sign) = self.next() else { return };
        if reading.in_word && !reading.word.is_empty() && reading.word.chars().all(|c| c.is_ascii_digit()) {
            (reading.in_word, reading.word) = (false, String::new());
        }
        if self.rest.peek() == Some(&'(') && !reading.in_word {
            self.next();
            self.substitution(reading, depth);
            return;
        }
        reading.end_word();
        if sign == '<' && self.take('<') {
            if !self.take('<') {
                self.here_document();
                return;
            }
        } else {
            while self.rest.peek().is_some_and(|c| matches!(c, '>' | '&' | '|')) {
                self.next();
            }
        }
        reading.is_target = true;
    }

    /// Behind `<<`: the word that ends the document.
    fn here_document(&mut self) {
        while self.rest.peek().is_some_and(|c| matches!(c, '-' | ' ' | '\t')) {
            self.next();
        }
        let mut end = String::new();
        while let Some(c) = self.rest.peek().filter(|c| !c.is_whitespace() && !";|&<>()".contains(**c)) {
            end.extend(Some(*c).filter(|c| !matches!(c, '\'' | '"' | '\\')));
            self.next();
        }
        self.here.push(end);
    }

    fn skip_here_documents(&mut self) {
        for end in std::mem::take(&mut self.here) {
            loop {
                let mut line = String::new();
                while let Some(c) = self.next().filter(|c| *c != '\n') {
                    line.push(c);
                }
                if line.trim_start_matches('\t') == end || self.rest.peek().is_none() {
                    break;
                }
            }
        }
    }

    /// A sign of a word, or a quoted or replaced part of it.
    fn part(&mut self, reading: &mut Reading, line: u32, depth: usize) {
        let Some(c) = self.next() else { return };
        match c {
            '\\' => match self.next() {
                Some('\n') | None => {}
                Some(c) => reading.push(c, line),
            },
            '\'' => {
                self.begin(reading, line);
                while let Some(c) = self.next().filter(|c| *c != '\'') {
                    reading.add(c);
                }
            }
            '"' => {
                self.begin(reading, line);
                self.double_quoted(reading, depth);
            }
            '$' | '`' => {
                self.begin(reading, line);
                self.replaced(c, reading, depth);
            }
            c => {
                reading.is_open |= matches!(c, '*' | '?' | '[' | '~') || c == '{' && reading.in_word;
                reading.push(c, line);
            }
        }
    }

    fn begin(&self, reading: &mut Reading, line: u32) {
        if !reading.in_word && reading.words.is_empty() {
            reading.line = line;
        }
        reading.in_word = true;
    }

    fn double_quoted(&mut self, reading: &mut Reading, depth: usize) {
        while let Some(c) = self.next() {
            match c {
                '"' => return,
                '\\' => self.next().into_iter().for_each(|c| reading.add(c)),
                '$' | '`' => self.replaced(c, reading, depth),
                c => reading.add(c),
            }
        }
    }

    /// Behind a dollar or a backtick.
    fn replaced(&mut self, sign: char, reading: &mut Reading, depth: usize) {
        reading.is_open = true;
        if sign == '`' {
            if depth < DEPTH {
                self.list(End::Backtick, depth + 1);
            }
        } else if self.take('{') {
            self.skip_to('}', '{');
        } else if self.take('(') {
            if self.rest.peek() == Some(&'(') {
                self.skip_to(')', '(');
            } else {
                self.substitution(reading, depth);
            }
        } else if self.take('\'') {
            while let Some(c) = self.next().filter(|c| *c != '\'') {
                if c == '\\' {
                    self.next();
                }
            }
        }
    }

    /// Behind `$(`, `<(` or `>(`.
    fn substitution(&mut self, reading: &mut Reading, depth: usize) {
        (reading.in_word, reading.is_open) = (true, true);
        if depth < DEPTH {
            self.list(End::Bracket, depth + 1);
        } else {
            self.skip_to(')', '(');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands as lines: number, then words, with `?` for what is not known.
    fn shown(source: &str) -> String {
        let line = |one: &Named| {
            let words = one.words.iter().map(|word| word.whole().unwrap_or("?"));
            format!("{} {}", one.line, words.collect::<Vec<_>>().join(" "))
        };
        commands(source).named.iter().map(line).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn commands_are_found_where_they_stand() {
        for (source, expected) in [
            ("a b c", "1 a b c"),
            ("a\nb; c | d && e || f & g", "1 a; 2 b; 2 c; 2 d; 2 e; 2 f; 2 g"),
            ("if ! a x; then b; else c; fi", "1 a x; 1 b; 1 c; 1 fi"),
            ("for x in curl wget; do a $x; done", "1 for x in curl wget; 1 a ?; 1 done"),
            ("x=$(a b) y=1 c 'd e' \"f$g\"", "1 a b; 1 c d e ?"),
            ("echo \"$(a \"b\")\" `c d`", "1 a b; 1 c d; 1 echo ? ?"),
            ("# curl x\necho '#' a#b # wget", "2 echo # a#b"),
            ("cat <<EOF | a\ncurl x\nEOF\nb", "1 cat; 1 a; 4 b"),
            ("cat <<-'E'\n\tcurl\n\tE\nb <<< curl", "1 cat; 4 b"),
            ("a >f 2>&1 < g b &> h", "1 a b"),
            ("case $x in curl) a;; *) b;; esac", "1 a; 1 b; 1 esac"),
            ("(a; b) | { c; }", "1 a; 1 b; 1 c; 1 }"),
            ("x=(curl wget) a", "1 a"),
            ("((x > 1)) && echo $((1 << 2)) ${a#curl} a", "1 echo ? ? a"),
            ("diff <(a) <(b)", "1 a; 1 b; 1 diff ? ?"),
            ("a \\\n  b\nc", "1 a b; 3 c"),
            ("mcp call up.* {x,y} up.a", "1 mcp call ? {x,y} up.a"),
        ] {
            assert_eq!(shown(source), expected, "{source}");
        }
        let open = &commands("a b=\"x$y z\" c:='{d*'").named[0];
        let texts: Vec<_> = open.words.iter().map(|word| (word.text.as_str(), word.is_whole)).collect();
        assert_eq!(texts, [("a", true), ("b=x", false), ("c:={d*", true)]);
        assert_eq!(commands("curl() { :; }\ncurl x").functions, BTreeSet::from(["curl".to_owned()]));
    }

    #[test]
    fn what_is_no_program_ends_too() {
        for source in
            ["'", "\"$(", "${", "$((", "<<", "<<E", "`", "(", ")", "\\", "$'", "x=(", "a <", "$($($(("]
        {
            commands(source);
        }
        let deep = "$(".repeat(60_000);
        assert!(commands(&deep).named.len() <= DEPTH + 1);
        assert_eq!(commands(&"a\n".repeat(50_000)).named.len(), MOST);
    }
}
