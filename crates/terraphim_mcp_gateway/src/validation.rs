//! Arguments checked against a tool's input schema before a call leaves, with
//! a complaint that says what to write instead. What would take too long to
//! check, or to explain, is refused before the check: the schema is a server's,
//! and the arguments are a program's.

mod effort;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::{
    PatternOptions, ValidationError, Validator, error::TypeKind, error::ValidationErrorKind as Kind,
};
use serde_json::{Map, Value};
use terraphim_types::{ServerName, ToolDefinition};

use self::effort::Effort;
use crate::wording::{cut, did_you_mean, nearest, quoted};

/// How many mistakes one complaint names.
const COMPLAINTS: usize = 3;

/// Longest excerpt of a value or a list of allowed values, in characters.
const EXCERPT: usize = 120;

/// The complaint where every mistake that alternatives have would be too much to collect.
const UNEXPLAINED: &str = "they do not fit its input schema, which has too many alternatives to say where: look at its parameters with getToolDocs";

/// The complaint where the check is not done.
const TOO_MUCH: &str = "checking them against its input schema would take too long: pass fewer values, or values nested less deeply";

/// How often one use of a pattern may go back and try another way.
const BACKTRACKS: usize = 10_000;

/// The compiled schemas, made at a tool's first call and kept until its
/// server's definitions change. A schema that does not compile checks nothing.
#[derive(Default)]
pub(crate) struct Validators {
    servers: Mutex<HashMap<ServerName, Compiled>>,
}

/// The validators of one version of a server's definitions.
struct Compiled {
    tools: Arc<[ToolDefinition]>,
    by_name: HashMap<String, Option<Arc<Validator>>>,
}

impl Validators {
    /// Checks the arguments of `definition`, which is one of `tools`, and gives them back.
    ///
    /// # Errors
    /// What is wrong, with the path of the offending property.
    pub(crate) fn check(
        &self,
        server: &ServerName,
        tools: &Arc<[ToolDefinition]>,
        definition: &ToolDefinition,
        arguments: Map<String, Value>,
    ) -> Result<Map<String, Value>, String> {
        let Some(validator) = self.validator(server, tools, definition) else { return Ok(arguments) };
        let arguments = Value::Object(arguments);
        match effort::of(&definition.input_schema, &arguments) {
            Effort::Small => {}
            Effort::Large if validator.is_valid(&arguments) => {}
            Effort::Large => return Err(UNEXPLAINED.to_owned()),
            Effort::TooMuch => return Err(TOO_MUCH.to_owned()),
        }
        let mut errors = validator.iter_errors(&arguments);
        let named: Vec<_> = errors
            .by_ref()
            .take(COMPLAINTS)
            .map(|error| complain(&definition.input_schema, &error))
            .collect();
        let more = if errors.next().is_some() { "; and more" } else { "" };
        drop(errors);
        match arguments {
            Value::Object(arguments) if named.is_empty() => Ok(arguments),
            _ => Err(format!("{}{more}", named.join("; "))),
        }
    }

    fn validator(
        &self,
        server: &ServerName,
        tools: &Arc<[ToolDefinition]>,
        definition: &ToolDefinition,
    ) -> Option<Arc<Validator>> {
        if let Some(known) =
            self.with(server, tools, |compiled| compiled.by_name.get(&definition.name).cloned())
        {
            return known;
        }
        // Compiled outside the lock: a large schema takes milliseconds.
        let validator = compile(server, definition);
        self.with(server, tools, |compiled| {
            compiled.by_name.insert(definition.name.clone(), validator.clone());
        });
        validator
    }

    fn with<T>(
        &self,
        server: &ServerName,
        tools: &Arc<[ToolDefinition]>,
        act: impl FnOnce(&mut Compiled) -> T,
    ) -> T {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Compiled { tools: Arc::clone(tools), by_name: HashMap::new() };
        let compiled = servers.entry(server.clone()).or_insert_with(fresh);
        if !Arc::ptr_eq(&compiled.tools, tools) {
            *compiled = fresh();
        }
        act(compiled)
    }
}

