//! Roles: which notes and which knowledge graph belong together.

use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;
use serde::{Deserialize, Serialize};

/// Longest name of a role, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// What a [`crate::NotesServer`] serves.
#[derive(Debug, Clone, Default)]
pub struct NotesConfig {
    /// The roles; may be empty, then every call answers that none is configured.
    pub roles: Vec<Role>,
    /// The role of calls that name none, by name or short name. Without it a single role is the default.
    pub default_role: Option<String>,
    /// Where indexes are kept; `None` keeps them in memory.
    pub index_dir: Option<PathBuf>,
}

/// A `[[roles]]` entry of `terraphim.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name for people.
    pub name: String,
    /// Its name in URLs and on the command line: letters, digits, `-` and `_`.
    pub short_name: String,
    /// How its documents are ranked.
    pub relevance: Relevance,
    /// How a user interface shows it.
    #[serde(default)]
    pub theme: Option<String>,
    /// A folder of Markdown files, one for each concept, or a thesaurus as a `.json` file.
    #[serde(default)]
    pub knowledge_graph: Option<PathBuf>,
    /// Where its notes are.
    pub haystacks: Vec<Haystack>,
}

/// A folder of notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Haystack {
    /// The folder.
    pub path: PathBuf,
    /// Which files are notes, as globs in the manner of `.gitignore`; none means Markdown and text files.
    #[serde(default)]
    pub include: Vec<String>,
    /// Which files and folders are left out, as globs in the manner of `.gitignore`.
    #[serde(default)]
    pub exclude: Vec<String>,
}

/// How documents are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relevance {
    /// BM25 with the query widened, and the documents raised, by the knowledge graph.
    #[serde(rename = "terraphim-graph")]
    TerraphimGraph,
    /// By the words of the title alone.
    #[serde(rename = "title-scorer")]
    TitleScorer,
    /// BM25 over title, tags and body as one text.
    #[serde(rename = "bm25")]
    Bm25,
    /// BM25 with one length normalisation over weighted fields.
    #[serde(rename = "bm25f")]
    Bm25f,
    /// BM25 with a lower bound for long documents.
    #[serde(rename = "bm25plus")]
    Bm25plus,
}

impl Relevance {
    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::TerraphimGraph => "terraphim-graph",
            Self::TitleScorer => "title-scorer",
            Self::Bm25 => "bm25",
            Self::Bm25f => "bm25f",
            Self::Bm25plus => "bm25plus",
        }
    }
}

/// What is wrong with the roles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A role's name cannot be used.
    #[error(
        "the role name {name:?} is not usable: give `name` 1 to {MAX_NAME_BYTES} bytes without control characters"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A role's short name cannot be used.
    #[error(
        "the short name {short_name:?} of role `{role}` is not usable: `short_name` takes 1 to {MAX_NAME_BYTES} letters a-z, digits, `-` and `_`"
    )]
    ShortName {
        /// The role.
        role: String,
        /// The short name.
        short_name: String,
    },
    /// Two roles answer to one name.
    #[error("two roles answer to `{name}`: give each its own `name` and `short_name`, case aside")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The relevance function needs a knowledge graph.
    #[error(
        "role `{role}` ranks by \"terraphim-graph\" but has no knowledge graph: set `knowledge_graph`, or `relevance = \"bm25\"`"
    )]
    NoKnowledgeGraph {
        /// The role.
        role: String,
    },
    /// There is nothing to search.
    #[error("role `{role}` has no notes: set `haystacks = [{{ path = \"...\" }}]`")]
    NoHaystack {
        /// The role.
        role: String,
    },
    /// A path is empty.
    #[error("role `{role}` has an empty path in `{key}`")]
    EmptyPath {
        /// The role.
        role: String,
        /// Where.
        key: &'static str,
    },
    /// A glob cannot be read.
    #[error("role `{role}` has a glob in `{key}` that cannot be read: {complaint}")]
    Glob {
        /// The role.
        role: String,
        /// `include` or `exclude`.
        key: &'static str,
        /// What is wrong with it.
        complaint: String,
    },
    /// The default role is not among the roles.
    #[error("`default_role = {name:?}` is none of the roles: {known}")]
    UnknownDefault {
        /// The name.
        name: String,
        /// The short names that there are.
        known: String,
    },
}

impl Role {
    /// Makes relative paths relative to `base`, the folder of the file that they were read from.
    pub fn resolve_paths(&mut self, base: &Path) {
        let paths = self.haystacks.iter_mut().map(|haystack| &mut haystack.path);
        for path in paths.chain(self.knowledge_graph.as_mut()) {
            *path = base.join(&*path);
        }
    }

    /// Whether a caller's `role` means this one, case aside.
    pub(crate) fn answers_to(&self, name: &str) -> bool {
        let wanted = name.trim().to_lowercase();
        self.name.to_lowercase() == wanted || self.short_name.to_lowercase() == wanted
    }

