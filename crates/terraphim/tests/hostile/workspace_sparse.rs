//! verdict: result
//! result: [false,false,true]
extern "C" { fn signal(n: i32, f: usize) -> usize; }
fn main() {
    unsafe { signal(25, 1); }
    let file = std::fs::File::create("huge").unwrap();
    println!("[{}, {}, {}]", file.set_len(1 << 40).is_ok(), file.set_len(u64::MAX >> 1).is_ok(), file.set_len(90 << 20).is_ok());
    std::fs::remove_file("huge").unwrap();
}
