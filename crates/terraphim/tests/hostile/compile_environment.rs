//! verdict: result
//! result: ["/usr/bin:/bin", "/tmp","/tmp",null,null,null,null]
fn main() {
    let seen = [option_env!("PATH"), option_env!("HOME"), option_env!("TMPDIR"), option_env!("USER"),
        option_env!("RUSTUP_HOME"), option_env!("CARGO_HOME"), option_env!("TERRAPHIM_DEPTH")];
    println!("{}", mcp_runtime::json!(seen));
}
