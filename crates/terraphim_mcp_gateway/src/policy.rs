//! Which tools may be called: what declares itself read-only, and what a glob
//! allows; a denying glob wins over both.

use std::{fmt, str::FromStr};

use terraphim_types::{ToolDefinition, ToolName};

/// Longest pattern that is accepted, in bytes.
const MAX_PATTERN_BYTES: usize = 512;

/// A pattern over `server.tool`: `*` stands for any characters, `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGlob {
    /// It has no characters.
    #[error("a pattern must not be empty: write `server.tool`, `server.*` or `*`")]
    Empty,
    /// It is longer than 512 bytes.
    #[error("a pattern of {0} bytes is longer than 512 bytes")]
    TooLong(usize),
}

impl FromStr for Glob {
    type Err = InvalidGlob;

    fn from_str(pattern: &str) -> Result<Self, InvalidGlob> {
        match pattern.len() {
            0 => Err(InvalidGlob::Empty),
            length if length > MAX_PATTERN_BYTES => Err(InvalidGlob::TooLong(length)),
            _ => Ok(Self(pattern.to_owned())),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Glob {
    /// Whether the whole of `name` fits the pattern; case matters.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut text) = (self.0.as_str(), name);
        // After the last `*`: what follows it, and the text that it has not taken yet.
        let mut star: Option<(&str, &str)> = None;
        loop {
            let (wanted, given) = (split_first(pattern), split_first(text));
            match (wanted, given) {
                (Some(('*', rest)), _) => {
                    star = Some((rest, text));
                    pattern = rest;
                    continue;
                }
                (Some((wanted, pattern_rest)), Some((given, text_rest)))
                    if wanted == '?' || wanted == given =>
                {
                    pattern = pattern_rest;
                    text = text_rest;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((after_star, (_, untaken))) =
                star.and_then(|(rest, taken)| Some((rest, split_first(taken)?)))
            else {
                return false;
            };
            star = Some((after_star, untaken));
            pattern = after_star;
            text = untaken;
        }
    }
}

fn split_first(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    chars.next().map(|first| (first, chars.as_str()))
}

/// What may be called without asking anybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Tools that may be called although they do not declare themselves read-only.
    pub allow: Vec<Glob>,
    /// Tools that may not be called whatever they declare.
    pub deny: Vec<Glob>,
}

/// Why a tool may not be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// A pattern of `deny` fits it.
    Forbidden(Glob),
    /// It does not declare itself read-only and no pattern of `allow` fits it.
    NotAllowed,
}

impl Policy {
    /// Decides on one tool by its name alone, before anything else is known of it.
    ///
    /// # Errors
    /// [`Denial::Forbidden`] if a pattern of `deny` fits.
    pub fn check_name(&self, name: &ToolName) -> Result<(), Denial> {
        let qualified = name.to_string();
        match self.deny.iter().find(|glob| glob.matches(&qualified)) {
            Some(glob) => Err(Denial::Forbidden(glob.clone())),
            None => Ok(()),
        }
    }

    /// Decides on one tool.
    ///
    /// # Errors
    /// The [`Denial`] if it may not be called.
    pub fn check(&self, name: &ToolName, definition: &ToolDefinition) -> Result<(), Denial> {
        self.check_name(name)?;
        let qualified = name.to_string();
        if definition.is_read_only() || self.allow.iter().any(|glob| glob.matches(&qualified)) {
            return Ok(());
        }
        Err(Denial::NotAllowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str) -> Glob {
        pattern.parse().expect("a pattern")
    }

    #[test]
    fn globs_match_whole_names() {
        let cases = [
            ("*", "fs.read", true),
            ("fs.*", "fs.read", true),
            ("fs.*", "fsx.read", false),
            ("*.read*", "fs.read_all", true),
            ("f?.read", "fs.read", true),
            ("f?.read", "f.read", false),
            ("*a*b*c", "xaxbxbxc", true),
            ("*a*b*c", "xaxbxbx", false),
            ("fs.read", "fs.reader", false),
            ("*.größe?", "fs.größe1", true),
            ("**", "", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(glob(pattern).matches(name), expected, "{pattern} on {name}");
        }
        assert_eq!("".parse::<Glob>(), Err(InvalidGlob::Empty));
        assert!(!glob(&"*a".repeat(200)).matches(&"a".repeat(199)), "and without exponential time");
    }

    #[test]
    fn deny_wins_then_read_only_or_allowed() {
        let tool = |read_only: bool| -> ToolDefinition {
            serde_json::from_value(
                serde_json::json!({ "name": "t", "annotations": { "readOnlyHint": read_only } }),
            )
            .expect("a definition")
        };
        let name: ToolName = "s.t".parse().expect("a name");
        let policy = |allow: &[&str], deny: &[&str]| Policy {
            allow: allow.iter().map(|pattern| glob(pattern)).collect(),
            deny: deny.iter().map(|pattern| glob(pattern)).collect(),
        };
        assert_eq!(policy(&[], &[]).check(&name, &tool(true)), Ok(()));
        assert_eq!(policy(&[], &[]).check(&name, &tool(false)), Err(Denial::NotAllowed));
        assert_eq!(policy(&["s.*"], &[]).check(&name, &tool(false)), Ok(()));
        assert_eq!(policy(&["*"], &["s.t"]).check(&name, &tool(true)), Err(Denial::Forbidden(glob("s.t"))));
    }
}
