use mcp_runtime::{from_value, json, json_struct, Json, Result};

json_struct! {
    /// One line.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Row {
        name: String,
        pub total: f64,
        first_seen: Option<String> = "firstSeen",
        r#type: Vec<Inner>,
    }
    #[derive(Debug, Clone, PartialEq)]
    struct Inner { n: u8 }
}

fn main() -> Result<Json<(Row, Vec<Row>)>> {
    let row: Row = from_value(json!({ "name": "a", "total": 2, "type": [{ "n": 7 }], "more": 1 }))?;
    println!("{:?}", row);
    for wrong in [json!({ "name": "a", "total": "2", "type": [] }), json!({ "name": "a", "type": [] }), json!([]),
        json!({ "name": "a", "total": 1, "type": [{ "n": 256 }] })] {
        println!("{}", from_value::<Row>(wrong).unwrap_err());
    }
    Ok(Json((row.clone(), vec![row])))
}
