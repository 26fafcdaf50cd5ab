//! Working out what to change, without changing anything.

use std::{
    collections::BTreeSet,
    fmt::Write,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{
    AdoptError, Client, OUR_NAME, Places, Scope,
    clients::{self, Source},
    display, edit,
    files::{self, Content},
    jsonc,
    names::OurServers,
    record::Change,
    server::{self, StayReason, Verdict},
};

/// What [`apply`](super::apply()) would do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Whose servers are moved.
    pub(crate) client: Client,
    /// The servers that move.
    pub(crate) moves: Vec<Move>,
    /// The servers that stay with the client.
    pub(crate) kept: Vec<Kept>,
    /// What the user should know besides.
    pub(crate) notes: Vec<String>,
    pub(super) files: Vec<FileEdit>,
    pub(super) records: PathBuf,
}

/// A server that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    /// The scope in which the client had it.
    pub(crate) scope: Scope,
    /// Its name there.
    pub(crate) name: String,
    /// The client's file.
    pub(crate) from: PathBuf,
    /// Our file.
    pub(crate) to: PathBuf,
    /// Its name there.
    pub(crate) new_name: String,
}

/// A server that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The scope in which the client has it.
    pub(crate) scope: Scope,
    /// Its name.
    pub(crate) name: String,
    /// The client's file.
    pub(crate) file: PathBuf,
    /// Why it stays.
    pub(crate) reason: StayReason,
}

/// One file before and after.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FileEdit {
    pub(super) path: PathBuf,
    pub(super) before: Option<Content>,
    pub(super) after: String,
    /// The permission bits to set; the present ones where absent.
    pub(super) mode: Option<u32>,
    pub(super) changes: Vec<Change>,
    /// Whether the file is terraphim's rather than the client's.
    pub(super) ours: bool,
}

/// Plans the move of all scopes of a client.
pub(crate) fn plan(client: Client, places: &Places) -> Result<Plan, AdoptError> {
    plan_scopes(client, places, &Scope::ALL)
}

/// Plans the move of some scopes of a client; scopes that it does not have are
/// passed over.
pub(crate) fn plan_scopes(client: Client, places: &Places, scopes: &[Scope]) -> Result<Plan, AdoptError> {
    places.check()?;
    let surveys = survey(client, places)?;
    let mut plan = Plan {
        client,
        moves: Vec::new(),
        kept: Vec::new(),
        notes: Vec::new(),
        files: Vec::new(),
        records: places.records(),
    };
    let mut ours = OurServers::load(client, places)?;
    let mut edited: Vec<FileEdit> = Vec::new();
    let chosen = |survey: &&Survey| scopes.contains(&survey.source.scope);
    for survey in surveys.iter().filter(chosen) {
        let moved = plan.take(survey, &mut ours);
        if !moved.is_empty() {
            let elsewhere = surveys.iter().filter(chosen).any(|other| survey.is_served_by(other));
            let already = surveys.iter().any(|other| survey.is_beside(other) && other.has_ours());
            let entry = clients::our_entry(client, places);
            let successor = Some(&entry).filter(|_| !survey.has_ours() && !elsewhere && !already);
            rewrite(&mut edited, survey, &moved, successor)?;
        }
    }
    plan.notes.append(&mut ours.notes);
    plan.files = ours.into_edits()?;
    refuse_links(&plan, places)?;
    if plan.moves.iter().any(|server| server.scope == Scope::Local) {
        plan.files.extend(unversioned(places)?);
    }
    plan.explain(places, &edited);
    plan.files.append(&mut edited);
    plan.notes.extend(clients::left_alone(client, places)?);
    Ok(plan)
}

/// The entries of one place, judged.
struct Survey {
    source: Source,
    content: Content,
    entries: Vec<(String, Value, Verdict)>,
}

impl Survey {
    fn has_ours(&self) -> bool {
        self.entries.iter().any(|(_, _, verdict)| *verdict == Verdict::Ours)
    }

    fn moves_some(&self) -> bool {
        self.entries.iter().any(|(_, _, verdict)| matches!(verdict, Verdict::Move { .. }))
    }

