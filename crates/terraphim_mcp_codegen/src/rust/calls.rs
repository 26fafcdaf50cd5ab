//! A tool on one line and an example call, as a Rust program writes them.

use serde_json::Value;
use terraphim_types::ToolDefinition;

use super::{
    Tool,
    names::unique_servers,
    text::{literal, sent_as},
    types::{Declaration, Field, Shape, Ty},
};
use crate::{
    bash, bounded,
    docs::{ParameterDocs, described},
    example::{MAX_CALL_CHARS, example_arguments},
    naming::ServerModule,
};

/// Longest signature, in characters.
const MAX_SIGNATURE_CHARS: usize = 240;

/// The call on one line, with as many of the fields as fit:
/// `search(Search { query: String, limit: Option<i64> }) -> Result<Vec<SearchItem>>`.
pub(super) fn signature(tool: &Tool, definition: &ToolDefinition) -> String {
    let function = bounded::cut(&tool.function, 80);
    let result = bounded::cut(&tool.result.root.to_string(), 80).into_owned();
    let Some(arguments) = &tool.arguments else { return format!("{function}() -> Result<{result}>") };
    let taken = match &arguments.root {
        Ty::Declared(name) => {
            let room = MAX_SIGNATURE_CHARS.saturating_sub(function.len() + result.len() + name.len() + 24);
            fields_of(&arguments.declared, name)
                .map_or_else(|| name.clone(), |(fields, _)| format!("{name} {}", shown(fields, room)))
        }
        Ty::Value => {
            let room = MAX_SIGNATURE_CHARS.saturating_sub(function.len() + result.len() + 24);
            format!("json!({})", bash::arguments(definition, room))
        }
        other => other.to_string(),
    };
    format!("{function}({taken}) -> Result<{result}>")
}

/// The fields of the arguments, the required ones first; `None` where they are no struct.
pub(super) fn parameters(tool: &Tool) -> Option<Vec<ParameterDocs>> {
    let Some(arguments) = &tool.arguments else { return Some(Vec::new()) };
    let Ty::Declared(name) = &arguments.root else { return None };
    let (fields, _) = fields_of(&arguments.declared, name)?;
    let mut parameters: Vec<_> = fields
        .iter()
        .map(|field| ParameterDocs {
            name: field.name.clone(),
            ty: field.ty.to_string(),
            required: field.required,
            description: described(&field.notes, true),
            sent_as: sent_as(field).map(str::to_owned),
            default: field.notes.default.clone(),
        })
        .collect();
    parameters.sort_by_key(|parameter| !parameter.required);
    Some(parameters)
}

fn shown(fields: &[Field], room: usize) -> String {
    let (required, optional): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.required);
    let mut parts: Vec<String> = Vec::new();
    let mut used = 0;
    for field in required.into_iter().chain(optional) {
        let part = format!("{}: {}", field.name, field.ty);
        used += part.chars().count() + 2;
        if used > room {
            parts.push("..".to_owned());
            break;
        }
        parts.push(part);
    }
    format!("{{ {} }}", parts.join(", "))
}

/// A call of the tool as a program writes it; `None` where no short one could be made.
pub(super) fn example_call(
    module: &ServerModule,
    tool: &Tool,
    definition: &ToolDefinition,
) -> Option<String> {
    let given = Value::Object(example_arguments(definition)?);
    let server = unique_servers(std::iter::once(module.identifier.as_str())).into_values().next()?;
    let function = &tool.function;
    let typed = match &tool.arguments {
        None => Some(format!("{server}::{function}()")),
        Some(arguments) => {
            let writer = Writer { declared: &arguments.declared, server: &server };
            let given = writer.write(&arguments.root, &given);
            given.map(|given| format!("{server}::{function}({given})"))
        }
    };
    let call = typed.unwrap_or_else(|| {
        let (server, tool) = (literal(module.server.as_str()), literal(&definition.name));
        format!("mcp_runtime::call({server}, {tool}, {})", json(&given))
    });
    let line = format!("let result = {call}?;");
    (line.chars().count() <= MAX_CALL_CHARS).then_some(line)
}

