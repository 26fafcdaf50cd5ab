//! verdict: result
//! result: [true,true]
«connection»
use std::io::Write;
use mcp_runtime::{call, json};
// Four gigabytes announced, no length, kinds that only the host has, a name longer than its frame.
const FRAMES: [&[u8]; 6] = [b"\xff\xff\xff\xff\x11", b"\0\0\0\0\x11", b"\x05\0\0\0\x01aaaa",
    b"\x09\0\0\0\x11\0\0\0\0\xff\xff\xff\x7f", b"\x01\0\0\0\x12", b"\x01\0\0\0\x13"];
fn main() {
    let mut closed = true;
    for garbage in FRAMES {
        let Some(mut stream) = take() else { continue };
        let _ = stream.write_all(garbage);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        closed &= heard(stream, 5_000).is_some_and(|told| told.len() < 4_096);
    }
    let told = call("up", "add", json!({ "a": 1, "b": 2 }));
    println!("{}", json!([closed, told.is_ok_and(|sum| sum["sum"].as_i64() == Some(3))]));
}
