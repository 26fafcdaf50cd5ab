//! verdict: result
//! result: true
extern "C" { fn write(f: i32, b: *const u8, n: usize) -> isize; fn shutdown(f: i32, how: i32) -> i32; }
fn main() {
    for f in 3..256 { unsafe { write(f, [0xff_u8; 4096].as_ptr(), 4096); shutdown(f, 1); } }
    println!("{}", mcp_runtime::call("up", "add", mcp_runtime::json!({ "a": 1, "b": 2 })).is_ok());
}
