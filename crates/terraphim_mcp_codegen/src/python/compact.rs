//! A tool as its docs show it to who writes a call: the types that it names, and one function
//! whose parameters carry their notes. What a type checker needs beside that, the classes of
//! values that can be awaited and the two ways of a call, is in the stubs.

use terraphim_types::ToolDefinition;

use super::{
    arguments::keywords,
    stubs::{MAX_DEFAULT_CHARS, TAKEN_TYPES},
    text::{literal_text, quoted, value_text},
    types::{Key, Maker, Side},
};
use crate::{
    bounded,
    docs::ParameterDocs,
    rust::names::{Taken, pascal},
    schema::{Bounds, Extra, Schema, Type},
    typescript::{arguments_type, shown_result_type, takes_nothing},
};

/// Longest function that stands on one line, in characters.
const MAX_LINE_CHARS: usize = 110;
/// Longest note of a parameter, in characters.
const MAX_NOTE_CHARS: usize = 240;

pub(super) struct Compact {
    /// The types and the function.
    pub(super) text: String,
    pub(super) parameters: Vec<ParameterDocs>,
    /// The type of the value that a call gives.
    pub(super) result: String,
}

/// A tool under its name in Python, in about `bytes` at most.
pub(super) fn compact(tool: &ToolDefinition, identifier: &str, bytes: usize) -> Compact {
    let mut made = None;
    for bounds in Bounds::steps(bytes) {
        let one = within(tool, identifier, bounds);
        let fits = one.text.len() <= bytes;
        made = Some(one);
        if fits {
            break;
        }
    }
    // Nothing of a schema is longer than this much of it.
    made.filter(|made| made.text.len() <= bytes)
        .unwrap_or_else(|| within(tool, identifier, Bounds { nodes: 0, ..Bounds::LINE }))
}

fn within(tool: &ToolDefinition, identifier: &str, bounds: Bounds) -> Compact {
    let mut taken = Taken::but(TAKEN_TYPES);
    let base = pascal(identifier);
    // The names that the stub gives away first, so that types are called the same here.
    taken.claim(&format!("{base}Tool"));
    let input = arguments_type(tool, bounds);
    let mut maker = Maker::new(&input, Side::Arguments, &base, &mut taken);
    let name = format!("{base}Args");
    let mut more = None;
    let mut keys = Vec::new();
    match input.arguments().as_deref() {
        Some(object) if !object.properties.is_empty() => {
            let claimed = maker.claim(&name);
            keys = maker.keys(object, &claimed);
            let open = matches!(input.target(&input.root), Type::Intersection(_));
            more = (open || matches!(object.extra, Extra::Of(_))).then(|| "object".to_owned());
        }
        Some(object) if takes_nothing(&input) && object.extra == Extra::Closed => {}
        Some(object) => more = Some(maker.value_type(object, &name)),
        None => more = Some("object".to_owned()),
    }
    let mut text = maker.text();
    let given = alternatives(&input);
    let output = shown_result_type(tool, bounds);
    let mut maker = Maker::new(&output, Side::Result, &base, &mut taken);
    let result = maker.ty(&output.root, &format!("{base}Result"));
    text.push_str(&maker.text());
    // Each declaration ends with an empty line, which says nothing here.
    let mut text = text.replace("\n\n", "\n");
    let names = keywords(keys.iter().map(|key| key.name.as_str()));
    let mut parameters: Vec<_> =
        keys.iter().zip(names).map(|(key, name)| (key, parameter(key, name))).collect();
    parameters.sort_by_key(|(key, _)| !key.required);
    text.push_str(&given.map(|given| format!("# give one of: {given}\n")).unwrap_or_default());
    write_function(&mut text, bounded::cut(identifier, 80).as_ref(), &parameters, (more, &result));
    Compact { text, parameters: parameters.into_iter().map(|(_, docs)| docs).collect(), result }
}

/// Longest list of alternatives that is told, in characters.
const MAX_ALTERNATIVES_CHARS: usize = 400;

