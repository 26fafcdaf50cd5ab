//! What a program asks of its workspace.

use std::{os::fd::OwnedFd, sync::Arc};

use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{Bridge, CallError, blocking, decode, encode};
use crate::{outcome::SavedFile, workspace::Shelf};

#[derive(Deserialize)]
struct SaveCall {
    name: String,
    /// Kept as the text that it came as.
    value: Box<RawValue>,
}

#[derive(Deserialize)]
struct NameCall {
    name: String,
}

impl Bridge {
    /// Answers a call whose name begins with `workspace.`; `written` is what the
    /// program has written over its workspace so far.
    pub(super) async fn storage(
        &self,
        name: &str,
        payload: Vec<u8>,
        written: Option<Arc<OwnedFd>>,
    ) -> Result<Vec<u8>, CallError> {
        let workspace = self.workspace.clone();
        match name {
            "workspace.save" => self.save(decode(payload).await?).await,
            "workspace.load" => self.load(decode(payload).await?).await,
            "workspace.list" => {
                let names = blocking(move || workspace.names(Shelf::Data)).await??;
                let plain = names.iter().map(|name| name.strip_suffix(".json").unwrap_or(name).to_owned());
                encode(&plain.collect::<Vec<_>>())
            }
            "workspace.checkpoint" => {
                let NameCall { name } = decode(payload).await?;
                let taken = blocking(move || workspace.checkpoint(&name, written.as_deref())).await??;
                encode(&taken)
            }
            "workspace.checkpoints" => encode(&blocking(move || workspace.checkpoints()).await??),
            "workspace.restore" => self.restore(decode(payload).await?).await,
            _ => Err(CallError::new("unknown", "the host has no such function")),
        }
    }

    async fn save(&self, call: SaveCall) -> Result<Vec<u8>, CallError> {
        let json = call.value.get().as_bytes().to_vec();
        let bytes = json.len() as u64;
        let workspace = self.workspace.clone();
        let name = format!("{}.json", call.name);
        let path = blocking(move || workspace.write(Shelf::Data, &name, &json)).await??;
        {
            let mut record = self.record();
            record.files.retain(|file| file.path != path);
            record.files.push(SavedFile { path: path.clone(), bytes, change: None });
        }
        encode(&json!({ "path": path, "bytes": bytes }))
    }

    async fn load(&self, call: NameCall) -> Result<Vec<u8>, CallError> {
        let workspace = self.workspace.clone();
        let limit = self.limits.reply_bytes as u64;
        let bytes =
            blocking(move || workspace.read(Shelf::Data, &format!("{}.json", call.name), limit)).await??;
        // The file may have been changed by hand; the program must get JSON.
        serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
            .map_err(|error| CallError::new("tool", format!("what is kept there is not JSON: {error}")))?;
        Ok(bytes)
    }

    /// Where a program has files of its own, they are put back when it has ended:
    /// nobody changes a folder below a program that is at work in it.
    async fn restore(&self, call: NameCall) -> Result<Vec<u8>, CallError> {
        let (workspace, name) = (self.workspace.clone(), call.name);
        let known = name.clone();
        if self.language.has_files() {
            blocking(move || workspace.check_checkpoint(&known)).await??;
            self.record().restore = Some(name.clone());
            return encode(&json!({ "name": name, "when": "at the end of the program" }));
        }
        let changed = blocking(move || workspace.restore(&known)).await??;
        let count = changed.len();
        {
            let mut record = self.record();
            record.files.retain(|file| changed.iter().all(|changed| changed.path != file.path));
            record.files.extend(changed);
        }
        encode(&json!({ "name": name, "when": "now", "changed": count }))
    }
}
