//! The notes as documents of MCP:
//!
//! | address | what |
//! | --- | --- |
//! | `terraphim://notes/{role}/{+path}` | a note, as in its file |
//! | `terraphim://concepts/{role}/{concept}` | a concept: its terms, its neighbours, the notes about it |
//! | `terraphim://autocomplete/{role}` | the autocomplete index, in its own format |

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::stream;
use serde::Serialize;
use terraphim_kg::ConceptIndex;
use terraphim_mcp_gateway::{
    Completion, CompletionQuestion, ResourceBody, ResourceChange, ResourceChanges, ResourceContent,
    ResourceError, ResourceFuture, ResourceHead, ResourcePage, ResourceTemplate, Resources,
};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    Change, Library, NoteKey, NotesError, NotesServer, RoleView,
    uri::{self, Address},
};

/// Documents on one page of a list.
const PAGE: usize = 100;

/// Most values that complete an argument; the protocol has no more.
const MAX_VALUES: usize = 100;

/// How many notes are looked through for a path.
const MAX_PATHS: usize = 2_000;

/// Parts of a concept that are shown.
const MAX_TERMS: usize = 200;
const MAX_RELATED: usize = 50;
const MAX_NOTES: usize = 20;

/// The media type of an autocomplete index.
pub(crate) const INDEX_TYPE: &str = "application/octet-stream";

const MARKDOWN: &str = "text/markdown";
const PLAIN: &str = "text/plain";
const JSON: &str = "application/json";

const NOTE_TEMPLATE: &str = "terraphim://notes/{role}/{+path}";
const CONCEPT_TEMPLATE: &str = "terraphim://concepts/{role}/{concept}";
const INDEX_TEMPLATE: &str = "terraphim://autocomplete/{role}";

impl Resources for NotesServer {
    fn list<'a>(&'a self, cursor: Option<&'a str>) -> ResourceFuture<'a, ResourcePage> {
        Box::pin(async move { list(self.newest().await, cursor).await })
    }

    fn templates(&self) -> Vec<ResourceTemplate> {
        vec![
            ResourceTemplate {
                uri_template: NOTE_TEMPLATE,
                name: "note",
                description: "A whole note, by the `url` or `path` that search gave.",
                media_type: None,
            },
            ResourceTemplate {
                uri_template: CONCEPT_TEMPLATE,
                name: "concept",
                description: "A concept of the knowledge graph: its terms, its neighbours, the notes about it.",
                media_type: Some(JSON),
            },
            ResourceTemplate {
                uri_template: INDEX_TEMPLATE,
                name: "autocomplete",
                description: "The autocomplete index of a role, for deserialize_autocomplete_index.",
                media_type: Some(INDEX_TYPE),
            },
        ]
    }

    fn read<'a>(&'a self, uri: &'a str) -> ResourceFuture<'a, ResourceContent> {
        Box::pin(async move { read(self.newest().await, uri).await })
    }

    fn complete<'a>(&'a self, asked: &'a CompletionQuestion) -> ResourceFuture<'a, Completion> {
        Box::pin(async move { complete(self.newest().await, asked).await })
    }

    fn changes(&self) -> ResourceChanges {
        Box::pin(stream::unfold(self.library().subscribe(), |mut changes| async move {
            let change = match changes.recv().await {
                Ok(change) => resource_change(change),
                Err(RecvError::Lagged(_)) => ResourceChange::new(true, |_| true),
                Err(RecvError::Closed) => return None,
            };
            Some((change, changes))
        }))
    }
}

/// What a change of the engine means for the documents.
fn resource_change(change: Change) -> ResourceChange {
    match change {
        Change::Config => ResourceChange::new(true, |_| true),
        Change::Knowledge { role } => ResourceChange::new(false, move |uri| match uri::parse(uri) {
            Some(Address::Concept { role: of, .. } | Address::Index { role: of }) => of == role,
            _ => false,
        }),
        Change::Documents { role, ids } => ResourceChange::new(true, move |uri| match uri::parse(uri) {
            Some(Address::Note { role: of, path }) => {
                of == role && (ids.is_empty() || ids.contains(&NoteKey::of(&path).to_string()))
            }
            // Neighbours, notes and weights follow the notes.
            Some(Address::Concept { role: of, .. } | Address::Index { role: of }) => of == role,
            None => false,
        }),
    }
}

fn not_found(uri: &str, hint: impl Into<String>) -> ResourceError {
    ResourceError::NotFound { uri: uri.chars().take(200).collect(), hint: hint.into() }
}

fn failed(error: impl std::fmt::Display) -> ResourceError {
    ResourceError::Failed { reason: error.to_string() }
}