fn compile(server: &ServerName, definition: &ToolDefinition) -> Option<Arc<Validator>> {
    let schema = &definition.input_schema;
    let options = jsonschema::options()
        .should_validate_formats(false)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS));
    let built = effort::survey(schema).map_err(|error| error.to_string());
    match built.and_then(|()| options.build(schema).map_err(|error| error.to_string())) {
        Ok(validator) => Some(Arc::new(validator)),
        Err(complaint) => {
            let complaint = excerpt(&complaint);
            tracing::warn!(%server, tool = definition.name, complaint, "input schema is not usable, arguments go unchecked");
            None
        }
    }
}

/// One mistake: where, what is wrong, what was given, what is allowed.
fn complain(schema: &Value, error: &ValidationError<'_>) -> String {
    let place = match error.instance_path().as_str() {
        "" => String::new(),
        pointer => format!("`{}`: ", excerpt(pointer.trim_start_matches('/')).replace('/', ".")),
    };
    let given = || excerpt(&error.instance().to_string());
    let what = match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unknown_properties(schema, error, unexpected)
        }
        Kind::Required { property } => missing_property(error, property),
        Kind::Type { kind } => format!("expected {}, got {}", expected_type(kind), given()),
        Kind::Enum { options } => {
            format!("expected one of {}, got {}", excerpt(&options.to_string()), given())
        }
        Kind::Constant { expected_value } => {
            format!("expected {}, got {}", excerpt(&expected_value.to_string()), given())
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let first = context.iter().filter_map(|branch| branch.first());
            let branches: Vec<_> = first.take(COMPLAINTS).map(|error| complain(schema, error)).collect();
            format!("{} fits none of the alternatives ({})", given(), branches.join(" | "))
        }
        _ => excerpt(&error.masked_with(given()).to_string()),
    };
    format!("{place}{what}")
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
    let allowed = if known.is_empty() { "none".to_owned() } else { excerpt(&quoted(&known)) };
    format!("{} (allowed: {allowed})", complaints.join(", "))
}

