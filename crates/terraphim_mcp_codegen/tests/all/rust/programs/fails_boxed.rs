fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    mcp_runtime::call("notes", "missing", ())?;
    Ok(())
}
