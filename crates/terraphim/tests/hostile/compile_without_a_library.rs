//! verdict: syntax
//! message: unwinding panics are not supported without std
#![no_std]
#![no_main]
#[panic_handler]
fn on_panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[no_mangle]
pub extern "C" fn main() -> i32 { unsafe { *(8 as *mut u8) = 1 }; 0 }
#[link(name = "c")]
extern "C" {}