    /// Whether `other` is the user's place in the same file, so that one entry
    /// of ours there is enough.
    fn is_beside(&self, other: &Self) -> bool {
        self.source.scope == Scope::Local
            && other.source.scope == Scope::User
            && other.source.file == self.source.file
    }

    fn is_served_by(&self, other: &Self) -> bool {
        self.is_beside(other) && other.moves_some()
    }
}

fn survey(client: Client, places: &Places) -> Result<Vec<Survey>, AdoptError> {
    let switched_off = clients::switched_off(client, places)?;
    let mut surveys = Vec::new();
    for source in clients::sources(client, places)? {
        let Some(content) = files::read(&source.file)?.filter(|content| !jsonc::is_blank(&content.text))
        else {
            continue;
        };
        let Some(object) = clients::locate(&source.file, &content.text, &source.at)? else { continue };
        let entries = clients::entries(&source.file, &content.text, &object)?;
        let judged = entries.into_iter().map(|(name, entry)| {
            let verdict = match server::judge(client, source.scope, &name, &entry, places) {
                Verdict::Move { .. } if source.scope != Scope::User && switched_off.contains(&name) => {
                    Verdict::Stay(StayReason::SwitchedOff)
                }
                verdict => verdict,
            };
            (name, entry, verdict)
        });
        let entries = judged.collect();
        surveys.push(Survey { source, content, entries });
    }
    Ok(surveys)
}

/// Edits one place: what moved goes, and `successor` comes in its place.
fn rewrite(
    edited: &mut Vec<FileEdit>,
    survey: &Survey,
    moved: &Map<String, Value>,
    successor: Option<&Value>,
) -> Result<(), AdoptError> {
    let Source { file, at, .. } = &survey.source;
    let index = edited.iter().position(|edit| edit.path == *file).unwrap_or_else(|| {
        edited.push(FileEdit {
            path: file.clone(),
            before: Some(survey.content.clone()),
            after: survey.content.text.clone(),
            mode: None,
            changes: Vec::new(),
            ours: false,
        });
        edited.len() - 1
    });
    let unverified = || AdoptError::Unverified { path: file.clone() };
    let edit = edited.get_mut(index).ok_or_else(unverified)?;
    let mut expected: Map<String, Value> =
        survey.entries.iter().map(|(name, entry, _)| (name.clone(), entry.clone())).collect();
    expected.retain(|name, _| !moved.contains_key(name));
    let key = free_key(&expected);
    let mut added = Map::new();
    added.extend(successor.map(|entry| (key.clone(), entry.clone())));
    expected.extend(added.clone());
    let object = clients::locate(file, &edit.after, at)?.ok_or_else(unverified)?;
    let successor = successor.map(|entry| (key.as_str(), entry));
    edit.after = edit::cut(&edit.after, &object, |name| moved.contains_key(name), successor);
    let object = clients::locate(file, &edit.after, at)?.ok_or_else(unverified)?;
    if clients::entries(file, &edit.after, &object)? != expected {
        return Err(unverified());
    }
    edit.changes.push(Change { at: at.clone(), removed: moved.clone(), added });
    Ok(())
}

/// Our name, or one like it where a server that stays has it.
fn free_key(taken: &Map<String, Value>) -> String {
    let numbered = (2..).map(|number: u32| format!("{OUR_NAME}-{number}"));
    let mut keys = std::iter::once(OUR_NAME.to_owned()).chain(numbered);
    keys.find(|key| !taken.contains_key(key)).unwrap_or_else(|| OUR_NAME.to_owned())
}

/// A project can be anybody's work: our folder in it must not lead secrets elsewhere.
fn refuse_links(plan: &Plan, places: &Places) -> Result<(), AdoptError> {
    let file = places.project_servers();
    if plan.files.iter().all(|edit| edit.path != file) {
        return Ok(());
    }
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    match [folder.clone(), folder.join(".gitignore"), file].into_iter().find(|path| path.is_symlink()) {
        Some(path) => Err(AdoptError::Link { path }),
        None => Ok(()),
    }
}

