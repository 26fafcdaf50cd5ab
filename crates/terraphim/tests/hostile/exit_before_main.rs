//! verdict: runtime
//! message: exit code 7
#[link_section = ".init_array"]
#[used]
static FIRST: extern "C" fn() = first;
extern "C" fn first() { extern "C" { fn _exit(code: i32) -> !; } unsafe { _exit(7) } }
fn main() { println!("never"); }