    /// The folders and files of its notes and its knowledge graph.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        let graph = self.knowledge_graph.iter().map(|path| {
            let folder = if path.extension().is_some_and(|extension| extension == "json") {
                path.parent()
            } else {
                None
            };
            folder.unwrap_or(path)
        });
        graph.chain(self.haystacks.iter().map(|haystack| haystack.path.as_path()))
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let role = || self.name.clone();
        let length = 1..=MAX_NAME_BYTES;
        if !length.contains(&self.name.trim().len()) || self.name.chars().any(char::is_control) {
            return Err(ConfigError::Name { name: role() });
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !length.contains(&self.short_name.len()) || !self.short_name.chars().all(plain) {
            return Err(ConfigError::ShortName { role: role(), short_name: self.short_name.clone() });
        }
        match self.relevance {
            Relevance::TerraphimGraph if self.knowledge_graph.is_none() => {
                return Err(ConfigError::NoKnowledgeGraph { role: role() });
            }
            _ => {}
        }
        if self.haystacks.is_empty() {
            return Err(ConfigError::NoHaystack { role: role() });
        }
        if self.knowledge_graph.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(ConfigError::EmptyPath { role: role(), key: "knowledge_graph" });
        }
        self.haystacks.iter().try_for_each(|haystack| self.validate_haystack(haystack))
    }

    fn validate_haystack(&self, haystack: &Haystack) -> Result<(), ConfigError> {
        if haystack.path.as_os_str().is_empty() {
            return Err(ConfigError::EmptyPath { role: self.name.clone(), key: "haystacks" });
        }
        for (key, globs) in [("include", &haystack.include), ("exclude", &haystack.exclude)] {
            let mut builder = GitignoreBuilder::new(&haystack.path);
            for glob in globs {
                builder.add_line(None, glob).map_err(|error| ConfigError::Glob {
                    role: self.name.clone(),
                    key,
                    complaint: error.to_string(),
                })?;
            }
        }
        Ok(())
    }
}

impl NotesConfig {
    /// Checks the roles; reads no files.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        for (position, role) in self.roles.iter().enumerate() {
            role.validate()?;
            let earlier = self.roles.get(..position).unwrap_or_default();
            for name in [&role.name, &role.short_name] {
                if earlier.iter().any(|other| other.answers_to(name)) {
                    return Err(ConfigError::Duplicate { name: name.clone() });
                }
            }
        }
        match &self.default_role {
            Some(name) if !self.roles.iter().any(|role| role.answers_to(name)) => {
                Err(ConfigError::UnknownDefault { name: name.clone(), known: self.known_roles() })
            }
            _ => Ok(()),
        }
    }

    /// The roles' short names, for messages.
    pub(crate) fn known_roles(&self) -> String {
        if self.roles.is_empty() {
            return "none is configured".to_owned();
        }
        let names: Vec<_> = self.roles.iter().map(|role| format!("`{}`", role.short_name)).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(toml: &str) -> Role {
        toml::from_str(toml).expect("a role")
    }

    fn complaint(roles: Vec<Role>, default_role: Option<&str>) -> String {
        let config = NotesConfig { roles, default_role: default_role.map(str::to_owned), index_dir: None };
        config.validate().expect_err("a bad configuration").to_string()
    }

    const GOOD: &str = r#"
        name = "Engineer"
        short_name = "engineer"
        relevance = "terraphim-graph"
        theme = "spacelab"
        knowledge_graph = "kg"
        haystacks = [{ path = "notes", exclude = ["drafts/"] }]
    "#;

    #[test]
    fn a_role_is_read_and_its_paths_resolved() {
        let mut role = role(GOOD);
        role.resolve_paths(Path::new("/base"));
        assert_eq!(role.haystacks[0].path, Path::new("/base/notes"));
        assert_eq!(role.knowledge_graph.as_deref(), Some(Path::new("/base/kg")));
        let config =
            NotesConfig { roles: vec![role], default_role: Some("ENGINEER".into()), index_dir: None };
        assert_eq!(config.validate(), Ok(()));
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        assert!(toml::from_str::<Role>(&format!("{GOOD}\nhaystack = []")).is_err());
        assert!(toml::from_str::<Role>(&GOOD.replace("terraphim-graph", "tf-idf")).is_err());
    }

    #[test]
    fn each_mistake_says_what_to_change() {
        for (find, replace, expected) in [
            ("\"Engineer\"", "\" \"", "give `name`"),
            ("\"engineer\"", "\"en/gineer\"", "`short_name` takes"),
            ("knowledge_graph = \"kg\"", "", "set `knowledge_graph`"),
            ("[{ path = \"notes\", exclude = [\"drafts/\"] }]", "[]", "set `haystacks"),
            ("path = \"notes\"", "path = \"\"", "empty path in `haystacks`"),
            ("drafts/", "a{b", "glob in `exclude`"),
        ] {
            assert!(GOOD.contains(find), "{find}");
            let message = complaint(vec![role(&GOOD.replace(find, replace))], None);
            assert!(message.contains(expected), "{message}");
        }
        assert!(complaint(vec![role(GOOD), role(GOOD)], None).contains("two roles answer to"));
        assert!(complaint(vec![role(GOOD)], Some("x")).contains("`engineer`"));
        assert!(complaint(vec![], Some("x")).contains("none is configured"));
    }
}
