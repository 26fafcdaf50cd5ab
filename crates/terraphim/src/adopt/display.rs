//! Showing changes: unified diffs in which values that look secret are masked and
//! which cannot control the terminal. The masking reads text leniently, since what
//! it shows may be damaged.

use std::path::Path;

use super::jsonc;

const MASK: &str = "***";

/// Longest line that is shown as it stands, in bytes.
const LONG_LINE: usize = 400;

const SECRET_NAMES: [&str; 12] = [
    "key",
    "token",
    "secret",
    "pass",
    "pwd",
    "auth",
    "credential",
    "cookie",
    "session",
    "private",
    "signature",
    "dsn",
];

const SECRET_STARTS: [&str; 11] =
    ["sk-", "sk_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xox", "AKIA", "eyJ", "Bearer "];

/// The unified diff of one file, `None` standing for no file.
pub(super) fn diff(path: &Path, before: Option<&str>, after: Option<&str>) -> String {
    let shown = printable_line(&path.display().to_string());
    let name = |text: Option<&str>| if text.is_some() { shown.clone() } else { "/dev/null".to_owned() };
    let masked = |text: Option<&str>| masked(text.unwrap_or_default());
    let (old, new) = (masked(before), masked(after));
    let is_long = |text: &str| text.lines().any(|line| line.len() > LONG_LINE);
    let (old, new) =
        if is_long(&old) || is_long(&new) { (reformatted(&old), reformatted(&new)) } else { (old, new) };
    if old == new {
        return format!(
            "--- {}\n+++ {}\n(differs only in white space or in masked values)\n",
            name(before),
            name(after)
        );
    }
    let changes = similar::TextDiff::from_lines(printable(&old), printable(&new));
    changes.unified_diff().context_radius(3).header(&name(before), &name(after)).to_string()
}

/// One line without characters that control a terminal.
pub(super) fn printable_line(text: &str) -> String {
    printable(text).replace('\n', "\u{fffd}")
}

/// The text without characters that control a terminal.
fn printable(text: &str) -> String {
    let hides =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown =
        |c: char| if (c.is_control() && !matches!(c, '\n' | '\t')) || hides(c) { '\u{fffd}' } else { c };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

/// One property a line, where the text is JSON; else cut lines.
fn reformatted(text: &str) -> String {
    let value =
        jsonc::document(text).ok().and_then(|root| jsonc::value(text, &(root.open..root.close + 1)).ok());
    match value {
        Some(value) => format!("{value:#}\n"),
        None => {
            text.lines().map(|line| line.chars().take(LONG_LINE).chain(['\n']).collect::<String>()).collect()
        }
    }
}

/// The text with the contents of secret-looking strings replaced.
fn masked(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut reader = Reader::default();
    let mut rest = text;
    while let Some(next) = rest.find(['"', '{', '}', '[', ']', ':', ',']) {
        let (before, from) = rest.split_at(next);
        result.push_str(before);
        let (token, after) = if from.starts_with('"') { split_string(from) } else { from.split_at(1) };
        result.push_str(&reader.read(token, after));
        rest = after;
    }
    result.push_str(rest);
    result
}

/// The string that opens the text, and what follows; one that does not end ends with its line.
fn split_string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return text.split_at(at),
            '"' if !escaped => return text.split_at(at + 1),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    (text, "")
}

/// Where the masking stands in the text.
#[derive(Default)]
struct Reader {
    /// The keys of the open objects and lists.
    open: Vec<String>,
    key: Option<String>,
    last: String,
}

impl Reader {
    /// Gives a token as it is to be shown.
    fn read(&mut self, token: &str, after: &str) -> String {
        match token {
            "{" | "[" => {
                self.open.push(self.key.take().unwrap_or_default());
                self.last.clear();
            }
            "}" | "]" => {
                self.open.pop();
                self.key = None;
            }
            ":" => self.key = Some(std::mem::take(&mut self.last)),
            "," => self.key = None,
            _ => return self.read_string(token, after),
        }
        token.to_owned()
    }

