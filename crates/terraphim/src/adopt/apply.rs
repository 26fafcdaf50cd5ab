//! Writing a plan.

use std::path::PathBuf;

use super::{
    AdoptError, Client, Plan,
    files::{self, Step},
    plan::FileEdit,
    record::{Layer, Lock, Record, RecordedFile, sha256},
};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// Whose servers were moved.
    pub(crate) client: Client,
    /// The files that were written, in that order; none where there was nothing to move.
    pub(crate) written: Vec<PathBuf>,
    /// The backup record.
    pub(crate) record: PathBuf,
}

impl Receipt {
    /// A sentence for the user.
    pub(crate) fn message(&self) -> String {
        let Self { client, written, record } = self;
        if written.is_empty() {
            return format!(
                "nothing to do: the servers of `{client}` that can be moved are behind terraphim already"
            );
        }
        let count = written.len();
        format!(
            "wrote {count} file{}; `terraphim adopt --client {client} --undo` puts them back (backup in {})",
            if count == 1 { "" } else { "s" },
            record.display()
        )
    }
}

/// Writes the backup record and then every file of the plan, ours first, so that
/// no moment leaves a server in no file. Where one file changed since the plan was
/// made or cannot be written, the others are put back. An empty plan writes nothing.
pub(crate) fn apply(plan: &Plan) -> Result<Receipt, AdoptError> {
    let record = Record::path(&plan.records, plan.client);
    if plan.is_empty() {
        return Ok(Receipt { client: plan.client, written: Vec::new(), record });
    }
    let mut created: Vec<PathBuf> =
        plan.paths().chain([record.as_path()]).flat_map(files::missing_folders).collect();
    created.sort();
    created.dedup();
    let written = write(plan, &record, &created);
    if written.is_err() {
        files::remove_empty_folders(&created);
    }
    written?;
    Ok(Receipt { client: plan.client, written: plan.paths().map(Into::into).collect(), record })
}

fn write(plan: &Plan, record_path: &std::path::Path, created: &[PathBuf]) -> Result<(), AdoptError> {
    files::create_folder(record_path)?;
    let _lock = Lock::take(&plan.records)?;
    let earlier = Record::load(&plan.records, plan.client)?.unwrap_or_else(|| Record::new(plan.client));
    let mut record = earlier.clone();
    record.layers.push(Layer {
        files: plan.files.iter().map(recorded).collect(),
        created_folders: created.to_owned(),
    });
    record.save(&plan.records)?;
    let steps: Vec<Step> = plan.files.iter().map(step).collect();
    let run = plan.paths().try_for_each(files::create_folder).and_then(|()| files::run(&steps));
    match run {
        Ok(()) => Ok(()),
        // The files are not as they were, so the record of how they were stays.
        Err(error @ AdoptError::RollbackFailed { .. }) => Err(error),
        Err(error) => {
            // A layer that stays in the record does no harm: its files are as before.
            let _ = earlier.save(&plan.records);
            Err(error)
        }
    }
}

fn recorded(edit: &FileEdit) -> RecordedFile {
    RecordedFile {
        path: edit.path.clone(),
        original: edit.before.as_ref().map(|content| content.text.clone()),
        mode: edit.before.as_ref().map(|content| content.mode),
        written_sha256: sha256(&edit.after),
        changes: edit.changes.clone(),
        ours: edit.ours,
    }
}

fn step(edit: &FileEdit) -> Step {
    Step {
        path: edit.path.clone(),
        before: edit.before.as_ref().map(|content| content.text.clone()),
        after: Some(edit.after.clone()),
        mode: edit.mode,
    }
}
