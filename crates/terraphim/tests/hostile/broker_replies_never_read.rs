//! verdict: limit
//! message: longer than its limit
//! timeout: 3000
«connection»
use std::io::Write;
fn main() {
    let mut all: Vec<_> = (0..16).filter_map(|_| take()).collect();
    let ask = frame(17, 1, "tool", "{\"server\":\"up\",\"tool\":\"big\",\"raw\":false,\"arguments\":{\"bytes\":4000000}}");
    for stream in &mut all { let _ = stream.write_all(&ask); }
    loop { std::thread::park(); }
}
