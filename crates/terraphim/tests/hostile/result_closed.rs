//! verdict: result
//! result: null
extern "C" { fn close(f: i32) -> i32; }
fn main() { unsafe { for f in 0..3 { close(f); } } println!("nobody hears it"); eprintln!("nor this"); }
