use mcp_runtime::call;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let found = call("notes", "docs", ())?;
    println!("{} of {}", found[0]["title"].as_str().unwrap_or("none"), found.items().len());
    let parsed: i64 = "12".parse()?;
    println!("{parsed}");
    Ok(())
}
