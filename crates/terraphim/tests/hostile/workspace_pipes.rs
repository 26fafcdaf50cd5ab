//! verdict: result
//! result: "made"
//! logs: not kept
//! next: fn main() { println!("{}", std::fs::read_dir(".").unwrap().count()); }
//! finds: 0
extern "C" { fn mkfifo(path: *const u8, mode: u32) -> i32; }
fn main() {
    // A host that opened one of them would wait for ever.
    unsafe { assert!(mkfifo(b"data\0".as_ptr(), 0o600) == 0 && mkfifo(b"results\0".as_ptr(), 0o600) == 0); }
    println!("made");
}