/// Runs what reads files or searches where it holds nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ResourceError> + Send + 'static,
) -> Result<T, ResourceError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(failed(error)))
}

/// The documents of role after role. A role that cannot be opened has none.
async fn list(library: &Library, cursor: Option<&str>) -> Result<ResourcePage, ResourceError> {
    let (mut place, mut skip) = match cursor {
        None => (0, 0),
        Some(cursor) => {
            let (place, skip) = cursor.split_once('-').ok_or(ResourceError::Cursor)?;
            let number = |text: &str| text.parse::<usize>().map_err(|_| ResourceError::Cursor);
            (number(place)?, number(skip)?)
        }
    };
    let config = library.config();
    let mut page = ResourcePage::default();
    while let Some(role) = config.roles.get(place) {
        match library.view(Some(&role.short_name)).await {
            Ok(view) => {
                let room = PAGE.saturating_sub(page.resources.len());
                let (heads, total) = blocking(move || heads(&view, skip, room)).await?;
                page.resources.extend(heads);
                // A file that is not read yet takes its place in the list, too.
                let end = skip.saturating_add(room);
                if end < total {
                    page.next = Some(format!("{place}-{end}"));
                    return Ok(page);
                }
            }
            Err(error) => tracing::warn!(role = role.name, %error, "the notes of a role are not listed"),
        }
        (place, skip) = (place + 1, 0);
        if page.resources.len() >= PAGE && place < config.roles.len() {
            page.next = Some(format!("{place}-0"));
            break;
        }
    }
    Ok(page)
}

/// The notes of a role, after its autocomplete index.
fn heads(view: &RoleView, skip: usize, limit: usize) -> Result<(Vec<ResourceHead>, usize), ResourceError> {
    let role = &view.role().short_name;
    let own = usize::from(view.has_knowledge());
    let mut heads = Vec::new();
    if own > skip && limit > 0 {
        heads.push(ResourceHead {
            uri: uri::index(role),
            name: format!("autocomplete-{role}"),
            title: Some(format!("Autocomplete index of {}", view.role().name)),
            media_type: INDEX_TYPE,
            bytes: None,
        });
    }
    let room = limit.saturating_sub(heads.len());
    let (documents, total) = view.documents(skip.saturating_sub(own), room).map_err(failed)?;
    heads.extend(documents.into_iter().map(|document| ResourceHead {
        uri: uri::note(role, &document.path),
        media_type: media_type(&document.path),
        name: document.path,
        title: Some(document.title),
        bytes: Some(document.bytes),
    }));
    Ok((heads, total + own))
}

fn media_type(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_markdown =
        ["md", "markdown", "mdown", "mkd"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    if is_markdown { MARKDOWN } else { PLAIN }
}

async fn read(library: &Library, uri: &str) -> Result<ResourceContent, ResourceError> {
    let hint = "resources/list names the notes, resources/templates/list the other forms";
    let address = uri::parse(uri).ok_or_else(|| not_found(uri, hint))?;
    let view = match library.view(Some(address.role())).await {
        Ok(view) => view,
        Err(error @ (NotesError::UnknownRole { .. } | NotesError::NoRole)) => {
            return Err(not_found(uri, error.to_string()));
        }
        Err(error) => return Err(failed(error)),
    };
    let asked = uri.to_owned();
    blocking(move || match address {
        Address::Note { path, .. } => note(&view, &path, &asked),
        Address::Concept { concept, .. } => concept_document(&view, &concept, &asked),
        Address::Index { .. } => {
            let bytes = view.autocomplete().map_err(failed)?.to_bytes();
            Ok(ResourceContent { media_type: INDEX_TYPE, body: ResourceBody::Base64(STANDARD.encode(bytes)) })
        }
    })
    .await
}

fn note(view: &RoleView, path: &str, uri: &str) -> Result<ResourceContent, ResourceError> {
    let found = view.document(&NoteKey::of(path).to_string()).map_err(failed)?;
    let document = found.filter(|document| document.path == path);
    let document = document.ok_or_else(|| not_found(uri, "the role has no note of this path"))?;
    Ok(ResourceContent { media_type: media_type(path), body: ResourceBody::Text(document.text) })
}

#[derive(Serialize)]
struct ConceptDocument<'v> {
    name: &'v str,
    id: u64,
    url: Option<&'v str>,
    terms: Vec<&'v str>,
    mentions: u64,
    related: Vec<Related<'v>>,
    notes: Vec<AboutIt>,
}

#[derive(Serialize)]
struct Related<'v> {
    concept: &'v str,
    uri: String,
    weight: u64,
    notes: u32,
}

#[derive(Serialize)]
struct AboutIt {
    title: String,
    uri: String,
    score: f64,
}

