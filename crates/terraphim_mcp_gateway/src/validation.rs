//! Arguments checked against a tool's input schema before a call leaves, with
//! a complaint that says what to write instead. What would take too long to
//! check, or to explain, is refused before the check: the schema is a server's,
//! and the arguments are a program's.

mod complaint;
mod effort;
mod keywords;
mod standalone;
mod uri;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};
use terraphim_types::{ServerName, ToolDefinition};

use self::effort::Effort;
use crate::wording::cut;

/// How many mistakes one complaint names.
const COMPLAINTS: usize = 3;

/// Longest complaint, in characters.
const COMPLAINT_CHARS: usize = 800;

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
    by_name: HashMap<String, Option<Arc<Checked>>>,
}

/// A schema that stands by itself, and its validator.
struct Checked {
    schema: Value,
    validator: Validator,
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
        let arguments = Value::Object(arguments);
        let complaint = self.complaint(server, tools, &definition.name, &definition.input_schema, &arguments);
        match (complaint, arguments) {
            (None, Value::Object(arguments)) => Ok(arguments),
            (complaint, _) => Err(complaint.unwrap_or_default()),
        }
    }

    /// What is wrong with `value` by a schema of the tool `name`, which is one of `tools`.
    pub(crate) fn complaint(
        &self,
        server: &ServerName,
        tools: &Arc<[ToolDefinition]>,
        name: &str,
        schema: &Value,
        value: &Value,
    ) -> Option<String> {
        let checked = self.checked(server, tools, name, schema)?;
        let (schema, validator) = (&checked.schema, &checked.validator);
        match effort::of(schema, value) {
            Effort::Small => {}
            Effort::Large if validator.is_valid(value) => {}
            Effort::Large => return Some(UNEXPLAINED.to_owned()),
            Effort::TooMuch => return Some(TOO_MUCH.to_owned()),
        }
        let mut errors = validator.iter_errors(value);
        let named: Vec<_> =
            errors.by_ref().take(COMPLAINTS).map(|error| complaint::of(schema, &error)).collect();
        let more = if errors.next().is_some() { "; and more" } else { "" };
        let known = complaint::parameters(schema);
        // Where one is missing, the others may be meant for it.
        let is_missing = named.iter().any(|text| text.starts_with(complaint::MISSING));
        let is_listed = named.iter().any(|text| text.contains(complaint::ALLOWED));
        let takes = known.filter(|_| is_missing && !is_listed).map(|known| format!("; it takes {known}"));
        let takes = takes.unwrap_or_default();
        (!named.is_empty()).then(|| cut(&format!("{}{more}{takes}", named.join("; ")), COMPLAINT_CHARS))
    }

    /// What to check against; `None` where that checks nothing.
    fn checked(
        &self,
        server: &ServerName,
        tools: &Arc<[ToolDefinition]>,
        name: &str,
        schema: &Value,
    ) -> Option<Arc<Checked>> {
        if let Some(known) = self.with(server, tools, |compiled| compiled.by_name.get(name).cloned()) {
            return known;
        }
        // Compiled outside the lock: a large schema takes milliseconds.
        let checked = compile(server, name, schema);
        self.with(server, tools, |compiled| {
            compiled.by_name.insert(name.to_owned(), checked.clone());
        });
        checked
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

/// Makes a schema ready to check against. What of it cannot be checked is told
/// once, here, as each schema is compiled once.
fn compile(server: &ServerName, tool: &str, schema: &Value) -> Option<Arc<Checked>> {
    let built = standalone::of(schema).map_err(|error| error.to_string()).and_then(|made| {
        effort::survey(&made.schema).map_err(|error| error.to_string())?;
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(false)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS));
        let validator = options.build(&made.schema).map_err(|error| error.to_string())?;
        Ok((made, validator))
    });
    match built {
        Ok((made, validator)) => {
            if !made.unchecked.is_empty() {
                let unchecked = made.unchecked.join("; ");
                tracing::warn!(%server, tool, unchecked, "a part of its schema is not checked");
            }
            Some(Arc::new(Checked { schema: made.schema, validator }))
        }
        Err(complaint) => {
            let complaint = cut(&complaint, 200);
            tracing::warn!(%server, tool, complaint, "its schema is not usable, nothing is checked against it");
            None
        }
    }
}

#[cfg(test)]
mod messages;
#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    pub(super) fn check(schema: &Value, arguments: &Value) -> Result<(), String> {
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
        complaint(&json!({ "query": "x", "limit": 101 }), &expect!["`limit`: expected at most 100, got 101"]);
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
            &expect!["`when`: expected string or integer, got true"],
        );
        complaint(
            &json!({}),
            &expect![
                "the property `query` is required (got no properties); it takes `query`, `limit`, `order`, `filter`, `when`"
            ],
        );
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
        let complaint = check(&schema, &nested(1)).expect_err("a mistake");
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
