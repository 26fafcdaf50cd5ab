fn main() -> mcp_runtime::Result<mcp_runtime::Json<Vec<(String, Option<f64>)>>> {
    Ok(mcp_runtime::Json(vec![("a".into(), Some(1.0)), ("b".into(), None)]))
}
