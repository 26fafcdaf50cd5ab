//! verdict: result
//! result: "begun by hand"
#![no_main]
#[no_mangle]
pub extern "C" fn main() -> i32 {
    println!("begun by hand");
    0
}
