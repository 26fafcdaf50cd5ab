//! What a tool answers, and why one does not.

use std::error::Error;

use serde::Serialize;
use serde_json::{Value, json};
use terraphim_kg::{AutocompleteError, IndexFormatError, RipgrepError, ThesaurusError};
use terraphim_types::{JsonText, ToolReply};

use super::{
    arguments::{ArgumentError, Arguments},
    config::UpdateError,
};
use crate::error::NotesError;

/// How many items of a list the text form shows.
pub(super) const MAX_LISTED: usize = 20;

/// Largest `skip`: programs' numbers are exact up to there.
const MAX_SKIP: u64 = 1 << 53;

/// Why a tool gives no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    #[error(transparent)]
    Notes(#[from] NotesError),
    #[error(transparent)]
    Autocomplete(#[from] AutocompleteError),
    #[error("`base64_data` holds no index")]
    Index(#[from] IndexFormatError),
    #[error("`base64_data` is not base64")]
    Base64 {
        #[source]
        source: base64::DecodeError,
    },
    #[error("`json_str` holds no thesaurus")]
    Thesaurus(#[from] ThesaurusError),
    #[error(
        "`automata_path` is a URL, of which none is allowed: save it below a folder of the role, then pass the path, or pass its text to load_thesaurus_from_json"
    )]
    Url,
    #[error("`jsonlines` cannot be read")]
    Lines(#[from] RipgrepError),
    #[error(transparent)]
    Update(#[from] UpdateError),
    #[error("the result cannot be written")]
    Unwritable(#[from] serde_json::Error),
    #[error("the tool broke: call again")]
    Died,
}

impl ToolError {
    /// Whether the caller's arguments are to blame.
    pub(crate) fn is_argument(&self) -> bool {
        matches!(self, Self::Argument(_) | Self::Notes(NotesError::UnknownRole { .. }))
    }

    /// The message with the causes that it does not tell itself.
    pub(crate) fn report(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let told = error.to_string();
            if !text.contains(&told) {
                text.push_str(": ");
                text.push_str(&told);
            }
            cause = error.source();
        }
        text
    }
}

/// What a call comes to.
pub(crate) type Outcome = Result<ToolReply, ToolError>;

/// A structured result, and a short text for clients that read only text.
pub(super) fn reply(structured: &impl Serialize, text: impl Into<String>) -> Outcome {
    reply_with(structured, text, [])
}

/// The same with further content.
pub(super) fn reply_with<const N: usize>(
    structured: &impl Serialize,
    text: impl Into<String>,
    more: [Value; N],
) -> Outcome {
    let text: String = text.into();
    let content = [json!({ "type": "text", "text": text })].into_iter().chain(more).collect();
    Ok(ToolReply { content, structured_content: Some(JsonText::of(structured)?), is_error: false })
}

/// The reply of a call that failed.
pub(crate) fn failure(error: &ToolError) -> ToolReply {
    let content = vec![json!({ "type": "text", "text": error.report() })];
    ToolReply { content, structured_content: None, is_error: true }
}

/// Runs what takes more than a moment where it holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ToolError> + Send + 'static,
) -> Result<T, ToolError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(ToolError::Died))
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paging {
    pub(super) skip: usize,
    pub(super) limit: usize,
}

impl Paging {
    pub(super) fn of(arguments: Arguments<'_>, default: u64, most: u64) -> Result<Self, ArgumentError> {
        let limit = arguments.integer("limit", default, 1..=most)?;
        Ok(Self { skip: arguments.integer("skip", 0, 0..=MAX_SKIP)?, limit })
    }

    /// The part of a list.
    pub(super) fn cut<T>(self, list: impl IntoIterator<Item = T>) -> Vec<T> {
        list.into_iter().skip(self.skip).take(self.limit).collect()
    }

    /// Where the list goes on after what is shown.
    pub(super) fn next(self, shown: usize, total: usize) -> Option<usize> {
        let end = self.skip.saturating_add(shown);
        (shown > 0 && end < total).then_some(end)
    }
}

/// A heading, then the first items, one a line.
pub(super) fn listed(heading: String, items: impl ExactSizeIterator<Item = String>) -> String {
    let mut text = heading;
    let more = items.len().saturating_sub(MAX_LISTED);
    for item in items.take(MAX_LISTED) {
        text.push('\n');
        text.push_str(&item);
    }
    if more > 0 {
        text.push_str(&format!("\n… and {more} more"));
    }
    text
}

/// The start of a text, for a text form.
pub(super) fn excerpt(text: &str) -> String {
    const MAX_BYTES: usize = 16 << 10;
    match text.get(..text.floor_char_boundary(MAX_BYTES)) {
        Some(start) if start.len() < text.len() => format!("{start}…"),
        _ => text.to_owned(),
    }
}
