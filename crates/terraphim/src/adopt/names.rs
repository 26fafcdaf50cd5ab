//! Our two files of servers and the names in them. Where scopes use one name for
//! different servers, the one that hides the other in the client keeps it.

use std::{borrow::Cow, path::PathBuf};

use serde_json::{Map, Value, json};

use super::{
    AdoptError, Client, OUR_NAME, Places, Scope, clients, edit,
    files::{self, Content, PRIVATE},
    jsonc,
    plan::FileEdit,
    record::Change,
};

const KEY: &str = "mcpServers";

/// Our files as they are, and what comes to them.
pub(super) struct OurServers {
    client: Client,
    user: OurFile,
    project: OurFile,
    /// What the user should know of names.
    pub(super) notes: Vec<String>,
}

struct OurFile {
    path: PathBuf,
    before: Option<Content>,
    /// What stood there before.
    present: Map<String, Value>,
    added: Map<String, Value>,
}

impl OurServers {
    /// Reads both files.
    pub(super) fn load(client: Client, places: &Places) -> Result<Self, AdoptError> {
        Ok(Self {
            client,
            user: OurFile::load(places.user_servers())?,
            project: OurFile::load(places.project_servers())?,
            notes: Vec::new(),
        })
    }

    /// Takes a server over and gives the file and the name under which it is
    /// there from now on. Scopes come in the order in which they hide each other.
    pub(super) fn take(&mut self, scope: Scope, name: &str, entry: &Value) -> (PathBuf, String) {
        let (here, there) = match scope {
            Scope::User => (&mut self.user, &self.project),
            Scope::Local | Scope::Project => (&mut self.project, &self.user),
        };
        let differs = |file: &OurFile, name: &str| file.get(name).is_some_and(|other| other != entry);
        let hidden = scope == Scope::User && differs(there, name);
        let chosen = if name == OUR_NAME || hidden || differs(here, name) {
            let suffix = if here.present.contains_key(name) { self.client.name() } else { scope.name() };
            let free = |candidate: &String| !differs(here, candidate) && !differs(there, candidate);
            candidates(name, suffix).find(free).unwrap_or_else(|| name.to_owned())
        } else {
            name.to_owned()
        };
        if chosen != name {
            let why = if name == OUR_NAME { "that name is ours" } else { "another server has that name" };
            self.notes.push(format!("`{name}` of the {} scope is now `{chosen}`: {why}", scope.name()));
        } else if scope != Scope::User && differs(there, name) {
            self.notes.push(format!(
                "`{name}` of the {} scope hides the one in {:?}",
                scope.name(),
                there.path
            ));
        }
        if here.get(&chosen).is_none() {
            here.added.insert(chosen.clone(), entry.clone());
        }
        (here.path.clone(), chosen)
    }

    /// The changes of our files.
    pub(super) fn into_edits(self) -> Result<Vec<FileEdit>, AdoptError> {
        let edits = [self.project, self.user].into_iter().filter(|file| !file.added.is_empty());
        edits.map(OurFile::into_edit).collect()
    }
}

/// `name-suffix`, `name-suffix-2` and so on, within the length of a server's name.
fn candidates(name: &str, suffix: &str) -> impl Iterator<Item = String> {
    let mut stem = name.to_owned();
    while stem.len() > 200 {
        stem.pop();
    }
    let base = format!("{stem}-{suffix}");
    std::iter::once(base.clone()).chain((2..).map(move |number: u64| format!("{base}-{number}")))
}

impl OurFile {
    fn load(path: PathBuf) -> Result<Self, AdoptError> {
        let before = files::read(&path)?;
        let text = before.as_ref().map(|content| content.text.as_str()).filter(|text| !jsonc::is_blank(text));
        let present = match text {
            Some(text) => members(&path, text)?.unwrap_or_default(),
            None => Map::new(),
        };
        Ok(Self { path, before, present, added: Map::new() })
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.present.get(name).or_else(|| self.added.get(name))
    }

    fn into_edit(self) -> Result<FileEdit, AdoptError> {
        let old =
            self.before.as_ref().map(|content| content.text.as_str()).filter(|text| !jsonc::is_blank(text));
        let after = match old {
            Some(text) => self.appended(text)?,
            None => format!("{:#}\n", json!({ KEY: self.added })),
        };
        let mut expected = self.present;
        expected.extend(self.added.clone());
        if members(&self.path, &after)? != Some(expected) {
            return Err(AdoptError::Unverified { path: self.path });
        }
        let change = Change { at: vec![KEY.to_owned()], removed: Map::new(), added: self.added };
        Ok(FileEdit {
            path: self.path,
            before: self.before,
            after,
            mode: Some(PRIVATE),
            changes: vec![change],
            ours: true,
        })
    }

    fn appended(&self, text: &str) -> Result<String, AdoptError> {
        let at = [KEY.to_owned()];
        let mut text = Cow::Borrowed(text);
        for (name, entry) in &self.added {
            let edited = match clients::locate(&self.path, &text, &at)? {
                Some(object) => edit::add(&text, &object, name, entry),
                None => match clients::locate(&self.path, &text, &[])? {
                    Some(root) => edit::add(&text, &root, KEY, &json!({ name: entry })),
                    None => return Err(AdoptError::Unverified { path: self.path.clone() }),
                },
            };
            text = Cow::Owned(edited);
        }
        Ok(text.into_owned())
    }
}

/// The servers in one of our files, where it has the key for them.
fn members(path: &std::path::Path, text: &str) -> Result<Option<Map<String, Value>>, AdoptError> {
    let object = clients::locate(path, text, &[KEY.to_owned()])?;
    object.map(|object| clients::entries(path, text, &object)).transpose()
}
