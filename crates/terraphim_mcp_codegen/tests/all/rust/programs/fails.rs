fn main() -> mcp_runtime::Result<mcp_runtime::Value> {
    println!("begun");
    let found = mcp_runtime::call("notes", "fail", ())?;
    Ok(found["never"].clone())
}
