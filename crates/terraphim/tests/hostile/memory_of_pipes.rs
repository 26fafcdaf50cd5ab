//! verdict: result
//! result: true
extern "C" { fn pipe(to: *mut i32) -> i32; fn fcntl(f: i32, what: i32, ...) -> i32; fn write(f: i32, b: *const u8, n: usize) -> isize; }
fn main() {
    let (mut ends, mut held) = ([0; 2], 0_usize);
    let page = [1_u8; 4096];
    while unsafe { pipe(ends.as_mut_ptr()) } == 0 {
        unsafe { fcntl(ends[1], 1031, 1 << 20); fcntl(ends[1], 4, 0o4000 | 1); }
        loop { let wrote = unsafe { write(ends[1], page.as_ptr(), 4096) }; if wrote <= 0 { break; } held += wrote as usize; }
    }
    println!("{}", held < 256 << 20);
}
