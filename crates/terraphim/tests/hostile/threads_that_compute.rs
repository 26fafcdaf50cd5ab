//! verdict: limit
//! message: its limit
//! timeout: 2000
fn main() { for _ in 0..40 { std::thread::spawn(|| loop { std::hint::spin_loop(); }); } loop { std::hint::spin_loop(); } }