    fn read_string(&mut self, token: &str, after: &str) -> String {
        let content = token.trim_matches('"');
        let previous = std::mem::replace(&mut self.last, content.to_owned());
        if self.key.is_none() && after.trim_start().starts_with(':') {
            return token.to_owned();
        }
        let container = self.open.last().map(String::as_str).unwrap_or_default();
        let name = match &self.key {
            Some(key) => key.as_str(),
            None if previous.starts_with('-') => previous.as_str(),
            None => container,
        };
        let shown = shown(content, name, matches!(container, "env" | "headers"));
        if shown == content { token.to_owned() } else { format!("\"{shown}\"") }
    }
}

/// What of a value is shown, given its name.
fn shown(content: &str, name: &str, is_environment: bool) -> String {
    let is_reference =
        content.starts_with("${") && content.find('}') == Some(content.len().saturating_sub(1));
    if content.is_empty() || (is_reference && !content.contains(":-")) {
        return content.to_owned();
    }
    let starts_secret = SECRET_STARTS.iter().any(|start| content.starts_with(start));
    if starts_secret
        || (is_secret_name(name) && !content.starts_with('-'))
        || (is_environment && looks_random(content))
    {
        return MASK.to_owned();
    }
    if let Some((name, value)) = content.split_once(['=', ':'])
        && is_secret_name(name)
        && !value.starts_with("//")
    {
        return format!("{name}={MASK}");
    }
    without_credentials(content)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// Long, without spaces or slashes, letters and digits mixed.
fn looks_random(content: &str) -> bool {
    let has = |test: fn(&char) -> bool| content.chars().any(|c| test(&c));
    content.len() >= 16
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && !content.contains([' ', '/'])
}

/// An address without the user's part and the query.
fn without_credentials(content: &str) -> String {
    let Some((scheme, rest)) = content.split_once("://") else { return content.to_owned() };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, format!("?{MASK}")),
        None => (rest, String::new()),
    };
    let rest = match rest.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => rest.to_owned(),
    };
    format!("{scheme}://{rest}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_names_stay() {
        let text = r#"{"env": {"API_KEY": "abc", "NODE_ENV": "production", "X": "a1b2c3d4e5f6a7b8c9", "Y": "${TOKEN}", "Z": "${T:-abcd}"},
 "headers": {"Authorization": "Bearer x"}, "args": ["--token", "t1", "--password=p", "-y", "pkg@1", "postgres://u:p@h/db", "https://x/?k=1"],
 "oauthAccount": {"accessToken": "zzz"}, "command": "npx", "n": 1}"#;
        let shown = masked(text);
        let expected = r#"{"env": {"API_KEY": "***", "NODE_ENV": "production", "X": "***", "Y": "${TOKEN}", "Z": "${T:-abcd}"},
 "headers": {"Authorization": "***"}, "args": ["--token", "***", "--password=***", "-y", "pkg@1", "postgres://***@h/db", "https://x/?***"],
 "oauthAccount": {"accessToken": "***"}, "command": "npx", "n": 1}"#;
        assert_eq!(shown, expected);
    }

    #[test]
    fn damaged_text_is_masked_too() {
        assert_eq!(
            masked("{\"TOKEN\": \"abc\n}\n{\"TOKEN\": \"d\"}"),
            "{\"TOKEN\": \"***\"\n}\n{\"TOKEN\": \"***\"}"
        );
        assert_eq!(masked("// \"TOKEN\": \"abc\" don't"), "// \"TOKEN\": \"***\" don't");
        assert_eq!(masked("]]}}\"\\"), "]]}}\"\\");
    }

    #[test]
    fn a_file_in_one_long_line_is_shown_by_property() {
        let before = format!("{{\"a\":\"{}\",\"b\":1}}", "x".repeat(LONG_LINE));
        let after = before.replace("\"b\":1", "\"b\":2");
        let shown = diff(Path::new("/f"), Some(&before), Some(&after));
        assert!(shown.contains("\n-  \"b\": 1\n+  \"b\": 2\n"), "{shown}");
    }

    #[test]
    fn nothing_controls_the_terminal() {
        let shown = diff(Path::new("/f\u{1b}[2J"), None, Some("// \u{1b}]0;x\u{7}\u{202e}\r\n{}\n"));
        assert!(shown.starts_with("--- /dev/null\n+++ /f\u{fffd}[2J\n"), "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{shown}");
    }
}
