use mcp_runtime::{from_str, json, to_string_pretty, Error, Value};
use std::collections::{BTreeMap, HashMap};

fn main() -> Result<(), Error> {
    let text = r#" {"a":[1,-0,2.50,1e3,1E-7,true,false,null],"b":"\u00e9\ud83d\ude00\ud800x\n\/","big":18446744073709551615,
        "huge":123456789012345678901234567890,"over":1e999,"a2":{"x":{}},"e":[]} "#;
    let value: Value = from_str(text)?;
    println!("{value}");
    println!("{}", value["a"][2] == 2.5 && value["b"].as_str().is_some() && value["none"][7]["x"].is_null());
    println!("{:?} {:?} {:?}", value["big"].as_u64(), value["big"].as_i64(), value["huge"].as_f64());
    println!("{:?} {:?}", value.pointer("/a/0"), value.get("a").and_then(|list| list.get(9usize)));
    println!("{}", to_string_pretty(&json!({ "a": [1, [], {}], "b": { "c": null } })));

    for wrong in ["", "[1,]", "{\"a\" 1}", "01", "1.", "-", "\"\u{1}\"", "\"\\x\"", "\"\\u12g4\"", "nul", "[1] 2", "\"a", "{,}"] {
        match from_str::<Value>(wrong) {
            Ok(value) => println!("{wrong:?} was read as {value}"),
            Err(error) => println!("{error}"),
        }
    }
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    println!("{} {}", from_str::<Value>(&deep(128)).is_ok(), from_str::<Value>(&deep(129)).is_ok());
    println!("{}", from_str::<Value>(&deep(1_000_000)).is_ok());

    let key = "computed";
    let list = vec!["x", "y"];
    let table: HashMap<String, i64> = [("z".to_string(), 1), ("a".to_string(), 2)].into();
    let numbered: BTreeMap<u8, Option<f64>> = [(1, Some(1.0)), (2, None)].into();
    let mut made = json!({ "list": list, (key): list.len() * 2, "table": table, "numbered": numbered, "nan": f64::NAN,
        "tuple": (1, "a", 'c', 1.5f32), "call": list.iter().map(|one| one.len()).sum::<usize>(), "quote\"": u64::MAX, });
    made["new"] = "text".into();
    made["table"]["more"] = json!([null, { "deep": -1 }, [true]]);
    println!("{made}");
    let pairs: Vec<(String, i64)> = mcp_runtime::from_value(json!([["a", 1], ["b", 2]]))?;
    println!("{pairs:?} {}", mcp_runtime::from_value::<Vec<i64>>(json!([1, "x"])).unwrap_err());
    let mut many: mcp_runtime::Map = (0..50).map(|n| (format!("k{n}"), json!(n))).collect();
    many.remove("k7");
    many.insert("k3", json!("again"));
    println!("{} {:?} {:?} {}", many.len(), many.get("k7"), many.get("k49"), many.values().nth(3).unwrap());
    println!("{}", json!({ "a": 1, "b": 2 }) == json!({ "b": 2.0, "a": 1 }));
    Ok(())
}
