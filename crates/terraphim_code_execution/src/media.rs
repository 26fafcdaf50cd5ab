//! Images, audio and binary resources of a tool's reply: kept as files of the
//! workspace, and handed to the program as references.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use terraphim_types::{RunId, ToolReply};

use crate::{
    outcome::SavedFile,
    workspace::{Shelf, Workspace, WorkspaceError},
};

/// How many content blocks of a reply are binary.
pub(crate) fn count(reply: &ToolReply) -> u64 {
    reply.content.iter().filter(|block| binary(block).is_some()).count() as u64
}

/// Replaces what is binary in a reply by references; gives the files made,
/// which are all or none. Their numbers begin with `first`.
pub(crate) fn keep(
    reply: &mut ToolReply,
    workspace: &Workspace,
    run: &RunId,
    first: u64,
) -> Result<Vec<SavedFile>, WorkspaceError> {
    let mut blocks = Vec::new();
    let mut contents = Vec::new();
    for block in &mut reply.content {
        let Some((kind, mime, data)) = binary(block) else { continue };
        let Ok(bytes) = BASE64_STANDARD.decode(data) else { continue };
        let name = format!("{run}-{}.{}", first + contents.len() as u64, extension(&mime));
        contents.push((name, bytes));
        blocks.push((block, kind, mime));
    }
    let paths = workspace.write_all(Shelf::Results, &contents)?;
    let mut files = Vec::new();
    for (((block, kind, mime), (_, bytes)), path) in blocks.into_iter().zip(&contents).zip(paths) {
        let bytes = bytes.len() as u64;
        *block = json!({ "type": kind, "mimeType": mime, "path": path, "bytes": bytes });
        files.push(SavedFile { path, bytes, change: None });
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
