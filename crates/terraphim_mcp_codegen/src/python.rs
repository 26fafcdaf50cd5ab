//! A tool as a Python program calls it.

use serde_json::Value;
use terraphim_types::ToolDefinition;

use crate::{
    docs::ParameterDocs,
    example::{MAX_CALL_CHARS, example_arguments},
    naming::{ModuleTool, ServerModule},
};

/// Words that cannot name an argument.
const RESERVED: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The call on one line: arguments by name, the optional ones with what is taken without them.
pub(crate) fn signature(identifier: &str, parameters: &[ParameterDocs]) -> String {
    let shown: Vec<String> = parameters.iter().filter(|one| is_name(&one.name)).map(parameter).collect();
    match (shown.is_empty(), shown.len() < parameters.len()) {
        (true, false) => format!("{identifier}()"),
        (true, true) => format!("{identifier}(arguments: dict)"),
        (false, false) => format!("{identifier}(*, {})", shown.join(", ")),
        // Names that are none in Python are given in a dict.
        (false, true) => format!("{identifier}(*, {}, **more)", shown.join(", ")),
    }
}

fn parameter(one: &ParameterDocs) -> String {
    let ty = type_name(&one.ty);
    match (&one.default, one.required) {
        (Some(default), false) => format!("{}: {ty} = {}", one.name, literal(default)),
        (None, false) => format!("{}: {ty} = ...", one.name),
        (_, true) => format!("{}: {ty}", one.name),
    }
}

/// What a type is called in Python, as far as its outside tells.
fn type_name(typescript: &str) -> &'static str {
    match typescript {
        "string" => "str",
        "number" => "float",
        "boolean" => "bool",
        "null" => "None",
        list if list.ends_with("[]") || list.starts_with("Array<") || list.starts_with('[') => "list",
        object if object.starts_with('{') || object.starts_with("Record<") => "dict",
        choice if choice.starts_with('"') && choice.ends_with('"') => "str",
        _ => "object",
    }
}

/// A call of the tool as a program writes it; `None` where no short one could be made.
pub(crate) fn example_call(
    module: &ServerModule,
    named: &ModuleTool,
    tool: &ToolDefinition,
) -> Option<String> {
    let arguments = example_arguments(tool)?;
    let identifier = named.identifiers.first()?;
    let given = if arguments.keys().all(|name| is_name(name)) {
        let named = arguments.iter().map(|(name, value)| format!("{name}={}", literal(value)));
        named.collect::<Vec<_>>().join(", ")
    } else {
        literal(&Value::Object(arguments))
    };
    let call = format!("result = {}.{identifier}({given})", module.identifier);
    (call.chars().count() <= MAX_CALL_CHARS).then_some(call)
}

pub(crate) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !RESERVED.contains(&text)
}

/// A value as Python writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entry = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::String(name.clone()), literal(value))
            };
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        // A string's escapes mean the same in both languages, except `\/`, which is never written.
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let value = json!({ "a": [true, false, null, 1, 1.5, "x\"\n"], "b-c": {} });
        assert_eq!(literal(&value), r#"{"a": [True, False, None, 1, 1.5, "x\"\n"], "b-c": {}}"#);
    }

    #[test]
    fn a_signature_names_what_can_be_named() {
        let one = |name: &str, ty: &str, required, default| ParameterDocs {
            name: name.into(),
            ty: ty.into(),
            required,
            description: None,
            default,
        };
        let given = [
            one("query", "string", true, None),
            one("limit", "number", false, Some(json!(10))),
            one("tags", "string[]", false, None),
        ];
        assert_eq!(signature("search", &given), "search(*, query: str, limit: float = 10, tags: list = ...)");
        assert_eq!(signature("run", &[one("from", "string", true, None)]), "run(arguments: dict)");
        assert_eq!(signature("now", &[]), "now()");
    }
}
