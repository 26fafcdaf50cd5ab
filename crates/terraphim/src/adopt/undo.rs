//! Putting back what adoptions of a client changed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    AdoptError, Client, Places, display,
    error::ChangedFile,
    files::{self, Content, Step},
    merge,
    record::{Lock, Record, RecordedFile, sha256},
};

/// What to do with a file that was written since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum UndoMode {
    /// Refuse, and restore nothing at all.
    #[default]
    Exact,
    /// Put the server entries back and keep everything else that was written
    /// since; refuse where an entry itself was changed. This suits files that the
    /// client rewrites all the time.
    KeepChanges,
    /// Restore the old file and lose what was written since.
    Force,
}

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UndoReceipt {
    /// Whose servers were put back.
    pub(crate) client: Client,
    /// Each file of the record and what became of it.
    pub(crate) files: Vec<(PathBuf, Restored)>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restored {
    /// It is as before, byte for byte.
    Exactly,
    /// It did not exist before and was removed.
    Removed,
    /// Its server entries are as before; what was written since was kept.
    Entries,
    /// It was as before already.
    Unchanged,
}

impl UndoReceipt {
    /// A sentence, and a line for each file.
    pub(crate) fn message(&self) -> String {
        let line = |(path, restored): &(PathBuf, Restored)| {
            let what = match restored {
                Restored::Exactly => "restored byte for byte",
                Restored::Removed => "removed, as it did not exist before",
                Restored::Entries => "servers put back, later changes kept",
                Restored::Unchanged => "was as before already",
            };
            display::printable_line(&format!("{}: {what}", path.display()))
        };
        let lines: Vec<String> = self.files.iter().map(line).collect();
        format!("the servers of `{}` are its own again\n{}\n", self.client, lines.join("\n"))
    }
}

/// Puts back every file that adoptions of the client changed, in all projects, the
/// latest adoption first; on any refusal or failure nothing is changed. Also
/// completes an adoption that was killed half-way. Only the configuration home of
/// `places` matters.
pub(crate) fn undo(client: Client, places: &Places, mode: UndoMode) -> Result<UndoReceipt, AdoptError> {
    places.check()?;
    let records = places.records();
    let nothing = || AdoptError::NothingToUndo { client, path: Record::path(&records, client) };
    if !Record::path(&records, client).exists() {
        return Err(nothing());
    }
    let lock = Lock::take(&records)?;
    let record = Record::load(&records, client)?.ok_or_else(nothing)?;
    let states = unwound(&record, &records, mode)?;
    let steps: Vec<Step> = states.iter().filter_map(State::step).collect();
    let mut created: Vec<PathBuf> = steps
        .iter()
        .filter(|step| step.after.is_some())
        .flat_map(|step| files::missing_folders(&step.path))
        .collect();
    created.dedup();
    let wanted = steps.iter().filter(|step| step.after.is_some());
    let run = wanted.map(|step| step.path.as_path()).try_for_each(files::create_folder);
    if let Err(error) = run.and_then(|()| files::run(&steps)) {
        files::remove_empty_folders(&created);
        return Err(error);
    }
    Record::new(client).save(&records)?;
    drop(lock);
    let mut folders: Vec<PathBuf> =
        record.layers.into_iter().flat_map(|layer| layer.created_folders).collect();
    folders.push(records);
    if mode == UndoMode::KeepChanges {
        // The folder may have been made for another client, whose undo found it in use.
        let removed = states.iter().filter(|state| state.ours && state.text.is_none());
        folders.extend(removed.filter_map(|state| state.path.parent().map(Path::to_owned)));
    }
    files::remove_empty_folders(&folders);
    Ok(UndoReceipt { client, files: states.into_iter().map(State::outcome).collect() })
}

/// A file on its way back.
struct State {
    path: PathBuf,
    ours: bool,
    present: Option<Content>,
    text: Option<String>,
    mode: Option<u32>,
    merged: bool,
}

impl State {
    fn step(&self) -> Option<Step> {
        let before = self.present.as_ref().map(|content| content.text.clone());
        let mode = self.present.as_ref().map(|content| content.mode);
        let changes =
            before != self.text || (self.text.is_some() && self.mode.is_some() && mode != self.mode);
        changes.then(|| Step { path: self.path.clone(), before, after: self.text.clone(), mode: self.mode })
    }

    fn outcome(self) -> (PathBuf, Restored) {
        let restored = match (&self.text, &self.present) {
            (text, present) if text.as_ref() == present.as_ref().map(|content| &content.text) => {
                Restored::Unchanged
            }
            (None, _) => Restored::Removed,
            (Some(_), _) if self.merged => Restored::Entries,
            (Some(_), _) => Restored::Exactly,
        };
        (self.path, restored)
    }
}

/// All files as they were before the first adoption, the client's before ours, so
/// that no moment leaves a server in no file.
fn unwound(record: &Record, records: &Path, mode: UndoMode) -> Result<Vec<State>, AdoptError> {
    let mut states: BTreeMap<&Path, State> = BTreeMap::new();
    let mut refused: Vec<ChangedFile> = Vec::new();
    for file in record.layers.iter().rev().flat_map(|layer| layer.files.iter().rev()) {
        if !states.contains_key(file.path.as_path()) {
            states.insert(&file.path, State::read(file)?);
        }
        let Some(state) = states.get_mut(file.path.as_path()) else { continue };
        if let Err(reason) = state.unwind(file, mode) {
            let diff = display::diff(&file.path, state.text.as_deref(), file.original.as_deref());
            let reason = reason + &also_adopted(&file.path, record.client, records)?;
            refused.push(ChangedFile { path: file.path.clone(), reason, diff });
        }
    }
    if !refused.is_empty() {
        return Err(AdoptError::ChangedSinceApply { files: refused });
    }
    let mut states: Vec<State> = states.into_values().collect();
    states.sort_by_key(|state| state.ours);
    Ok(states)
}

impl State {
    fn read(file: &RecordedFile) -> Result<Self, AdoptError> {
        let present = files::read(&file.path)?;
        let text = present.as_ref().map(|content| content.text.clone());
        Ok(Self { path: file.path.clone(), ours: file.ours, present, text, mode: None, merged: false })
    }

    /// Takes one adoption back; the error says why that would lose something.
    fn unwind(&mut self, file: &RecordedFile, mode: UndoMode) -> Result<(), String> {
        if self.text == file.original {
            self.mode = file.mode;
            return Ok(());
        }
        let as_written = self.text.as_ref().is_some_and(|text| sha256(text) == file.written_sha256);
        if as_written || mode == UndoMode::Force {
            (self.text, self.mode) = (file.original.clone(), file.mode);
            return Ok(());
        }
        match (&self.text, mode) {
            (None, _) => Err("it was removed since".to_owned()),
            (Some(_), UndoMode::Exact) => {
                Err("it was written since; restoring it would lose that, as follows".to_owned())
            }
            (Some(text), _) => {
                self.text = merge::put_back(file, text)?;
                self.merged = true;
                Ok(())
            }
        }
    }
}

/// A hint at other clients that were adopted into the same file.
fn also_adopted(path: &Path, client: Client, records: &Path) -> Result<String, AdoptError> {
    let mut hint = String::new();
    for other in Client::ALL.into_iter().filter(|other| *other != client) {
        let record = Record::load(records, other)?;
        let mut files = record.iter().flat_map(|record| record.layers.iter().flat_map(|layer| &layer.files));
        if files.any(|file| file.path == path) {
            hint.push_str(&format!(" (`{other}` was adopted into it too: undo that first)"));
        }
    }
    Ok(hint)
}
