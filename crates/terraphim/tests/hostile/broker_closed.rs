//! verdict: tool
//! message: the host cannot be reached: descriptor 9
extern "C" { fn close(f: i32) -> i32; }
fn main() -> mcp_runtime::Result<mcp_runtime::Value> {
    unsafe { close(9) };
    mcp_runtime::call("up", "add", mcp_runtime::json!({ "a": 1, "b": 2 }))
}
