//! Shapes as algebra, sampling, and what is kept between processes.

use std::fs;

use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{sample::shape_of, shape::Shape, *};

fn shape(value: &Value) -> Shape {
    shape_of(&value.to_string(), usize::MAX)
}

fn joined(values: &[Value]) -> Shape {
    values.iter().fold(Shape::default(), |mut all, value| {
        all.join(&shape(value));
        all.bounded()
    })
}

fn schema(values: &[Value]) -> String {
    joined(values).schema().to_string()
}

#[test]
fn names_that_are_others_in_every_result_make_a_map() {
    let person = json!({ "age": 1 });
    let of = |names: &[&str], value: &Value| -> Value {
        names.iter().map(|name| ((*name).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let is_map = |values: &[Value]| joined(values).schema().get("additionalProperties").is_some();
    // People, each with a record, a list or a number.
    let people =
        |value: &Value| [of(&["ann", "bob"], value), of(&["cid"], value), of(&["dan", "eve"], value)];
    for value in [person.clone(), json!([1]), json!(3), json!("x"), json!({ "a@b.c": 1 })] {
        assert!(is_map(&people(&value)), "{value}");
        let mut reversed = people(&value);
        reversed.reverse();
        assert_eq!(schema(&reversed), schema(&people(&value)));
    }
    let within = [json!({ "by": { "ann": person } }), json!({ "by": { "bob": person, "cid": person } })];
    assert!(
        schema(&within).contains(r#""by":{"type":"object","additionalProperties""#),
        "{}",
        schema(&within)
    );
    // Members of a record: one is always there, they are of different kinds, or there are few of them.
    for record in [
        vec![
            json!({ "id": 1, "a": 1 }),
            json!({ "id": 1, "b": 1 }),
            json!({ "id": 1, "c": 1, "d": 1, "e": 1 }),
        ],
        vec![
            json!({ "error": "x" }),
            json!({ "data": [1] }),
            json!({ "page": 1 }),
            json!({ "a": 1, "b": 1 }),
        ],
        vec![json!({ "title": "x" }), json!({ "note": "y" }), json!({ "state": "z" })],
        vec![
            json!({ "user": { "login": "a" } }),
            json!({ "repo": { "size": 1 } }),
            json!({ "team": { "slug": "x" } }),
        ],
        vec![json!({ "ann": person, "bob": person, "cid": person })],
    ] {
        assert!(!is_map(&record), "{}", schema(&record));
    }
    // What looked like entries are members once another kind shows.
    let mut later = people(&json!(3)).to_vec();
    later.push(json!({ "error": "none" }));
    assert!(!is_map(&later), "{}", schema(&later));
}

#[test]
fn schemas_say_what_results_have_in_common() {
    let users = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "age": 1, "mail": "x" })))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let cases = [
        vec![json!({ "a": 1, "b": "x" }), json!({ "a": 1.5 })],
        vec![json!([1, null]), json!([]), json!(["x"])],
        vec![json!([])],
        vec![json!({ "a": null }), json!({ "a": { "b": [true] } })],
        vec![json!("red"), json!("green")],
        vec![json!({ "2026-01-01": 1, "2026-01-02": 2.5 })],
        vec![users(&["ann", "bob", "cid", "dan", "eve"])],
        vec![users(&["ann", "bob"])],
        vec![json!([{ "id": 1 }, { "id": 2, "label": "x" }])],
        vec![json!(1), json!([1]), json!({ "a": 1 })],
        vec![json!((0..9).fold(json!(1), |inner, _| json!([inner])))],
    ];
    let lines: String = cases.iter().map(|values| schema(values) + "\n").collect();
    expect![[r#"
        {"type":"object","properties":{"a":{"type":"number"},"b":{"type":"string"}},"required":["a"]}
        {"type":"array","items":{"type":["integer","string","null"]}}
        {"type":"array"}
        {"type":"object","properties":{"a":{"anyOf":[{"type":"object","properties":{"b":{"type":"array","items":{"type":"boolean"}}},"required":["b"]},{"type":"null"}]}},"required":["a"]}
        {"type":"string"}
        {"type":"object","additionalProperties":{"type":"number"}}
        {"type":"object","additionalProperties":{"type":"object","properties":{"age":{"type":"integer"},"mail":{"type":"string"}},"required":["age","mail"]}}
        {"type":"object","properties":{"ann":{"type":"object","properties":{"age":{"type":"integer"},"mail":{"type":"string"}},"required":["age","mail"]},"bob":{"type":"object","properties":{"age":{"type":"integer"},"mail":{"type":"string"}},"required":["age","mail"]}},"required":["ann","bob"]}
        {"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"label":{"type":"string"}},"required":["id"]}}
        {"anyOf":[{"type":"integer"},{"type":"array","items":{"type":"integer"}},{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}]}
        {"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"array"}}}}}}}}}
    "#]].assert_eq(&lines);
}

#[test]
fn what_has_too_many_members_is_a_map() {
    let one = |n: usize| json!({ format!("name{}", char::from(b'a' + n as u8)): 1, "id": 2 });
    let few: Vec<_> = (0..26).map(one).collect();
    assert!(schema(&few).contains("namea"));
    let many: Vec<_> = (0..26 * 26)
        .map(|n| json!({ format!("{}{}", char::from(b'a' + (n / 26) as u8), char::from(b'a' + (n % 26) as u8)): 1 }))
        .collect();
    assert_eq!(schema(&many), r#"{"type":"object","additionalProperties":{"type":"integer"}}"#);
}

#[test]
fn of_a_long_text_the_beginning_is_looked_at() {
    let list = json!((0..100_000).map(|n| json!({ "id": n })).collect::<Vec<_>>()).to_string();
    let expected = r#"{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}}"#;
    assert_eq!(shape_of(&list, 1 << 10).schema().to_string(), expected);
    let text = format!(r#"{{"items":{list},"total":5}}"#);
    let whole = shape_of(&text, usize::MAX).schema();
    assert_eq!(whole["required"], json!(["items", "total"]));
    let begun = shape_of(&text, 1 << 10).schema();
    assert_eq!(begun.get("required"), None, "nothing is known to be always there");
    assert_eq!(begun["properties"]["items"]["items"]["required"], json!(["id"]));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e6..1e6).prop_map(Value::from),
        "[a-z\"\\\\é]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-c0-9]{1,3}|[a-z]{1,2}", inner, 0..8)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn joining_is_commutative_associative_idempotent_and_widens(all in prop::collection::vec(values(), 1..6)) {
        let forward = joined(&all);
        let mut turned = all.clone();
        turned.reverse();
        prop_assert_eq!(&joined(&turned), &forward);
        let mut again = forward.clone();
        prop_assert!(!again.join(&forward));
        prop_assert_eq!(&again, &forward);
        for value in &all {
            prop_assert!(!again.join(&shape(value)), "{} is in it already", value);
        }
        let (left, right) = all.split_at(all.len() / 2);
        let mut halves = joined(left);
        halves.join(&joined(right));
        prop_assert_eq!(halves.bounded(), forward);
    }

    #[test]
    fn every_observed_value_meets_the_schema(all in prop::collection::vec(values(), 1..6)) {
        let schema = joined(&all).schema();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for value in &all {
            prop_assert!(validator.is_valid(value), "{} by {}", value, schema);
        }
    }

    #[test]
    fn a_text_cut_anywhere_is_read_without_harm(value in values(), most in 0_usize..200, spaces in any::<bool>()) {
        let text = if spaces { serde_json::to_string_pretty(&value).expect("JSON") } else { value.to_string() };
        let mut part = shape_of(&text, most);
        if most >= text.len() {
            prop_assert_eq!(&part, &shape(&value));
        }
        part = part.bounded();
        prop_assert!(part.schema().to_string().len() < 1 << 16);
    }

    #[test]
    fn any_text_is_survived(text in "[\\[\\]{}\",:0-9a\\\\ é]{0,60}", most in 0_usize..80) {
        shape_of(&text, most).schema();
    }
}

#[test]
fn what_is_no_json_is_passed() {
    for text in ["[[:", "[[:]]", "{\"a\":[:}:]}", "[[[:,:}"] {
        shape_of(text, usize::MAX).schema();
    }
}

fn tool(name: &str, description: &str) -> ToolDefinition {
    serde_json::from_value(json!({ "name": name, "description": description })).expect("a tool")
}

fn observed(folder: &std::path::Path) -> Arc<Observed> {
    let server = ServerName::new("s").expect("a name");
    let observing = Observing::InFolder(folder.to_owned());
    Observed::new(&observing, &server, "identity", &Arc::default()).expect("observing")
}

fn shown(observed: &Observed, tools: &Arc<[ToolDefinition]>) -> String {
    let dressed = observed.dress(tools);
    let one = |tool: &ToolDefinition| match &tool.observed {
        Some(seen) => format!("{} {} {} {:?}", tool.name, seen.observations, seen.schema, tool.failures),
        None => format!("{} - {:?}", tool.name, tool.failures),
    };
    dressed.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_was_observed_is_there_for_the_next_gateway_and_forgotten_with_the_definition() {
    let folder = tempfile::tempdir().expect("a folder");
    let tools: Arc<[ToolDefinition]> = Arc::from([tool("a", "one"), tool("b", "two")]);
    let first = observed(folder.path());
    assert!(Arc::ptr_eq(&first.dress(&tools), &tools), "nothing is known, nothing is copied");
    assert!(first.result(&tools[0], r#"{"id":1}"#), "a new shape is worth to be written");
    assert!(!first.result(&tools[0], r#"{"id":2}"#));
    assert!(first.failure(&tools[1], "no such thing: 1234567"));
    first.save();
    let again = observed(folder.path());
    let text = shown(&again, &tools);
    expect![[r#"
        a 2 {"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]} []
        b - ["no such thing: …"]"#]]
    .assert_eq(&text);
    assert!(Arc::ptr_eq(&again.dress(&tools), &again.dress(&tools)), "one list for all");
    let changed: Arc<[ToolDefinition]> = Arc::from([tool("a", "one"), tool("b", "changed")]);
    assert!(shown(&again, &changed).ends_with("b - []"), "a changed definition starts anew");
    let declared: ToolDefinition =
        serde_json::from_value(json!({ "name": "c", "outputSchema": { "type": "object" } })).expect("a tool");
    assert!(!again.result(&declared, "{}"));
}

#[test]
fn two_processes_add_to_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let tools: Arc<[ToolDefinition]> = Arc::from([tool("a", "one")]);
    let (left, right) = (observed(folder.path()), observed(folder.path()));
    left.dress(&tools);
    right.dress(&tools);
    std::thread::scope(|scope| {
        for (one, json) in [(&left, r#"{"x":1}"#), (&right, r#"{"y":"z"}"#)] {
            let tools = &tools;
            scope.spawn(move || {
                for _ in 0..20 {
                    one.result(&tools[0], json);
                    one.save();
                }
            });
        }
    });
    let text = shown(&observed(folder.path()), &tools);
    assert!(text.starts_with("a 40 "), "{text}");
    assert!(text.contains(r#""x""#) && text.contains(r#""y""#), "{text}");
}

#[test]
fn a_lock_that_another_holds_is_waited_for_once_for_all_servers() {
    let folder = tempfile::tempdir().expect("a folder");
    let observing = Observing::InFolder(folder.path().to_owned());
    let tools: Arc<[ToolDefinition]> = Arc::from([tool("a", "one")]);
    let servers: Vec<_> = ["r", "s", "t", "u"]
        .into_iter()
        .map(|name| {
            let server = ServerName::new(name).expect("a name");
            let observed = Observed::new(&observing, &server, name, &Arc::default()).expect("observing");
            observed.result(&tools[0], "1");
            observed
        })
        .collect();
    let all = || servers.iter().map(Arc::as_ref);
    let lock = fs::File::create(folder.path().join("lock")).expect("a file");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).expect("the lock");
    let begun = Instant::now();
    Observed::save_all(all());
    // It is 2 s for each of the four where each waits by itself.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(lock);
    Observed::save_all(all());
    for server in &servers {
        let name = server.server.clone();
        let again = Observed::new(&observing, &name, name.as_str(), &Arc::default()).expect("observing");
        assert!(shown(&again, &tools).starts_with("a 1 "), "nothing is lost: {}", shown(&again, &tools));
    }
}

#[test]
fn a_broken_file_is_set_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let tools: Arc<[ToolDefinition]> = Arc::from([tool("a", "one")]);
    let deep = format!(
        r#"{{"format":1,"tools":{{"a":{{"definition":"","shape":{}1{}}}}}}}"#,
        r#"{"list":"#.repeat(500),
        "}".repeat(500)
    );
    for text in ["{ broken", r#"{"format":2,"tools":{}}"#, r#"{"format":1,"tools":{"a":5}}"#, &deep] {
        fs::write(folder.path().join("identity.json"), text).expect("written");
        let anew = observed(folder.path());
        assert_eq!(shown(&anew, &tools), "a - []");
        let aside = fs::read_to_string(folder.path().join("identity.broken")).expect("set aside");
        assert_eq!(aside, text);
        anew.result(&tools[0], "1");
        anew.save();
        assert!(shown(&observed(folder.path()), &tools).starts_with("a 1 "));
    }
}

#[test]
fn a_list_is_made_anew_when_a_shape_widens_and_not_for_each_result() {
    let tools: Arc<[ToolDefinition]> = Arc::from([tool("a", "one")]);
    let server = ServerName::new("s").expect("a name");
    let observed =
        Observed::new(&Observing::InMemory, &server, "identity", &Arc::default()).expect("observing");
    observed.result(&tools[0], "1");
    let first = observed.dress(&tools);
    for _ in 0..100 {
        observed.result(&tools[0], "2");
    }
    assert!(Arc::ptr_eq(&observed.dress(&tools), &first));
    observed.result(&tools[0], "null");
    assert_eq!(observed.state().tools["a"].passed, 102);
    // Every 16th of the later ones is looked at.
    for _ in 102..112 {
        observed.result(&tools[0], "null");
    }
    let until = Instant::now() + SPACING;
    while Arc::ptr_eq(&observed.dress(&tools), &first) {
        std::thread::yield_now();
    }
    assert!(Instant::now() >= until - Duration::from_millis(50), "changes are gathered");
    assert_eq!(observed.dress(&tools)[0].observed.as_ref().map(|seen| seen.observations), Some(67));
}

#[test]
fn a_small_result_costs_little() {
    let tools: Arc<[ToolDefinition]> = Arc::from([tool("a", "one")]);
    let server = ServerName::new("s").expect("a name");
    let small = json!({ "id": 1, "title": "x", "tags": ["a", "b"], "owner": { "login": "y" } }).to_string();
    let mut each = Vec::new();
    for _ in 0..20 {
        let observed =
            Observed::new(&Observing::InMemory, &server, "identity", &Arc::default()).expect("observing");
        // All of the first ones are looked at.
        for _ in 0..64 {
            let begun = Instant::now();
            observed.result(&tools[0], &small);
            each.push(begun.elapsed());
        }
    }
    each.sort_unstable();
    println!("looked at: median {:?}, 95th of 100 {:?}", each[640], each[1_216]);
    assert!(each[640] < Duration::from_micros(20), "{:?}", each[640]);
}
