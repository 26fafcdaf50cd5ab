//! verdict: limit
//! message: MiB of memory
//! memory: 64
extern "C" { fn mmap(at: usize, bytes: usize, prot: i32, flags: i32, f: i32, from: i64) -> *mut u8; }
fn main() {
    loop { unsafe {
        let at = mmap(0, 8 << 20, 3, 0x22, -1, 0);
        if at as isize == -1 { std::alloc::handle_alloc_error(std::alloc::Layout::new::<u64>()); }
        for page in 0..2048 { at.add(page * 4096).write_volatile(1); }
    } }
}
