//! verdict: result
//! result: "done"
use std::process::{Command, Stdio};
extern "C" { fn setsid() -> i32; fn signal(n: i32, f: usize) -> usize; }
fn main() {
    if std::env::args().count() > 1 {
        unsafe { setsid(); for n in [1, 2, 15] { signal(n, 1); } }
        loop { let _ = mcp_runtime::call("up", "add", mcp_runtime::json!({ "a": 1, "b": 2 })); }
    }
    let mut own = Command::new(std::env::current_exe().unwrap());
    own.arg("again").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _ = mcp_runtime::call("up", "add", mcp_runtime::json!({ "a": 1, "b": 2 }));
    println!("done");
}
