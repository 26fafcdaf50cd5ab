//! Images, audio and binary resources of a tool's reply: kept as files of the
//! workspace, and handed to the program as references.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use terraphim_types::{RunId, ToolReply};

use crate::{
    outcome::SavedFile,
    workspace::{Shelf, Workspace, WorkspaceError},
};

/// Replaces what is binary in a reply by references; gives the files made.
pub(crate) fn keep(
    reply: &mut ToolReply,
    workspace: &Workspace,
    run: &RunId,
    first: u64,
) -> Result<Vec<SavedFile>, WorkspaceError> {
    let mut files = Vec::new();
    for block in &mut reply.content {
        let Some((kind, mime, data)) = binary(block) else { continue };
        let Ok(bytes) = BASE64_STANDARD.decode(data) else { continue };
        let name = format!("{run}-{}.{}", first + files.len() as u64, extension(&mime));
        let path = workspace.write(Shelf::Results, &name, &bytes)?;
        let size = bytes.len() as u64;
        *block = json!({ "type": kind, "mimeType": mime, "path": path, "bytes": size });
        files.push(SavedFile { path, bytes: size });
    }
    Ok(files)
}

/// The kind, media type and base64 text of a binary content block.
fn binary(block: &Value) -> Option<(&'static str, String, &str)> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = match block.get("type")?.as_str()? {
        "image" => "image",
        "audio" => "audio",
        "resource" => {
            let resource = block.get("resource")?;
            let mime = text(resource, "mimeType").unwrap_or_else(|| "application/octet-stream".into());
            return Some(("resource", mime, resource.get("blob")?.as_str()?));
        }
        _ => return None,
    };
    Some((kind, text(block, "mimeType")?, block.get("data")?.as_str()?))
}

fn extension(mime: &str) -> &'static str {
    match mime.split(';').next().unwrap_or_default().trim() {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/svg+xml" => "svg",
        "audio/wav" | "audio/x-wav" => "wav",
        "audio/mpeg" => "mp3",
        "application/pdf" => "pdf",
        "application/json" => "json",
        "text/plain" => "txt",
        _ => "bin",
    }
}
