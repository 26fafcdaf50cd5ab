//! `build_autocomplete_index`, `serialize_autocomplete_index` and
//! `deserialize_autocomplete_index`.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Value, json};
use terraphim_kg::{AutocompleteIndex, FORMAT_VERSION};

use super::{
    Effect, Tool, Tools,
    arguments::{ArgumentError, Arguments},
    reply::{Outcome, ToolError, blocking, reply, reply_with},
    schema::{boolean, count, maybe_text, object, role, takes, text, told},
};
use crate::{
    resources,
    uri::{self, Address},
};

/// Largest index that is answered as text, in bytes; a larger one is a resource.
const MAX_INLINE_BYTES: usize = 48 << 10;

/// Longest text of an index, in bytes: what the arguments of one call may hold.
const MAX_BASE64_BYTES: usize = 8 << 20;

pub(super) static BUILD: Tool = Tool {
    name: "build_autocomplete_index",
    title: "Build the autocomplete index",
    description: "Makes the role's autocomplete index anew, with the weights of now; a loaded one stays. Not needed before \
                  completing: the index is made when it is first used.",
    effect: Effect::Reads,
    capabilities: &["autocomplete", "read"],
    input: || takes(0, [("role", role())]),
    output: || {
        object(
            5,
            [
                ("role", text()),
                ("name", text()),
                ("terms", count()),
                ("bytes", count()),
                ("loaded", boolean()),
            ],
        )
    },
    call: |tools, arguments| Box::pin(build(tools, arguments)),
};

pub(super) static SERIALIZE: Tool = Tool {
    name: "serialize_autocomplete_index",
    title: "Serialize the autocomplete index",
    description: "Gives the role's autocomplete index as base64; one over 48 KiB as the URI of a resource.",
    effect: Effect::Reads,
    capabilities: &["autocomplete", "read"],
    input: || takes(0, [("role", role())]),
    output: || {
        object(
            7,
            [
                ("role", text()),
                ("name", text()),
                ("format_version", count()),
                ("terms", count()),
                ("bytes", count()),
                ("base64_data", maybe_text()),
                ("uri", text()),
            ],
        )
    },
    call: |tools, arguments| Box::pin(serialize(tools, arguments)),
};

pub(super) static DESERIALIZE: Tool = Tool {
    name: "deserialize_autocomplete_index",
    title: "Load an autocomplete index",
    description: "Completes from a serialized index instead of the role's own, until its thesaurus or the configuration \
                  changes or the server ends.",
    effect: Effect::Loads,
    capabilities: &["autocomplete", "load"],
    input: || {
        let data = "base64 or the URI, as serialize_autocomplete_index gave it.";
        takes(1, [("base64_data", told(data)), ("role", role())])
    },
    output: || {
        object(4, [("role", text()), ("name", text()), ("format_version", count()), ("terms", count())])
    },
    call: |tools, arguments| Box::pin(deserialize(tools, arguments)),
};

#[derive(Serialize)]
struct Built<'v> {
    role: &'v str,
    name: &'v str,
    terms: usize,
    bytes: usize,
    /// It was loaded, and is not made from the role's thesaurus.
    loaded: bool,
}

async fn build(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let role = arguments.text("role")?;
    let mut view = tools.view(arguments).await?;
    // Whoever may only read may not take away what another has loaded.
    if !view.has_loaded_autocomplete() {
        view = tools.library().rebuild_autocomplete(role).await?;
    }
    blocking(move || {
        let index = view.autocomplete()?;
        let loaded = view.has_loaded_autocomplete();
        let built = Built {
            role: &view.role().short_name,
            name: index.name(),
            terms: index.len(),
            bytes: index.bytes(),
            loaded,
        };
        let kept = if loaded { ", loaded and kept" } else { "" };
        let told = format!("The index of role {} has {} terms{kept}.", built.role, built.terms);
        reply(&built, told)
    })
    .await
}

#[derive(Serialize)]
struct Serialized<'v> {
    role: &'v str,
    name: &'v str,
    format_version: u16,
    terms: usize,
    bytes: usize,
    base64_data: Option<String>,
    uri: String,
}

async fn serialize(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let view = tools.view(arguments).await?;
    blocking(move || {
        let index = view.autocomplete()?;
        let bytes = index.to_bytes();
        let role = view.role().short_name.as_str();
        let uri = uri::index(role);
        let base64_data = (bytes.len() <= MAX_INLINE_BYTES).then(|| STANDARD.encode(&bytes));
        let (terms, name) = (index.len(), index.name());
        let told = format!("The index of role {role} has {terms} terms in {} bytes: {uri}", bytes.len());
        let inline = base64_data.is_some();
        let serialized = Serialized {
            role,
            name,
            format_version: FORMAT_VERSION,
            terms,
            bytes: bytes.len(),
            base64_data,
            uri,
        };
        if inline {
            return reply(&serialized, told);
        }
        let link = link(&serialized);
        reply_with(&serialized, told, [link])
    })
    .await
}

fn link(serialized: &Serialized<'_>) -> Value {
    json!({
        "type": "resource_link",
        "uri": serialized.uri,
        "name": format!("autocomplete-{}", serialized.role),
        "mimeType": resources::INDEX_TYPE,
        "size": serialized.bytes,
    })
}

#[derive(Serialize)]
struct Deserialized<'v> {
    role: &'v str,
    name: &'v str,
    format_version: u16,
    terms: usize,
}

async fn deserialize(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let what = "what serialize_autocomplete_index gave";
    let data = arguments.document("base64_data", what, MAX_BASE64_BYTES)?.trim();
    if data.is_empty() {
        return Err(ArgumentError::Empty { name: "base64_data", what }.into());
    }
    // The role is looked for before the bytes are, which may take a while.
    let role = tools.library().role(arguments.text("role")?)?.short_name.clone();
    let index = match uri::parse(data) {
        Some(Address::Index { role: source }) => {
            let view = tools.library().view(Some(&source)).await?;
            blocking(move || Ok(AutocompleteIndex::from_bytes(&view.autocomplete()?.to_bytes())?)).await?
        }
        _ => {
            let data = data.to_owned();
            blocking(move || read(&data)).await?
        }
    };
    let view = tools.library().load_autocomplete(Some(&role), index).await?;
    blocking(move || {
        let index = view.autocomplete()?;
        let deserialized = Deserialized {
            role: &view.role().short_name,
            name: index.name(),
            format_version: FORMAT_VERSION,
            terms: index.len(),
        };
        let told =
            format!("Role {} completes from `{}`: {} terms.", deserialized.role, index.name(), index.len());
        reply(&deserialized, told)
    })
    .await
}

/// Reads an index out of base64, in which line ends count for nothing.
fn read(data: &str) -> Result<AutocompleteIndex, ToolError> {
    let joined: String = data.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(joined).map_err(|source| ToolError::Base64 { source })?;
    Ok(AutocompleteIndex::from_bytes(&bytes)?)
}
