//! verdict: limit
//! message: MiB of memory
fn main() { eprintln!("memory allocation of 5 bytes failed"); std::process::abort(); }
