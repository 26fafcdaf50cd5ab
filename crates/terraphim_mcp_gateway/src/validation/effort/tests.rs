//! Schemas that a validator would not survive, and those that it meets every day.

use serde_json::json;

use super::*;

/// A schema whose part number `n` is reached by as many ways as `join` makes at each of `n` steps.
fn ladder(steps: usize, join: impl Fn(Value) -> Value) -> Value {
    let mut parts = Map::new();
    for step in 0..steps {
        parts.insert(format!("p{step}"), join(json!({ "$ref": format!("#/$defs/p{}", step + 1) })));
    }
    parts.insert(format!("p{steps}"), json!({ "type": "object" }));
    json!({ "$defs": parts, "$ref": "#/$defs/p0" })
}

#[test]
fn what_doubles_with_each_step_is_too_much() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let schema = ladder(60, |next| json!({ keyword: [next, next] }));
        assert_eq!(survey(&schema), Ok(()));
        assert_eq!(of(&schema, &json!({})), Effort::TooMuch, "{keyword}");
    }
    let by_the_arguments = json!({ "properties": { "a": { "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] } } });
    assert_eq!(survey(&by_the_arguments), Ok(()));
    let nested = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
    assert_eq!(of(&by_the_arguments, &nested(3)), Effort::Small);
    assert_eq!(of(&by_the_arguments, &nested(14)), Effort::Large);
    assert_eq!(of(&by_the_arguments, &nested(60)), Effort::TooMuch);
}

#[test]
fn what_is_too_deep_for_a_stack_is_unusable() {
    assert_eq!(survey(&ladder(100, |next| next)), Ok(()));
    assert_eq!(survey(&ladder(100_000, |next| next)), Err(Unusable::TooDeep));
    // The order in which parts are looked at does not matter.
    let mut schema = ladder(100_000, |next| next);
    schema["properties"] = json!({ "late": { "$ref": "#/$defs/p99900" } });
    assert_eq!(survey(&schema), Err(Unusable::TooDeep));
}

#[test]
fn references_that_cannot_be_followed_are_unusable() {
    for schema in [
        json!({ "$ref": "https://example.org/schema.json" }),
        json!({ "$ref": "#name", "$defs": { "a": { "$anchor": "name" } } }),
        json!({ "$ref": "#/$defs/missing" }),
        json!({ "$defs": { "a": { "$id": "other", "$ref": "#/$defs/b" } } }),
        json!({ "$dynamicRef": "#name" }),
        json!({ "$ref": "#/%24defs/a", "$defs": { "a": {} } }),
    ] {
        assert!(matches!(survey(&schema), Err(Unusable::Reference { .. })), "{schema}");
    }
}

#[test]
fn everyday_schemas_are_small() {
    let tree = json!({
        "$id": "tree", "type": "object",
        "properties": {
            "$ref": { "type": "string" }, "name": { "type": "string", "pattern": "^[a-z]+$" },
            "children": { "type": "array", "items": { "$ref": "#" } },
            "next": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] },
        },
        "additionalProperties": false,
    });
    assert_eq!(survey(&tree), Ok(()));
    let value = json!({ "name": "a", "children": vec![json!({ "name": "b" }); 100], "next": null });
    assert_eq!(of(&tree, &value), Effort::Small);
    let numbers = json!({ "properties": { "list": { "items": { "type": "number" } } } });
    assert_eq!(of(&numbers, &json!({ "list": vec![1; 900_000] })), Effort::Small);
    let itself =
        json!({ "allOf": [{ "$ref": "#" }, { "$ref": "#/$defs/a" }], "$defs": { "a": { "$ref": "#" } } });
    assert_eq!(survey(&itself), Ok(()));
    assert_eq!(of(&itself, &json!({ "a": 1 })), Effort::Small);
}