/// The names under `properties` in the schema object that holds the keyword at `pointer`.
fn properties_beside(schema: &Value, pointer: &str) -> Vec<String> {
    let holder = pointer.rsplit_once('/').and_then(|(holder, _)| schema.pointer(holder));
    let properties = holder.and_then(|holder| holder.get("properties")?.as_object());
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

fn missing_property(error: &ValidationError<'_>, property: &Value) -> String {
    let name = property.as_str().unwrap_or_default();
    let given = error.instance().as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
    let given = given.unwrap_or_default();
    let close = nearest(name, given.iter().map(String::as_str));
    let got = match (close.first(), given.is_empty()) {
        (Some(close), _) => format!(" (got `{}`, is that what was meant?)", excerpt(close)),
        (None, true) => " (got no properties)".to_owned(),
        (None, false) => format!(" (got {})", excerpt(&quoted(&given))),
    };
    format!("the property `{}` is required{got}", excerpt(name))
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, arguments: &Value) -> Result<(), String> {
        let server = ServerName::new("s").expect("a name");
        let tools: Arc<[ToolDefinition]> =
            Arc::from([
                serde_json::from_value(json!({ "name": "t", "inputSchema": schema })).expect("a tool")
            ]);
        Validators::default()
            .check(&server, &tools, &tools[0], arguments.as_object().expect("an object").clone())
            .map(|_| ())
    }

    fn complaint(arguments: &Value, expected: &Expect) {
        let schema = json!({
            "type": "object",
            "properties": {
                "query": { "type": "string" }, "limit": { "type": ["integer", "null"], "maximum": 100 },
                "order": { "enum": ["asc", "desc"] },
                "filter": { "$ref": "#/$defs/filter" },
                "when": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            },
            "required": ["query"], "additionalProperties": false,
            "$defs": { "filter": {
                "type": "object", "properties": { "topic": { "type": "string" } }, "additionalProperties": false,
            } },
        });
        expected.assert_eq(&check(&schema, arguments).expect_err("a mistake"));
    }

    #[test]
    fn complaints_say_what_to_write() {
        complaint(
            &json!({ "qurey": "x" }),
            &expect![
                "unknown property `qurey`; did you mean `query`? (allowed: `query`, `limit`, `order`, `filter`, `when`); the property `query` is required (got `qurey`, is that what was meant?)"
            ],
        );
        complaint(
            &json!({ "query": "x", "limit": "ten" }),
            &expect![[r#"`limit`: expected null or integer, got "ten""#]],
        );
        complaint(
            &json!({ "query": "x", "limit": 101 }),
            &expect!["`limit`: 101 is greater than the maximum of 100"],
        );
        complaint(
            &json!({ "query": "x", "order": "up" }),
            &expect![[r#"`order`: expected one of ["asc","desc"], got "up""#]],
        );
        complaint(
            &json!({ "query": "x", "filter": { "topics": "y" } }),
            &expect!["`filter`: unknown property `topics`; did you mean `topic`? (allowed: `topic`)"],
        );
        complaint(
            &json!({ "query": "x", "when": true }),
            &expect![
                "`when`: true fits none of the alternatives (`when`: expected string, got true | `when`: expected integer, got true)"
            ],
        );
        complaint(&json!({}), &expect!["the property `query` is required (got no properties)"]);
    }

    #[test]
    fn a_schema_that_does_not_compile_or_leads_elsewhere_checks_nothing() {
        assert_eq!(check(&json!({ "type": 5 }), &json!({ "a": 1 })), Ok(()));
        assert_eq!(check(&json!({ "$ref": "https://example.org/schema.json" }), &json!({ "a": 1 })), Ok(()));
        assert_eq!(check(&json!({ "$ref": "file:///etc/passwd" }), &json!({ "a": 1 })), Ok(()));
    }

    #[test]
    fn what_would_take_too_long_is_refused_and_not_tried() {
        let twice = json!({ "$ref": "#" });
        let schema = json!({ "properties": { "a": { "oneOf": [twice, twice] }, "b": { "type": "string" } } });
        let nested = |levels: usize| (0..levels).fold(json!({ "b": 1 }), |inner, _| json!({ "a": inner }));
        let complaint = check(&schema, &nested(100)).expect_err("too long");
        assert!(complaint.contains("would take too long"), "{complaint}");
        let complaint = check(&schema, &nested(12)).expect_err("a mistake");
        assert!(complaint.contains("too many alternatives"), "{complaint}");
        let complaint = check(&schema, &nested(2)).expect_err("a mistake");
        assert!(complaint.contains("expected string, got 1"), "{complaint}");
    }

    #[test]
    fn a_schema_as_deep_as_is_taken_leaves_room_on_the_stack() {
        let mut parts = Map::new();
        for part in 0..80 {
            parts.insert(
                format!("p{part}"),
                json!({ "allOf": [{ "$ref": format!("#/$defs/p{}", part + 1) }] }),
            );
        }
        parts.insert("p80".to_owned(), json!({ "properties": { "a": { "$ref": "#/$defs/p60" } } }));
        let schema = json!({ "$defs": parts, "$ref": "#/$defs/p0" });
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert_eq!(check(&schema, &nested(8)), Ok(()));
        let complaint = check(&schema, &nested(100)).expect_err("too deep");
        assert!(complaint.contains("nested less deeply"), "{complaint}");
    }

    #[test]
    fn excerpts_are_bounded() {
        let complaint = check(
            &json!({ "type": "object", "properties": { "a": { "type": "integer" } } }),
            &json!({ "a": "x".repeat(100_000) }),
        )
        .expect_err("a mistake");
        assert!(complaint.len() < 300, "{}", complaint.len());
    }

    #[test]
    fn new_definitions_are_compiled_anew() {
        let server = ServerName::new("s").expect("a name");
        let version = |kind: &str| -> Arc<[ToolDefinition]> {
            let schema = json!({ "properties": { "a": { "type": kind } } });
            Arc::from(
                [serde_json::from_value(json!({ "name": "t", "inputSchema": schema })).expect("a tool")],
            )
        };
        let (first, second) = (version("string"), version("integer"));
        let validators = Validators::default();
        let arguments = json!({ "a": 1 });
        let arguments = arguments.as_object().expect("an object");
        assert!(validators.check(&server, &first, &first[0], arguments.clone()).is_err());
        assert!(validators.check(&server, &second, &second[0], arguments.clone()).is_ok());
    }
}
