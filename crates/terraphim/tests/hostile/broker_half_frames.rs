//! verdict: result
//! result: "left"
«connection»
use std::io::Write;
fn main() {
    let whole = frame(17, 1, "tool", "{\"server\":\"up\",\"tool\":\"fail\",\"raw\":false,\"arguments\":{}}");
    for cut in 1..whole.len().min(24) { if let Some(mut stream) = take() { let _ = stream.write_all(&whole[..cut]); std::mem::forget(stream); } }
    println!("left");
}
