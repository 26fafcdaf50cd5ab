//! verdict: result
//! result: "mine"
// It hides functions of the C library from its own process, and from no other.
#[no_mangle]
pub extern "C" fn getrandom(_: *mut u8, length: usize, _: u32) -> isize { length as isize }
#[no_mangle]
pub extern "C" fn close(_: i32) -> i32 { 0 }
fn main() { println!("mine"); }
