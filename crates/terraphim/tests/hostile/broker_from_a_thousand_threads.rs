//! verdict: result
//! result: [true,true]
use std::thread;
fn main() {
    let calls: Vec<_> = (0..1000).filter_map(|n| thread::Builder::new().stack_size(64 << 10)
        .spawn(move || mcp_runtime::call("up", "add", mcp_runtime::json!({ "a": n, "b": 1 })).is_ok()).ok()).collect();
    let made = calls.len();
    let good = calls.into_iter().filter(|_| true).map(|call| call.join().unwrap_or(false)).filter(|good| *good).count();
    println!("[{}, {}]", made < 1001, good == made);
}
