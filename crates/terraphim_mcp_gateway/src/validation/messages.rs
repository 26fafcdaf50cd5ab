//! What a model reads for each kind of mistake, in full.

use expect_test::expect;
use serde_json::json;

use super::{tests::check, *};

/// One line for each case: its name, and the complaint.
fn table(cases: &[(&str, Value, Value)]) -> String {
    let lines = cases.iter().map(|(name, schema, arguments)| {
        let complaint = check(schema, arguments).err().unwrap_or_else(|| "(it fits)".to_owned());
        assert!(complaint.chars().count() <= COMPLAINT_CHARS + 3, "{complaint}");
        format!("{name}: {complaint}\n")
    });
    lines.collect()
}

fn property(schema: Value) -> Value {
    json!({ "type": "object", "properties": { "a": schema } })
}

#[test]
fn names_and_types() {
    let person = json!({ "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": { "name": { "type": "string" }, "age": { "type": "integer" }, "tags": { "type": "array", "items": { "type": "string" } } } });
    let nested =
        json!({ "type": "object", "properties": { "people": { "type": "array", "items": person } } });
    let cases = [
        ("required", person.clone(), json!({})),
        ("required, near", person.clone(), json!({ "nmae": "x" })),
        ("required, far", person.clone(), json!({ "age": 3 })),
        ("unknown", person.clone(), json!({ "name": "x", "agee": 3 })),
        ("unknown, far", person.clone(), json!({ "name": "x", "zzzz": 3 })),
        ("several", person.clone(), json!({ "age": "old", "tags": "x", "y": 1, "z": 2 })),
        ("type", person.clone(), json!({ "name": 5 })),
        ("integer", person.clone(), json!({ "name": "x", "age": 1.5 })),
        ("null", person.clone(), json!({ "name": null })),
        ("in a list", person, json!({ "name": "x", "tags": ["a", 5] })),
        (
            "in a list of objects",
            nested.clone(),
            json!({ "people": [{ "name": "x" }, { "name": "y", "ag": 1 }] }),
        ),
        ("deep", nested, json!({ "people": [{ "name": "x", "tags": [["a"]] }] })),
        ("several types", property(json!({ "type": ["string", "null"] })), json!({ "a": 1 })),
        (
            "unevaluated",
            json!({ "properties": { "a": {} }, "unevaluatedProperties": false }),
            json!({ "b": 1 }),
        ),
        (
            "pattern of a name",
            json!({ "patternProperties": { "^x-": { "type": "string" } } }),
            json!({ "x-a": 1 }),
        ),
        (
            "unknown beside a pattern",
            json!({ "properties": { "id": {} }, "patternProperties": { "^x-": { "type": "integer" } }, "additionalProperties": false }),
            json!({ "y-a": 1 }),
        ),
        ("names", json!({ "propertyNames": { "pattern": "^[a-z]+$" } }), json!({ "A1": 1 })),
        ("names by length", json!({ "propertyNames": { "maxLength": 3 } }), json!({ "long": 1 })),
    ];
    expect![[r#"
        required: the property `name` is required (got no properties); it takes `name`, `age`, `tags`
        required, near: unknown property `nmae`; did you mean `name`? (allowed: `name`, `age`, `tags`); the property `name` is required (got `nmae`, is that what was meant?)
        required, far: the property `name` is required (got `age`); it takes `name`, `age`, `tags`
        unknown: unknown property `agee`; did you mean `age`? (allowed: `name`, `age`, `tags`)
        unknown, far: unknown property `zzzz` (allowed: `name`, `age`, `tags`)
        several: `age`: expected integer, got "old"; `tags`: expected array, got "x"; unknown property `y`, unknown property `z` (allowed: `name`, `age`, `tags`); and more
        type: `name`: expected string, got 5
        integer: `age`: expected integer, got 1.5
        null: `name`: expected string, got null
        in a list: `tags.1`: expected string, got 5
        in a list of objects: `people.1`: unknown property `ag`; did you mean `age`, `tags`? (allowed: `name`, `age`, `tags`)
        deep: `people.0.tags.0`: expected string, got ["a"]
        several types: `a`: expected null or string, got 1
        unevaluated: unknown property `b` (allowed: `a`)
        pattern of a name: `x-a`: expected string, got 1
        unknown beside a pattern: unknown property `y-a` (allowed: `id`, names that match `^x-`)
        names: the name `A1` is not allowed: expected a text that matches `^[a-z]+$`, got "A1"
        names by length: the name `long` is not allowed: expected at most 3 characters, got 4: "long"
    "#]].assert_eq(&table(&cases));
}

#[test]
fn values_and_limits() {
    let cases = [
        ("enum", property(json!({ "enum": ["ascending", "descending"] })), json!({ "a": "ascendin" })),
        (
            "enum, case and separators",
            property(json!({ "enum": ["FAST-MODE", "fast-mode", "slow_mode"] })),
            json!({ "a": "fast_mode" }),
        ),
        ("enum, far", property(json!({ "enum": [1, 2, null] })), json!({ "a": "x" })),
        (
            "enum, long",
            property(json!({ "enum": (0..200).map(|n| format!("value_{n}")).collect::<Vec<_>>() })),
            json!({ "a": "value_19x" }),
        ),
        ("const", property(json!({ "const": "v1" })), json!({ "a": "v2" })),
        ("minimum", property(json!({ "minimum": 1 })), json!({ "a": 0 })),
        ("maximum", property(json!({ "maximum": 100 })), json!({ "a": 101 })),
        ("more than", property(json!({ "exclusiveMinimum": 0 })), json!({ "a": 0 })),
        ("less than", property(json!({ "exclusiveMaximum": 1.5 })), json!({ "a": 2 })),
        ("multiple", property(json!({ "multipleOf": 5 })), json!({ "a": 7 })),
        ("short", property(json!({ "minLength": 3 })), json!({ "a": "ab" })),
        ("one letter", property(json!({ "minLength": 1 })), json!({ "a": "" })),
        ("long", property(json!({ "maxLength": 2 })), json!({ "a": "größe" })),
        ("few items", property(json!({ "type": "array", "minItems": 1 })), json!({ "a": [] })),
        ("many items", property(json!({ "maxItems": 2 })), json!({ "a": [1, 2, 3] })),
        ("few members", property(json!({ "minProperties": 2 })), json!({ "a": { "b": 1 } })),
        ("many members", property(json!({ "maxProperties": 1 })), json!({ "a": { "b": 1, "c": 2 } })),
        ("different items", property(json!({ "uniqueItems": true })), json!({ "a": [1, 1] })),
        (
            "items in places",
            property(json!({ "prefixItems": [{ "type": "string" }, { "type": "integer" }], "items": false })),
            json!({ "a": ["x", "y", 3] }),
        ),
        ("contains", property(json!({ "contains": { "type": "string" } })), json!({ "a": [1, 2] })),
        ("pattern", property(json!({ "pattern": "^[A-Z]{3}$" })), json!({ "a": "abc" })),
        (
            "format is not asserted",
            property(json!({ "type": "string", "format": "date" })),
            json!({ "a": "tomorrow" }),
        ),
        ("not", property(json!({ "not": { "type": "null" } })), json!({ "a": null })),
        ("false", property(json!(false)), json!({ "a": 1 })),
        ("a long value", property(json!({ "type": "integer" })), json!({ "a": "x".repeat(10_000) })),
    ];
    expect![[r#"
        enum: `a`: expected one of ["ascending","descending"], got "ascendin"; did you mean `ascending`?
        enum, case and separators: `a`: expected one of ["FAST-MODE","fast-mode","slow_mode"], got "fast_mode"; did you mean `fast-mode`?
        enum, far: `a`: expected one of [1,2,null], got "x"
        enum, long: `a`: expected one of ["value_0","value_1","value_2","value_3","value_4","value_5","value_6","value_7","value_8","value_9","value_10","value_1..., got "value_19x"; did you mean `value_19`?
        const: `a`: expected "v1", got "v2"
        minimum: `a`: expected at least 1, got 0
        maximum: `a`: expected at most 100, got 101
        more than: `a`: expected more than 0, got 0
        less than: `a`: expected less than 1.5, got 2
        multiple: `a`: expected a multiple of 5, got 7
        short: `a`: expected at least 3 characters, got 2: "ab"
        one letter: `a`: expected at least 1 character, got 0: ""
        long: `a`: expected at most 2 characters, got 5: "größe"
        few items: `a`: expected at least 1 item, got 0
        many items: `a`: expected at most 2 items, got 3
        few members: `a`: expected at least 2 properties, got 1: {"b":1}
        many members: `a`: expected at most 1 property, got 2: {"b":1,"c":2}
        different items: `a`: expected items that all differ, got [1,1]
        items in places: `a.2`: nothing may be given here, got 3; `a.1`: expected integer, got "y"
        contains: `a`: none of its items, or too few or many, are of the kind that must be there: [1,2]
        pattern: `a`: expected a text that matches `^[A-Z]{3}$`, got "abc"
        format is not asserted: (it fits)
        not: `a`: null is what must not be given: {"type":"null"}
        false: `a`: nothing may be given here, got 1
        a long value: `a`: expected integer, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
    "#]].assert_eq(&table(&cases));
}

#[test]
fn alternatives() {
    let shape = json!({ "oneOf": [
        { "type": "object", "properties": { "kind": { "const": "circle" }, "radius": { "type": "number" } }, "required": ["kind", "radius"] },
        { "type": "object", "properties": { "kind": { "const": "square" }, "side": { "type": "number" } }, "required": ["kind", "side"] },
    ] });
    let cases = [
        ("the closest by its tag", property(shape.clone()), json!({ "a": { "kind": "square", "sid": 2 } })),
        (
            "the closest by its type",
            property(shape.clone()),
            json!({ "a": { "kind": "circle", "radius": "2" } }),
        ),
        ("no tag fits", property(shape.clone()), json!({ "a": { "kind": "line" } })),
        ("a tag with a slip", property(shape), json!({ "a": { "kind": "sqare", "side": 2 } })),
        (
            "pairs required by alternatives",
            json!({ "oneOf": [{ "required": ["id"] }, { "required": ["owner", "name"] }] }),
            json!({ "x": 1 }),
        ),
        (
            "scalars",
            property(json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] })),
            json!({ "a": true }),
        ),
        (
            "constants",
            property(json!({ "oneOf": [{ "const": "x" }, { "const": "y" }] })),
            json!({ "a": "z" }),
        ),
        (
            "a list or one",
            property(
                json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
            ),
            json!({ "a": ["x", 1] }),
        ),
        (
            "an object or null",
            property(json!({ "anyOf": [{ "type": "object", "required": ["id"] }, { "type": "null" }] })),
            json!({ "a": { "ID": 1 } }),
        ),
        (
            "more than one",
            property(json!({ "oneOf": [{ "type": "integer" }, { "minimum": 0 }] })),
            json!({ "a": 3 }),
        ),
        (
            "nested",
            property(
                json!({ "anyOf": [{ "type": "object", "properties": { "b": { "anyOf": [{ "type": "object", "required": ["c"] }, { "type": "array" }] } } }] }),
            ),
            json!({ "a": { "b": {} } }),
        ),
        (
            "required by alternatives",
            json!({ "anyOf": [{ "required": ["id"] }, { "required": ["name"] }] }),
            json!({}),
        ),
    ];
    expect![[r#"
        the closest by its tag: `a`: it fits none of 2 alternatives; by the closest, number 2: `a`: the property `side` is required (got `sid`, is that what was meant?)
        the closest by its type: `a`: it fits none of 2 alternatives; by the closest, number 1: `a.radius`: expected number, got "2"
        no tag fits: `a.kind`: expected one of ["circle","square"], got "line"
        a tag with a slip: `a.kind`: expected one of ["circle","square"], got "sqare"; did you mean `square`?
        pairs required by alternatives: it needs `id`, or `owner` and `name` (got `x`)
        scalars: `a`: expected string or integer, got true
        constants: `a`: expected "x" or "y", got "z"
        a list or one: `a`: it fits none of 2 alternatives; by the closest, number 2: `a.1`: expected string, got 1
        an object or null: `a`: it fits none of 2 alternatives; by the closest, number 1: `a`: the property `id` is required (got `ID`, is that what was meant?)
        more than one: `a`: 3 fits more than one of the alternatives (1 and 2), and may fit only one
        nested: `a.b`: it fits none of 2 alternatives; by the closest, number 1: `a.b`: the property `c` is required (got no properties)
        required by alternatives: it needs `id`, or `name` (got no properties)
    "#]].assert_eq(&table(&cases));
}

#[test]
fn dependencies() {
    let cases = [
        ("dependent", json!({ "dependentRequired": { "card": ["address"] } }), json!({ "card": 1 })),
        ("dependencies", json!({ "dependencies": { "card": ["address"] } }), json!({ "card": 1 })),
        (
            "dependent schema",
            json!({ "dependentSchemas": { "card": { "required": ["name"] } } }),
            json!({ "card": 1 }),
        ),
        (
            "then",
            json!({ "if": { "properties": { "a": { "const": 1 } }, "required": ["a"] }, "then": { "required": ["b"] } }),
            json!({ "a": 1 }),
        ),
        ("else", json!({ "if": { "required": ["a"] }, "else": { "required": ["b"] } }), json!({ "c": 1 })),
    ];
    expect![[r#"
        dependent: the property `address` is required beside `card` (got `card`)
        dependencies: the property `address` is required beside `card` (got `card`)
        dependent schema: the property `name` is required (got `card`)
        then: the property `b` is required (got `a`)
        else: the property `b` is required (got `c`)
    "#]]
    .assert_eq(&table(&cases));
}

#[test]
fn references_of_every_kind_are_followed() {
    let by_id = json!({ "$id": "https://example.org/root.json", "properties": { "a": { "$ref": "item.json" } },
        "$defs": { "item": { "$id": "item.json", "type": "object", "properties": { "n": { "$ref": "#/$defs/n" } }, "$defs": { "n": { "type": "integer" } } } } });
    let cases = [
        ("$id", by_id, json!({ "a": { "n": "x" } })),
        (
            "$anchor",
            json!({ "properties": { "a": { "$ref": "#item" } }, "$defs": { "x": { "$anchor": "item", "type": "integer" } } }),
            json!({ "a": "x" }),
        ),
        (
            "$dynamicRef",
            json!({ "$dynamicAnchor": "node", "properties": { "a": { "$dynamicRef": "#node" }, "n": { "type": "integer" } } }),
            json!({ "a": { "n": "x" } }),
        ),
        (
            "$recursiveRef",
            json!({ "$schema": "https://json-schema.org/draft/2019-09/schema", "properties": { "a": { "$recursiveRef": "#" }, "n": { "type": "integer" } } }),
            json!({ "a": { "a": { "n": "x" } } }),
        ),
    ];
    expect![[r#"
        $id: `a.n`: expected integer, got "x"
        $anchor: `a`: expected integer, got "x"
        $dynamicRef: `a.n`: expected integer, got "x"
        $recursiveRef: `a.a.n`: expected integer, got "x"
    "#]]
    .assert_eq(&table(&cases));
}

#[test]
fn drafts_are_read_by_their_own_rules() {
    let draft = |version: &str| format!("http://json-schema.org/draft-{version}/schema#");
    let cases = [
        (
            "draft 4: id, exclusive",
            json!({ "$schema": draft("04"), "id": "http://example.org/r", "properties": { "a": { "$ref": "#item" } },
            "definitions": { "x": { "id": "#item", "minimum": 0, "exclusiveMinimum": true } } }),
            json!({ "a": 0 }),
        ),
        (
            "draft 6",
            json!({ "$schema": draft("06"), "properties": { "a": { "contains": { "const": 1 } } } }),
            json!({ "a": [2] }),
        ),
        (
            "draft 7: beside a reference",
            json!({ "$schema": draft("07"), "properties": { "a": { "$ref": "#/definitions/x", "type": "string" } }, "definitions": { "x": { "type": "integer" } } }),
            json!({ "a": true }),
        ),
        (
            "2020-12: beside a reference",
            json!({ "properties": { "a": { "$ref": "#/$defs/x", "maximum": 5 } }, "$defs": { "x": { "type": "integer" } } }),
            json!({ "a": 7 }),
        ),
        (
            "an unknown dialect",
            json!({ "$schema": "https://example.org/dialect", "properties": { "a": { "type": "integer" } } }),
            json!({ "a": "x" }),
        ),
        (
            "a list of items",
            json!({ "properties": { "a": { "items": [{ "type": "integer" }], "additionalItems": false } } }),
            json!({ "a": [1, 2] }),
        ),
    ];
    expect![[r#"
        draft 4: id, exclusive: `a`: expected more than 0, got 0
        draft 6: `a`: none of its items, or too few or many, are of the kind that must be there: [2]
        draft 7: beside a reference: `a`: expected integer, got true
        2020-12: beside a reference: `a`: expected at most 5, got 7
        an unknown dialect: `a`: expected integer, got "x"
        a list of items: `a.1`: nothing may be given here, got 2
    "#]]
    .assert_eq(&table(&cases));
}

#[test]
fn what_cannot_be_used_leaves_the_rest() {
    let cases = [
        (
            "an escaped pointer",
            json!({ "properties": { "a": { "$ref": "#/%24defs/x%20y" } }, "$defs": { "x y": { "type": "integer" } } }),
            json!({ "a": "x" }),
        ),
        (
            "a pointer to a property",
            json!({ "properties": { "a": { "$ref": "#/properties/b" }, "b": { "type": "integer" } } }),
            json!({ "a": "x" }),
        ),
        (
            "a bad type leaves the rest",
            json!({ "properties": { "a": { "type": 5 }, "b": { "type": "integer" } } }),
            json!({ "a": 1, "b": "x" }),
        ),
        (
            "a bad pattern leaves the rest",
            json!({ "properties": { "a": { "pattern": "(" }, "b": { "type": "integer" } } }),
            json!({ "a": "x", "b": "x" }),
        ),
        (
            "elsewhere leaves the rest",
            json!({ "properties": { "a": { "$ref": "https://example.org/s" }, "b": { "type": "integer" } } }),
            json!({ "a": "x", "b": "x" }),
        ),
        (
            "a flag for required",
            json!({ "properties": { "a": { "type": "integer", "required": true } } }),
            json!({ "a": "x" }),
        ),
        (
            "a property called $id",
            json!({ "properties": { "$id": { "type": "string" }, "$ref": { "type": "integer" } } }),
            json!({ "$id": 1, "$ref": "x" }),
        ),
    ];
    expect![[r#"
        an escaped pointer: `a`: expected integer, got "x"
        a pointer to a property: `a`: expected integer, got "x"
        a bad type leaves the rest: `b`: expected integer, got "x"
        a bad pattern leaves the rest: `b`: expected integer, got "x"
        elsewhere leaves the rest: `b`: expected integer, got "x"
        a flag for required: `a`: expected integer, got "x"
        a property called $id: `$id`: expected string, got 1; `$ref`: expected integer, got "x"
    "#]]
    .assert_eq(&table(&cases));
}

#[test]
fn what_cannot_be_checked_is_named() {
    let unchecked = |schema: &Value| standalone::of(schema).expect("a schema").unchecked.join("; ");
    expect!["the dialect that `$schema` names is not known, 2020-12 is taken for it; the reference `https://example.org/s` leads to nothing in it; a `type` in it names none; the pattern `(` cannot be used"]
        .assert_eq(&unchecked(&json!({ "$schema": "x", "properties": {
            "a": { "$ref": "https://example.org/s" }, "b": { "type": "text" }, "c": { "pattern": "(" }, "d": { "pattern": "(" },
        } })));
    assert_eq!(unchecked(&json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#" } } })), "");
    let deep = (0..1_000).fold(json!({}), |inner, _| json!({ "not": inner }));
    assert_eq!(standalone::of(&deep).err(), Some(standalone::Unusable::TooDeep));
    let chain: Map<_, _> = (0..5_000)
        .map(|n| (format!("d{n}"), json!({ "not": { "$ref": format!("#/$defs/d{}", n + 1) } })))
        .collect();
    assert!(standalone::of(&json!({ "$defs": chain, "$ref": "#/$defs/d0" })).is_ok());
}
