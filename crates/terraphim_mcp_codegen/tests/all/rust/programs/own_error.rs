fn main() -> mcp_runtime::Result<()> {
    let number: i32 = "x".parse()?;
    println!("{number}");
    Ok(())
}