/// What each of several kinds of arguments must have, such as `(kind="id", id); (kind="name", name)`.
fn alternatives(input: &Schema) -> Option<String> {
    let object = input.arguments()?;
    let names = keywords(object.properties.iter().map(|property| property.name.as_str()));
    let keyword = |name: &str| {
        let at = object.properties.iter().position(|property| property.name == name);
        at.and_then(|at| names.get(at)).map_or_else(|| name.to_owned(), String::clone)
    };
    let told: Vec<String> = input
        .alternatives()
        .iter()
        .map(|object| {
            let required = object.properties.iter().filter(|property| property.required);
            let parts = required.map(|property| match input.target(&property.ty) {
                Type::Literal(literal) => format!("{}={}", keyword(&property.name), literal_text(literal)),
                _ => keyword(&property.name),
            });
            format!("({})", parts.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let text = told.join("; ");
    let is_told = !told.is_empty() && text.chars().count() <= MAX_ALTERNATIVES_CHARS;
    (is_told && told.iter().any(|one| one != "()")).then(|| bounded::one_line(&text, MAX_ALTERNATIVES_CHARS))
}

fn parameter(key: &Key, keyword: String) -> ParameterDocs {
    let notes = key.notes();
    let facts = notes.facts.iter().filter(|fact| *fact != "integer" && !is_shown(key, fact));
    let facts = facts.map(String::as_str).collect::<Vec<_>>().join(", ");
    let about = bounded::one_line(notes.description.as_deref().unwrap_or_default(), MAX_NOTE_CHARS);
    let description = match (about.is_empty(), facts.is_empty()) {
        (true, _) => facts,
        (false, true) => about,
        (false, false) => format!("{about} ({facts})"),
    };
    ParameterDocs {
        sent_as: (keyword != key.name).then(|| key.name.clone()),
        name: keyword,
        ty: key.ty.clone(),
        required: key.required,
        description: Some(description).filter(|text| !text.is_empty()),
        default: notes.default.clone(),
    }
}

/// The default as it stands behind a parameter.
fn default_text(key: &Key) -> Option<String> {
    let text = value_text(key.default()?);
    (text.chars().count() <= MAX_DEFAULT_CHARS && text.is_ascii()).then_some(text)
}

/// Whether a fact is the default that stands behind the parameter.
fn is_shown(key: &Key, fact: &str) -> bool {
    fact.starts_with("default ") && !key.required && default_text(key).is_some()
}

fn write_function(
    out: &mut String,
    name: &str,
    parameters: &[(&Key, ParameterDocs)],
    (more, result): (Option<String>, &str),
) {
    let shown: Vec<(String, String)> =
        parameters.iter().map(|(key, docs)| (written(key, docs), note(docs))).collect();
    let more = more.map(|ty| format!("**{}: {ty}", rest(parameters)));
    let star = if shown.is_empty() { None } else { Some("*".to_owned()) };
    let all: Vec<&str> =
        star.iter().chain(shown.iter().map(|(text, _)| text)).chain(&more).map(String::as_str).collect();
    let line = format!("def {name}({}) -> {result}: ...\n", all.join(", "));
    if line.chars().count() <= MAX_LINE_CHARS && shown.iter().all(|(_, note)| note.is_empty()) {
        out.push_str(&line);
        return;
    }
    out.push_str(&format!("def {name}(\n"));
    out.push_str(if star.is_some() { "    *,\n" } else { "" });
    for (text, note) in &shown {
        let gap = if note.is_empty() { "" } else { "  # " };
        out.push_str(&format!("    {text},{gap}{note}\n"));
    }
    out.push_str(&more.map(|more| format!("    {more},\n")).unwrap_or_default());
    out.push_str(&format!(") -> {result}: ...\n"));
}

fn written(key: &Key, docs: &ParameterDocs) -> String {
    let given = if key.required {
        String::new()
    } else {
        format!(" = {}", default_text(key).as_deref().unwrap_or("..."))
    };
    format!("{}: {}{given}", docs.name, docs.ty)
}

fn note(docs: &ParameterDocs) -> String {
    let sent = docs.sent_as.as_deref().map(|name| format!("sent as {}", bounded::cut(&quoted(name), 80)));
    let about = docs.description.as_deref().map(str::to_owned);
    about.into_iter().chain(sent).collect::<Vec<_>>().join("; ")
}

/// What the parameter for everything else is called.
fn rest(parameters: &[(&Key, ParameterDocs)]) -> &'static str {
    let free = |name: &&str| parameters.iter().all(|(_, docs)| docs.name != *name);
    ["more", "more_arguments", "all_more_arguments"].into_iter().find(free).unwrap_or("_")
}