fn fields_of<'d>(declared: &'d [Declaration], name: &str) -> Option<(&'d [Field], Option<&'d str>)> {
    match &declared.iter().find(|declaration| declaration.name == name)?.shape {
        Shape::Struct { fields, other } => Some((fields, other.as_deref())),
        Shape::Choice(_) => None,
    }
}

/// Writes values as expressions of the types that a module declares.
struct Writer<'a> {
    declared: &'a [Declaration],
    server: &'a str,
}

impl Writer<'_> {
    /// The expression; `None` where the value is none of the type.
    fn write(&self, ty: &Ty, value: &Value) -> Option<String> {
        match (ty, value) {
            (Ty::Value, value) => Some(json(value)),
            (Ty::Optional(_), Value::Null) => Some("None".to_owned()),
            (Ty::Optional(inner), value) => Some(format!("Some({})", self.write(inner, value)?)),
            (Ty::Boxed(inner), value) => Some(format!("Box::new({})", self.write(inner, value)?)),
            (Ty::Bool, Value::Bool(value)) => Some(value.to_string()),
            (Ty::Int, value) => value.as_i64().map(|number| number.to_string()),
            (Ty::Float, value) => value.as_f64().map(|number| format!("{number:?}")),
            (Ty::Text, Value::String(text)) => Some(format!("{}.into()", literal(text))),
            (Ty::List(item), Value::Array(items)) => {
                let items: Option<Vec<_>> = items.iter().map(|value| self.write(item, value)).collect();
                Some(format!("vec![{}]", items?.join(", ")))
            }
            (Ty::Table(item), Value::Object(map)) => {
                let entry = |(name, value): (&String, &Value)| {
                    Some(format!("({}.to_string(), {})", literal(name), self.write(item, value)?))
                };
                let entries: Option<Vec<_>> = map.iter().map(entry).collect();
                Some(format!("std::collections::BTreeMap::from([{}])", entries?.join(", ")))
            }
            (Ty::Declared(name), value) => self.declared(name, value),
            _ => None,
        }
    }

    fn declared(&self, name: &str, value: &Value) -> Option<String> {
        let path = format!("{}::{name}", self.server);
        let Some((fields, other)) = fields_of(self.declared, name) else {
            let text = value.as_str()?;
            let declaration = self.declared.iter().find(|declaration| declaration.name == name)?;
            let Shape::Choice(variants) = &declaration.shape else { return None };
            return Some(match variants.iter().find(|(_, known)| known == text) {
                Some((variant, _)) => format!("{path}::{variant}"),
                None => format!("{path}::Other({}.into())", literal(text)),
            });
        };
        let map = value.as_object()?;
        let mut parts = Vec::new();
        for (name, value) in map {
            let field = fields.iter().find(|field| field.json == *name)?;
            parts.push(format!("{}: {}", field.name, self.write(&field.ty, value)?));
        }
        if parts.len() < fields.len() || other.is_some() {
            parts.push("..Default::default()".to_owned());
        }
        Some(format!("{path} {{ {} }}", parts.join(", ")))
    }
}

/// A value as the macro `json!` reads it.
pub(crate) fn json(value: &Value) -> String {
    format!("mcp_runtime::json!({})", tokens(value))
}

fn tokens(value: &Value) -> String {
    match value {
        Value::String(text) => literal(text),
        Value::Array(items) => format!("[{}]", items.iter().map(tokens).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entry = |(name, value): (&String, &Value)| format!("{}: {}", literal(name), tokens(value));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(small), _, _) if i32::try_from(small).is_ok() => small.to_string(),
            (Some(whole), _, _) => format!("{whole}_i64"),
            (None, Some(whole), _) => format!("{whole}_u64"),
            (None, None, Some(float)) => format!("{float:?}"),
            (None, None, None) => "null".to_owned(),
        },
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_the_macro_reads_them() {
        let value = json!({ "a\n": [true, null, 1, -2, 5_000_000_000_i64, 1.5, "é\u{8}"], "b": {} });
        assert_eq!(
            tokens(&value),
            r#"{"a\n": [true, null, 1, -2, 5000000000_i64, 1.5, "\u{e9}\u{8}"], "b": {}}"#
        );
    }
}
