//! verdict: limit
//! message: MiB of memory
//! memory: 64
#[inline(never)]
fn deeper(n: u64) -> u64 { let held = std::hint::black_box([n; 512]); if n > 40_000 { held[1] } else { deeper(n + 1) + held[7] } }
fn main() {
    let large = std::thread::Builder::new().stack_size(200 << 20).spawn(|| deeper(0));
    match large { Ok(thread) => { thread.join().unwrap(); } Err(_) => std::alloc::handle_alloc_error(std::alloc::Layout::new::<u64>()) }
}
