//! Identifiers as newtypes, so that a server is never passed for a tool.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest server or tool name that is accepted, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// A name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// It has no characters.
    #[error("a name must not be empty")]
    Empty,
    /// It is longer than 256 bytes.
    #[error("a name of {0} bytes is longer than 256 bytes")]
    TooLong(usize),
    /// It holds a control character.
    #[error("the name {0:?} holds a control character")]
    Control(String),
    /// A qualified name has no server part.
    #[error("`{0}` names no server: write `server.tool`")]
    Unqualified(String),
    /// The name cannot be a session's.
    #[error("`{0}` cannot name a session: use 1 to 64 letters a-z, digits, `-` and `_`")]
    Session(String),
    /// The language is not one that can be run.
    #[error(
        "`{0}` is not a language that can be run: use `typescript`, `javascript`, `node`, `python`, `bash` or `rust`"
    )]
    Language(String),
}

fn checked(name: &str) -> Result<String, InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(InvalidName::TooLong(name.len()));
    }
    if name.chars().any(char::is_control) {
        return Err(InvalidName::Control(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// The name under which an MCP server is configured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerName(String);

impl ServerName {
    /// Checks a name: not empty, at most 256 bytes, no control characters.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        checked(name).map(Self)
    }

    /// The name as it is configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ServerName {
    type Error = InvalidName;

    fn try_from(name: String) -> Result<Self, InvalidName> {
        Self::new(&name)
    }
}

impl From<ServerName> for String {
    fn from(name: ServerName) -> Self {
        name.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tool's name qualified by its server, written `server.tool`.
///
/// The server is what stands before the first dot that leaves a known server;
/// [`ToolName::from_str`] splits at the first dot, which is right for every
/// server name without one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ToolName {
    server: ServerName,
    tool: String,
}

impl ToolName {
    /// Qualifies `tool` by `server`.
    pub fn new(server: ServerName, tool: &str) -> Result<Self, InvalidName> {
        Ok(Self { server, tool: checked(tool)? })
    }

    /// The server part.
    pub fn server(&self) -> &ServerName {
        &self.server
    }

    /// The tool's own name, as its server lists it.
    pub fn tool(&self) -> &str {
        &self.tool
    }
}

impl FromStr for ToolName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (server, tool) = text.split_once('.').ok_or_else(|| InvalidName::Unqualified(text.to_owned()))?;
        Self::new(ServerName::new(server)?, tool)
    }
}

impl TryFrom<String> for ToolName {
    type Error = InvalidName;

    fn try_from(name: String) -> Result<Self, InvalidName> {
        name.parse()
    }
}

impl From<ToolName> for String {
    fn from(name: ToolName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.server, self.tool)
    }
}

/// Names one run; unique on one host, safe as a file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// An id from 16 random bytes: `run_` and 32 hexadecimal digits.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().fold(String::from("run_"), |id, byte| id + &format!("{byte:02x}")))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a session, which is also that of its folder: 1 to 64 ASCII
/// letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionName(String);

impl SessionName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if (1..=64).contains(&text.len()) && text.chars().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidName::Session(text.chars().take(100).collect()))
    }
}

/// The language of a program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// TypeScript; its types are removed, not checked.
    #[default]
    TypeScript,
    /// JavaScript modules.
    JavaScript,
    /// Python, by the machine's own interpreter.
    Python,
    /// Bash, by the machine's own shell.
    Bash,
    /// Rust, by the machine's own compiler.
    Rust,
    /// TypeScript or JavaScript, by the machine's own node.
    Node,
}

impl Language {
    /// The language that a file's extension (without the dot) stands for.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "ts" | "mts" | "tsx" => Some(Self::TypeScript),
            "js" | "mjs" | "jsx" => Some(Self::JavaScript),
            "py" => Some(Self::Python),
            "sh" | "bash" => Some(Self::Bash),
            "rs" => Some(Self::Rust),
            _ => None,
        }
    }
}

impl Language {
    /// Whether its programs see the workspace as files.
    pub fn has_files(self) -> bool {
        match self {
            Self::TypeScript | Self::JavaScript => false,
            Self::Python | Self::Bash | Self::Rust | Self::Node => true,
        }
    }

    /// Whether a program can leave variables behind for the next one of its session.
    pub fn keeps_variables(self) -> bool {
        match self {
            Self::TypeScript | Self::JavaScript | Self::Python => true,
            Self::Bash | Self::Rust | Self::Node => false,
        }
    }
}

impl FromStr for Language {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.to_ascii_lowercase().as_str() {
            "typescript" | "ts" => Ok(Self::TypeScript),
            "javascript" | "js" => Ok(Self::JavaScript),
            "python" | "py" => Ok(Self::Python),
            "bash" | "sh" => Ok(Self::Bash),
            "rust" | "rs" => Ok(Self::Rust),
            "node" => Ok(Self::Node),
            _ => Err(InvalidName::Language(text.to_owned())),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TypeScript => "typescript",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::Bash => "bash",
            Self::Rust => "rust",
            Self::Node => "node",
        })
    }
}

/// A number of tokens, by the tokenizer named beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenCount(pub u64);

impl std::ops::Add for TokenCount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for TokenCount {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, count| sum + count)
    }
}

impl fmt::Display for TokenCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_names_split_at_the_first_dot() {
        let name: ToolName = "github.issues.create".parse().expect("a qualified name");
        assert_eq!(name.server().as_str(), "github");
        assert_eq!(name.tool(), "issues.create");
        assert_eq!(name.to_string(), "github.issues.create");
    }

    #[test]
    fn bad_names_are_refused() {
        assert_eq!("search".parse::<ToolName>(), Err(InvalidName::Unqualified("search".into())));
        assert_eq!(ServerName::new(""), Err(InvalidName::Empty));
        assert!(matches!(ServerName::new("a\nb"), Err(InvalidName::Control(_))));
        assert!(matches!(ServerName::new(&"x".repeat(257)), Err(InvalidName::TooLong(257))));
    }

    #[test]
    fn run_ids_are_hexadecimal() {
        let id = RunId::from_random([0xab; 16]);
        assert_eq!(id.as_str(), format!("run_{}", "ab".repeat(16)));
    }
}
