//! verdict: runtime
//! message: exit code 3: alive
extern "C" { fn kill(process: i32, signal: i32) -> i32; fn getppid() -> i32; }
fn main() {
    unsafe { for signal in [9, 15, 19, 31] { kill(1, signal); kill(getppid(), signal); kill(0, 18); } kill(-1, 19); kill(-1, 9); }
    eprintln!("alive"); std::process::exit(3);
}
