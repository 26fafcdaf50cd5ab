//! verdict: result
//! result: []
extern "C" { fn setrlimit(what: i32, to: *const [u64; 2]) -> i32; fn setpriority(which: i32, who: u32, to: i32) -> i32; }
fn main() {
    // CPU, file size, data, stack, processes, descriptors, locked memory, address space.
    let got: Vec<i32> = [0, 1, 2, 4, 6, 7, 8].into_iter().filter(|what| unsafe { setrlimit(*what, &[u64::MAX; 2]) } == 0).collect();
    assert!(unsafe { setpriority(0, 0, -20) } != 0);
    println!("{got:?}");
}