/// Keeps our file of the project out of version control, as servers of the local
/// scope are one person's.
fn unversioned(places: &Places) -> Result<Option<FileEdit>, AdoptError> {
    let path = places.project_servers().with_file_name(".gitignore");
    let before = files::read(&path)?;
    let mut after = before.as_ref().map(|content| content.text.clone()).unwrap_or_default();
    if after.lines().any(|line| matches!(line.trim(), "mcp.json" | "/mcp.json" | "*")) {
        return Ok(None);
    }
    if !after.is_empty() && !after.ends_with('\n') {
        after.push('\n');
    }
    after.push_str("/mcp.json\n");
    let mode = before.as_ref().map(|content| content.mode).or(Some(0o644));
    Ok(Some(FileEdit { path, before, after, mode, changes: Vec::new(), ours: true }))
}

impl Plan {
    /// Whether there is nothing to move.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files that would be written, ours first.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// All changes as a unified diff, with values that look secret masked.
    pub(crate) fn diff(&self) -> String {
        let diff = |file: &FileEdit| {
            let before = file.before.as_ref().map(|content| content.text.as_str());
            display::diff(&file.path, before, Some(&file.after))
        };
        self.files.iter().map(diff).collect()
    }

    /// What moves, what stays and why, a line each.
    pub(crate) fn summary(&self) -> String {
        let mut lines = String::new();
        let mut line = |text: String| {
            let _ = writeln!(lines, "{}", display::printable_line(&text));
        };
        if self.is_empty() {
            line(format!(
                "nothing to move: no file of `{}` has a server that can go behind terraphim",
                self.client
            ));
        }
        for Move { scope, name, from, to, new_name } in &self.moves {
            let renamed = if name == new_name { String::new() } else { format!(" as `{new_name}`") };
            line(format!(
                "moves: `{name}` ({}) from {} to {}{renamed}",
                scope.name(),
                from.display(),
                to.display()
            ));
        }
        for Kept { scope, name, file, reason } in &self.kept {
            line(format!("stays: `{name}` ({}) in {}: {reason}", scope.name(), file.display()));
        }
        self.notes.iter().for_each(|note| line(note.clone()));
        lines
    }

    /// Hands the movable servers of one place over and gives them as the client had them.
    fn take(&mut self, survey: &Survey, ours: &mut OurServers) -> Map<String, Value> {
        let Source { scope, file, .. } = &survey.source;
        let mut moved = Map::new();
        for (name, original, verdict) in &survey.entries {
            match verdict {
                Verdict::Ours => {}
                Verdict::Stay(reason) => self.kept.push(Kept {
                    scope: *scope,
                    name: name.clone(),
                    file: file.clone(),
                    reason: reason.clone(),
                }),
                Verdict::Move { entry, notes } => {
                    let (to, new_name) = ours.take(*scope, name, entry);
                    self.moves.push(Move {
                        scope: *scope,
                        name: name.clone(),
                        from: file.clone(),
                        to,
                        new_name,
                    });
                    self.notes.extend(notes.iter().cloned());
                    moved.insert(name.clone(), original.clone());
                }
            }
        }
        moved
    }

    /// Says what follows from the changes of the client's files.
    fn explain(&mut self, places: &Places, edited: &[FileEdit]) {
        let shared: BTreeSet<&Path> = edited
            .iter()
            .map(|edit| edit.path.as_path())
            .filter(|path| {
                path.starts_with(&places.project) && !path.starts_with(places.project.join(".claude.json"))
            })
            .filter(|path| {
                self.moves.iter().any(|server| server.scope == Scope::Project && server.from == **path)
            })
            .collect();
        for path in shared {
            self.notes.push(format!(
                "{} belongs to the project: where it is under version control, the change reaches everybody who uses it",
                path.display()
            ));
        }
        let asks = |edit: &&FileEdit| edit.path == places.project.join(".mcp.json");
        if self.client == Client::Claude && edited.iter().any(|edit| asks(&edit)) {
            self.notes.push("Claude Code asks once whether `terraphim` of .mcp.json may start".to_owned());
        }
    }
}
