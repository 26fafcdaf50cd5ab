use mcp_runtime::{call, json, parallel};

fn main() -> mcp_runtime::Result<mcp_runtime::Value> {
    let met = parallel(&[8; 8], |count| call("notes", "meet", json!({ "count": count })));
    let met: Vec<_> = met.into_iter().collect::<Result<_, _>>()?;
    let in_order = parallel(&(0..100).collect::<Vec<i32>>(), |n| n * 2);
    Ok(json!([met.len(), in_order[99], parallel(&[] as &[i32], |n| *n)]))
}
