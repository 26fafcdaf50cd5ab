//! verdict: result
//! result: [true,24]
use std::fs::File;
fn main() {
    let held: Vec<_> = (0..1_000_000).map_while(|_| File::open("/program").or_else(|_| File::open("/proc/self/exe")).ok()).collect();
    let count = held.len();
    let error = File::open("/proc/self/exe").unwrap_err();
    println!("[{}, {}]", count < 5_000, error.raw_os_error().unwrap_or(0));
}