fn concept_document(view: &RoleView, name: &str, uri: &str) -> Result<ResourceContent, ResourceError> {
    let thesaurus = view.thesaurus();
    let index = named(view, name).ok_or_else(|| not_found(uri, "the knowledge graph has no such concept"))?;
    let concept =
        thesaurus.concept(index).ok_or_else(|| not_found(uri, "the knowledge graph has changed"))?;
    let role = &view.role().short_name;
    let related = view.graph().edges(index).into_iter().take(MAX_RELATED).map(|edge| {
        let concept = view.concept_name(edge.to);
        Related { concept, uri: uri::concept(role, concept), weight: edge.weight, notes: edge.documents }
    });
    let mut notes = Vec::new();
    for ranked in view.graph().rank(&[index], MAX_NOTES) {
        // A note that went away since is left out.
        if let Some(document) = view.document(&ranked.document.to_string()).map_err(failed)? {
            let uri = uri::note(role, &document.path);
            notes.push(AboutIt { title: document.title, uri, score: ranked.score });
        }
    }
    let document = ConceptDocument {
        name: &concept.name,
        id: concept.id,
        url: concept.url.as_deref(),
        terms: thesaurus.terms_of(index).take(MAX_TERMS).map(|term| term.written.as_str()).collect(),
        mentions: view.graph().node(index).map_or(0, |node| node.mentions),
        related: related.collect(),
        notes,
    };
    let text = serde_json::to_string(&document).map_err(failed)?;
    Ok(ResourceContent { media_type: JSON, body: ResourceBody::Text(text) })
}

/// The concept of that name, else the one that a term of that name stands for.
fn named(view: &RoleView, name: &str) -> Option<ConceptIndex> {
    let thesaurus = view.thesaurus();
    let mut named = thesaurus.indices().zip(thesaurus.concepts());
    named.find(|(_, concept)| concept.name == name).map(|(index, _)| index).or_else(|| thesaurus.lookup(name))
}

async fn complete(library: &Library, asked: &CompletionQuestion) -> Result<Completion, ResourceError> {
    let known = [NOTE_TEMPLATE, CONCEPT_TEMPLATE, INDEX_TEMPLATE];
    if !known.contains(&asked.uri_template.as_str()) {
        return Err(not_found(&asked.uri_template, "resources/templates/list names the templates"));
    }
    if asked.variable == "role" {
        let typed = asked.typed.trim().to_lowercase();
        let config = library.config();
        let names = config.roles.iter().map(|role| role.short_name.clone());
        return Ok(first(names.filter(|name| name.to_lowercase().starts_with(&typed))));
    }
    let role = asked.known.iter().find(|(name, _)| name == "role").map(|(_, value)| value.as_str());
    let view = match library.view(role).await {
        Ok(view) => view,
        // Nothing completes a path of a role that is not chosen yet.
        Err(NotesError::UnknownRole { .. } | NotesError::NoRole | NotesError::NoDefault { .. }) => {
            return Ok(Completion::default());
        }
        Err(error) => return Err(failed(error)),
    };
    let (variable, template, typed) =
        (asked.variable.clone(), asked.uri_template.clone(), asked.typed.clone());
    blocking(move || match (template.as_str(), variable.as_str()) {
        (CONCEPT_TEMPLATE, "concept") => concepts(&view, &typed),
        (NOTE_TEMPLATE, "path") => paths(&view, &typed),
        _ => Ok(Completion::default()),
    })
    .await
}

/// The concepts that have a term which begins as typed, heaviest first.
fn concepts(view: &Arc<RoleView>, typed: &str) -> Result<Completion, ResourceError> {
    let index = view.autocomplete().map_err(failed)?;
    let mut names: Vec<&str> = Vec::new();
    for found in index.complete(typed, terraphim_kg::MAX_SUGGESTIONS) {
        if !names.contains(&found.concept) {
            names.push(found.concept);
        }
        if names.len() > MAX_VALUES {
            break;
        }
    }
    Ok(first(names.into_iter().map(str::to_owned)))
}

fn paths(view: &RoleView, typed: &str) -> Result<Completion, ResourceError> {
    let (documents, total) = view.documents(0, MAX_PATHS).map_err(failed)?;
    let seen = documents.len();
    let fitting = documents.into_iter().map(|document| document.path).filter(|path| path.starts_with(typed));
    let mut completion = first(fitting);
    completion.has_more |= seen < total;
    Ok(completion)
}

fn first(values: impl Iterator<Item = String>) -> Completion {
    let mut values: Vec<_> = values.take(MAX_VALUES + 1).collect();
    let has_more = values.len() > MAX_VALUES;
    values.truncate(MAX_VALUES);
    Completion { values, has_more }
}
