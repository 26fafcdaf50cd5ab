//! verdict: limit
//! message: longer than its limit
//! timeout: 2000
extern "C" { fn signal(n: i32, f: usize) -> usize; fn sigfillset(s: *mut [u64; 16]) -> i32; fn sigprocmask(how: i32, s: *const [u64; 16], o: usize) -> i32; }
fn main() {
    let mut all = [0; 16];
    unsafe { for n in 1..65 { signal(n, 1); } sigfillset(&mut all); sigprocmask(2, &all, 0); }
    loop { std::hint::spin_loop(); }
}
