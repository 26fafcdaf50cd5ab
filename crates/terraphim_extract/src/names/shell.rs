//! The names of a Bash program: variables, functions, and files that it writes or mentions.

use super::Names;

/// Commands whose plain words are names that they define.
const DEFINE: &[&str] = &["read", "mapfile", "readarray", "export", "declare", "local", "readonly"];

enum Redirect {
    Writes,
    Reads,
}

#[derive(Default)]
struct Reader {
    names: Names,
    /// The command of which words are read, and its words so far.
    command: Option<String>,
    /// Whether the next word is a file that is written, or one that is read.
    redirects: Option<Redirect>,
    /// Whether the command comes behind `&&` or `||`, or in a function or a condition.
    is_conditional: bool,
    depth: usize,
}

/// The names of a program.
pub(super) fn names(code: &str) -> Names {
    let mut reader = Reader::default();
    let (mut word, mut quote) = (String::new(), None);
    let mut chars = code.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let rest = code.get(at + c.len_utf8()..).unwrap_or_default();
        if quote == Some('\'') {
            if c == '\'' {
                quote = None;
            }
            continue;
        }
        match c {
            '\\' => {
                chars.next();
            }
            '$' => reader.variable(rest),
            '"' | '\'' if quote.is_none() => quote = Some(c),
            '"' if quote == Some('"') => quote = None,
            _ if quote.is_some() => word.push(c),
            '#' if word.is_empty() => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            '>' | '<' => {
                reader.word(&std::mem::take(&mut word));
                reader.redirects = match c {
                    _ if rest.starts_with('&') => None,
                    '>' => Some(Redirect::Writes),
                    _ => Some(Redirect::Reads),
                };
            }
            ' ' | '\t' => reader.word(&std::mem::take(&mut word)),
            '(' if rest.starts_with(')') && !word.is_empty() => {
                reader.names.defined.insert(std::mem::take(&mut word));
                reader.command = None;
            }
            '\n' | ';' | '&' | '|' | '(' | ')' | '`' => {
                reader.word(&std::mem::take(&mut word));
                let is_double = matches!(c, '&' | '|') && chars.next_if(|(_, next)| *next == c).is_some();
                reader.end(is_double);
            }
            _ => word.push(c),
        }
    }
    reader.word(&word);
    reader.names
}

impl Reader {
    /// A variable behind `$`.
    fn variable(&mut self, rest: &str) {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let rest = rest.trim_start_matches(['#', '!']);
        self.uses(name(rest));
    }

    fn uses(&mut self, name: &str) {
        if !name.is_empty() && !self.names.defined.contains(name) {
            self.names.free.insert(name.to_owned());
        }
    }

    fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        match self.redirects.take() {
            Some(Redirect::Writes) => return self.writes_file(word),
            Some(Redirect::Reads) => return self.uses(&format!(">{word}")),
            None => {}
        }
        let found = name(word);
        let is_assignment =
            word.get(found.len()..).is_some_and(|rest| rest.starts_with('=') || rest.starts_with("+="));
        match self.command.as_deref() {
            None if is_assignment && !found.is_empty() => {
                self.names.defined.insert(found.to_owned());
            }
            None if matches!(word, "if" | "while" | "until" | "case" | "{") => self.depth += 1,
            None if matches!(word, "fi" | "done" | "esac" | "}") => self.depth = self.depth.saturating_sub(1),
            None if matches!(word, "then" | "do" | "else" | "elif" | "!" | "time") => {}
            None => {
                self.depth += usize::from(word == "for");
                self.names.ends |= word == "exit" && !self.is_conditional && self.depth == 0;
                self.uses(word);
                self.command = Some(word.to_owned());
            }
            Some("for") => {
                self.names.defined.insert(found.to_owned());
                self.command = Some("in".to_owned());
            }
            Some(command) if DEFINE.contains(&command) && !word.starts_with('-') => {
                if !found.is_empty() {
                    self.names.defined.insert(found.to_owned());
                }
            }
            Some("tee" | "touch" | "mkdir") if !word.starts_with('-') => self.writes_file(word),
            Some(_) => self.uses(&format!(">{word}")),
        }
    }

    fn writes_file(&mut self, file: &str) {
        if !file.starts_with("/dev/") {
            self.names.defined.insert(format!(">{file}"));
        }
    }

    fn end(&mut self, is_conditional: bool) {
        self.command = None;
        self.redirects = None;
        self.is_conditional = is_conditional;
    }
}

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { text.get(..end).unwrap_or_default() }
}
