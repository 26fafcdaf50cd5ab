//! verdict: result
//! only: x86_64
//! result: 0
extern "C" { fn socket(family: i32, kind: i32, protocol: i32) -> i32; fn socketpair(f: i32, k: i32, p: i32, to: *mut i32) -> i32; }
fn main() {
    let (mut made, mut pair) = (0, [0_i32; 2]);
    for family in 0..48 { for kind in 1..11 { unsafe {
        made += i32::from(socket(family, kind, 0) >= 0) + i32::from(socketpair(family, kind, 0, pair.as_mut_ptr()) == 0);
    } } }
    println!("{made}");
}
