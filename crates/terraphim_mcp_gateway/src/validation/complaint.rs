//! The wording of mistakes: where, what was given, what is allowed, and the
//! nearest name. For a model to read, and so short.

use jsonschema::{ValidationError, error::TypeKind, error::ValidationErrorKind as Kind};
use serde_json::Value;

use super::COMPLAINTS;
use crate::wording::{cut, did_you_mean, nearest, quoted};

/// Longest excerpt of a value or a list of allowed values, in characters.
const EXCERPT: usize = 120;

/// Most names of arguments that are told.
const MOST_NAMES: usize = 40;

/// How many mistakes of the closest alternative are told.
const TOLD: usize = 2;

/// How deep alternatives are told within alternatives.
const MOST_DEPTH: usize = 3;

/// How a complaint of a missing argument begins, and what names the known ones.
pub(super) const MISSING: &str = "the property `";
pub(super) const ALLOWED: &str = "(allowed: ";

/// The names of the arguments that a schema speaks of; `None` where there are none.
pub(super) fn parameters(schema: &Value) -> Option<String> {
    let names: Vec<String> =
        schema.get("properties")?.as_object()?.keys().take(MOST_NAMES).cloned().collect();
    (!names.is_empty()).then(|| cut(&quoted(&names), EXCERPT * 2))
}

/// One mistake, by the schema that was checked against.
pub(super) fn of(schema: &Value, error: &ValidationError<'_>) -> String {
    mistake(schema, error, 0)
}

fn mistake(schema: &Value, error: &ValidationError<'_>, depth: usize) -> String {
    let (place, what) = (at(error), what(schema, error, depth));
    // What is told of a part of it names its own place.
    let is_placed = place.strip_suffix("`: ").is_some_and(|path| what.starts_with(path));
    if is_placed { what } else { place + &what }
}

/// Where it is, as the beginning of a complaint.
fn at(error: &ValidationError<'_>) -> String {
    match error.instance_path().as_str() {
        "" => String::new(),
        pointer => format!("`{}`: ", excerpt(pointer.trim_start_matches('/')).replace('/', ".")),
    }
}

fn what(schema: &Value, error: &ValidationError<'_>, depth: usize) -> String {
    let given = || excerpt(&error.instance().to_string());
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unknown_properties(schema, error, unexpected)
        }
        Kind::Required { property } => missing_property(schema, error, property),
        Kind::Type { kind } => format!("expected {}, got {}", expected_type(kind), given()),
        Kind::Enum { options } => {
            let close = nearest_value(options, error.instance());
            format!("expected one of {}, got {}{close}", excerpt(&options.to_string()), given())
        }
        Kind::Constant { expected_value } => {
            format!("expected {}, got {}", excerpt(&expected_value.to_string()), given())
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            alternatives(schema, context, (error.instance_path().as_str(), &given()), depth)
        }
        Kind::OneOfMultipleValid { context } => {
            let fitting = (1..).zip(context).filter(|(_, errors)| errors.is_empty());
            let fitting: Vec<_> = fitting.map(|(number, _)| number.to_string()).take(TOLD + 1).collect();
            let numbers =
                if fitting.is_empty() { String::new() } else { format!(" ({})", fitting.join(" and ")) };
            format!("{} fits more than one of the alternatives{numbers}, and may fit only one", given())
        }
        kind => limit(kind, error, &given()),
    }
}

