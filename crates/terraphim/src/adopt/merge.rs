//! Putting server entries back into a file that has been written since: what was
//! added goes, what was removed returns, and everything else stays.

use std::path::Path;

use super::{
    clients::{self, quoted},
    edit,
    record::RecordedFile,
};

/// The text with the entries put back, `None` where the file was made by us and
/// holds nothing any more. The error says what stands in the way.
pub(super) fn put_back(file: &RecordedFile, text: &str) -> Result<Option<String>, String> {
    let mut text = text.to_owned();
    for change in file.changes.iter().rev() {
        text = take_out(&file.path, &text, &change.at, &change.added)?;
        text = bring_in(&file.path, &text, &change.at, &change.removed)?;
    }
    // Where another client's adoption made the file, there was an original, with its servers.
    let held_something = file.original.as_ref().is_none_or(|original| !holds_nothing(&file.path, original));
    let is_left_over =
        file.ours && !file.changes.is_empty() && held_something && holds_nothing(&file.path, &text);
    Ok(Some(text).filter(|_| !is_left_over))
}

type Entries = serde_json::Map<String, serde_json::Value>;

fn take_out(path: &Path, text: &str, at: &[String], added: &Entries) -> Result<String, String> {
    let Some(object) = clients::locate(path, text, at).map_err(|error| error.to_string())? else {
        return Ok(text.to_owned());
    };
    let present = clients::entries(path, text, &object).map_err(|error| error.to_string())?;
    let edited: Vec<&str> = added
        .iter()
        .filter(|(name, entry)| present.get(*name).is_some_and(|other| other != *entry))
        .map(|(name, _)| name.as_str())
        .collect();
    if !edited.is_empty() {
        return Err(format!("{} was changed since", quoted(&edited)));
    }
    Ok(edit::cut(text, &object, |name| added.contains_key(name), None))
}

fn bring_in(path: &Path, text: &str, at: &[String], removed: &Entries) -> Result<String, String> {
    let mut text = text.to_owned();
    for (name, entry) in removed {
        let object = clients::locate(path, &text, at)
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("`{}` is gone, which held {}", at.join("."), quoted(&[name])))?;
        let present = clients::entries(path, &text, &object).map_err(|error| error.to_string())?;
        match present.get(name) {
            None => text = edit::add(&text, &object, name, entry),
            Some(other) if other == entry => {}
            Some(_) => return Err(format!("{} is there again with another definition", quoted(&[name]))),
        }
    }
    Ok(text)
}

/// Whether the file is an object of empty objects.
fn holds_nothing(path: &Path, text: &str) -> bool {
    let entries = clients::locate(path, text, &[])
        .ok()
        .flatten()
        .and_then(|root| clients::entries(path, text, &root).ok());
    entries.is_some_and(|entries| {
        entries.values().all(|value| value.as_object().is_some_and(|object| object.is_empty()))
    })
}
