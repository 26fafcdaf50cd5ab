//! verdict: limit
//! message: longer than its limit
//! timeout: 2000
extern "C" { fn atexit(f: extern "C" fn()) -> i32; }
extern "C" fn forever() { loop { std::hint::spin_loop(); } }
struct Last;
impl Drop for Last { fn drop(&mut self) { forever(); } }
thread_local! { static LAST: Last = const { Last }; }
fn main() { unsafe { atexit(forever); } LAST.with(|_| ()); println!("{{\"done\": true}}"); }