/// The mistakes against limits.
fn limit(kind: &Kind, error: &ValidationError<'_>, given: &str) -> String {
    let length = match &**error.instance() {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    match kind {
        Kind::Minimum { limit } => format!("expected at least {limit}, got {given}"),
        Kind::Maximum { limit } => format!("expected at most {limit}, got {given}"),
        Kind::ExclusiveMinimum { limit } => format!("expected more than {limit}, got {given}"),
        Kind::ExclusiveMaximum { limit } => format!("expected less than {limit}, got {given}"),
        Kind::MultipleOf { multiple_of } => format!("expected a multiple of {multiple_of}, got {given}"),
        Kind::MinLength { limit } => {
            format!("expected at least {}, got {length}: {given}", counted(*limit, "character"))
        }
        Kind::MaxLength { limit } => {
            format!("expected at most {}, got {length}: {given}", counted(*limit, "character"))
        }
        Kind::MinItems { limit } => format!("expected at least {}, got {length}", counted(*limit, "item")),
        Kind::MaxItems { limit } => format!("expected at most {}, got {length}", counted(*limit, "item")),
        Kind::MinProperties { limit } => {
            format!("expected at least {}, got {length}: {given}", several(*limit))
        }
        Kind::MaxProperties { limit } => {
            format!("expected at most {}, got {length}: {given}", several(*limit))
        }
        Kind::AdditionalItems { limit } => {
            format!("expected at most {}, got {length}", counted(*limit as u64, "item"))
        }
        Kind::UnevaluatedItems { .. } => format!("it has items that are not allowed: {given}"),
        Kind::UniqueItems => format!("expected items that all differ, got {given}"),
        Kind::Contains => {
            format!("none of its items, or too few or many, are of the kind that must be there: {given}")
        }
        Kind::Pattern { pattern } => {
            format!("expected a text that matches `{}`, got {given}", excerpt(pattern))
        }
        Kind::Format { format } => format!("expected a text of the format {}, got {given}", excerpt(format)),
        Kind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default();
            format!("the name `{}` is not allowed: {}", excerpt(name), what(&Value::Null, error, MOST_DEPTH))
        }
        Kind::Not { schema } => {
            format!("{given} is what must not be given: {}", excerpt(&schema.to_string()))
        }
        Kind::FalseSchema => format!("nothing may be given here, got {given}"),
        Kind::BacktrackLimitExceeded { .. } => format!("the pattern takes too long on {given}"),
        _ => excerpt(&error.masked_with(given).to_string()),
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn several(count: u64) -> String {
    format!("{count} propert{}", if count == 1 { "y" } else { "ies" })
}

/// The alternative that is closest, with its mistakes.
fn alternatives(
    schema: &Value,
    context: &[Vec<ValidationError<'static>>],
    (place, given): (&str, &str),
    depth: usize,
) -> String {
    if let Some(kinds) = kinds(context, place) {
        return format!("expected {}, got {given}", excerpt(&kinds.join(" or ")));
    }
    if let Some(told) = tags(context, place).or_else(|| needed(context, place)) {
        return told;
    }
    let closest = (1..).zip(context).min_by_key(|(_, errors)| distance(errors, place));
    let Some((number, errors)) = closest.filter(|(_, errors)| !errors.is_empty() && depth < MOST_DEPTH)
    else {
        return format!("{given} fits none of {} alternatives", context.len());
    };
    let told: Vec<_> = errors.iter().take(TOLD).map(|error| mistake(schema, error, depth + 1)).collect();
    let more = if errors.len() > TOLD { "; and more" } else { "" };
    let told = format!("{}{more}", told.join("; "));
    match context.len() {
        1 => told,
        count => format!("it fits none of {count} alternatives; by the closest, number {number}: {told}"),
    }
}

/// The kinds and values that alternatives ask for, where they ask for nothing else.
fn kinds(context: &[Vec<ValidationError<'static>>], place: &str) -> Option<Vec<String>> {
    let mut kinds = Vec::new();
    for errors in context {
        let [error] = errors.as_slice() else { return None };
        let kind = match error.kind() {
            _ if error.instance_path().as_str() != place => return None,
            Kind::Type { kind } => expected_type(kind),
            Kind::Constant { expected_value } => expected_value.to_string(),
            _ => return None,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Some(kinds)
}

/// What the alternatives ask for in the property by which they are told apart, where none has what was given.
fn tags(context: &[Vec<ValidationError<'static>>], place: &str) -> Option<String> {
    let is_tag = |error: &&ValidationError<'_>| {
        matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. })
            && error.instance_path().as_str().strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
    };
    let first = context.first()?.iter().find(is_tag)?;
    let mut allowed: Vec<Value> = Vec::new();
    for errors in context {
        let of_tag = |error: &&ValidationError<'_>| error.instance_path() == first.instance_path();
        let error = errors.iter().filter(is_tag).find(of_tag)?;
        match error.kind() {
            Kind::Constant { expected_value } => allowed.push(Value::clone(expected_value)),
            Kind::Enum { options } => allowed.extend(options.as_array()?.iter().cloned()),
            _ => return None,
        }
    }
    let allowed = Value::Array(allowed);
    let given = first.instance();
    let close = nearest_value(&allowed, given);
    let options = excerpt(&allowed.to_string());
    Some(format!("{}expected one of {options}, got {}{close}", at(first), excerpt(&given.to_string())))
}

/// The properties that alternatives ask for, where they lack nothing else.
fn needed(context: &[Vec<ValidationError<'static>>], place: &str) -> Option<String> {
    let mut needed = Vec::new();
    let mut given = None;
    for errors in context {
        let mut names = Vec::new();
        for error in errors {
            let Kind::Required { property } = error.kind() else { return None };
            (error.instance_path().as_str() == place).then_some(())?;
            given = given.or_else(|| error.instance().as_object());
            names.push(format!("`{}`", excerpt(property.as_str()?)));
        }
        (!names.is_empty()).then_some(())?;
        needed.push(names.join(" and "));
    }
    needed.dedup();
    let names: Vec<String> = given?.keys().cloned().collect();
    let got = if names.is_empty() { "no properties".to_owned() } else { excerpt(&quoted(&names)) };
    (needed.len() > 1).then(|| format!("it needs {} (got {got})", excerpt(&needed.join(", or "))))
}

/// How far a value is from an alternative: another kind of value is farther
/// than other tags, and those than any number of other mistakes.
fn distance(errors: &[ValidationError<'static>], place: &str) -> (bool, usize, usize) {
    let is_other_kind = errors.iter().any(|error| {
        matches!(error.kind(), Kind::Type { .. } | Kind::FalseSchema)
            && error.instance_path().as_str() == place
    });
    let tags =
        errors.iter().filter(|error| matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. }));
    (is_other_kind, tags.count(), errors.len())
}

/// The allowed text that resembles the one that was given.
fn nearest_value(options: &Value, given: &Value) -> String {
    let texts = options.as_array().into_iter().flatten().filter_map(Value::as_str);
    match given.as_str() {
        Some(given) => {
            did_you_mean(&nearest(given, texts.take(1_000)).into_iter().take(1).collect::<Vec<_>>())
        }
        None => String::new(),
    }
}

fn unknown_properties(schema: &Value, error: &ValidationError<'_>, unexpected: &[String]) -> String {
    let known = properties_beside(schema, error.schema_path().as_str());
    let complaints: Vec<_> = unexpected
        .iter()
        .take(COMPLAINTS)
        .map(|name| {
            let close = nearest(name, known.iter().map(String::as_str));
            format!("unknown property `{}`{}", excerpt(name), did_you_mean(&close))
        })
        .collect();
    let patterns = keys_beside(schema, error.schema_path().as_str(), "patternProperties");
    let patterns = patterns.iter().map(|pattern| format!("names that match `{pattern}`"));
    let names = known.iter().map(|name| format!("`{name}`"));
    let allowed: Vec<String> = names.chain(patterns).collect();
    let allowed = if allowed.is_empty() { "none".to_owned() } else { excerpt(&allowed.join(", ")) };
    format!("{} {ALLOWED}{allowed})", complaints.join(", "))
}

/// The names under `properties` in the schema object that holds the keyword at `pointer`.
fn properties_beside(schema: &Value, pointer: &str) -> Vec<String> {
    keys_beside(schema, pointer, "properties")
}

/// The names under `keyword` in the schema object that holds the one at `pointer`.
fn keys_beside(schema: &Value, pointer: &str, keyword: &str) -> Vec<String> {
    let holder = pointer.rsplit_once('/').and_then(|(holder, _)| schema.pointer(holder));
    let properties = holder.and_then(|holder| holder.get(keyword)?.as_object());
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

fn missing_property(schema: &Value, error: &ValidationError<'_>, property: &Value) -> String {
    let name = property.as_str().unwrap_or_default();
    let given = error.instance().as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
    let given = given.unwrap_or_default();
    // What has a name of its own is not meant for another one.
    let known = properties_beside(schema, error.schema_path().as_str());
    let stray = given.iter().filter(|given| !known.contains(given));
    let close = nearest(name, stray.map(String::as_str));
    let got = match (close.first(), given.is_empty()) {
        (Some(close), _) => format!(" (got `{}`, is that what was meant?)", excerpt(close)),
        (None, true) => " (got no properties)".to_owned(),
        (None, false) => format!(" (got {})", excerpt(&quoted(&given))),
    };
    let beside = error.schema_path().as_str();
    let beside = schema.pointer(beside).filter(|_| beside.ends_with("/dependentRequired"));
    let beside = given.iter().find(|given| {
        let needed = beside.and_then(|all| all.get(given.as_str())?.as_array());
        needed.is_some_and(|needed| needed.contains(property))
    });
    let beside = beside.map(|name| format!(" beside `{}`", excerpt(name)));
    format!("{MISSING}{}` is required{}{got}", excerpt(name), beside.unwrap_or_default())
}

fn expected_type(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            kinds.into_iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn excerpt(text: &str) -> String {
    cut(text, EXCERPT)
}
