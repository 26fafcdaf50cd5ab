//! verdict: result
//! only: x86_64
//! result: [11,4,8,11,5]
use std::{arch::asm, os::unix::process::ExitStatusExt, process::Command};
fn main() {
    let own = std::env::current_exe().unwrap();
    unsafe { match std::env::args().nth(1).as_deref() {
        Some("halt") => asm!("hlt"),
        Some("undefined") => asm!("ud2"),
        Some("divide") => asm!("xor ecx, ecx", "div ecx", out("eax") _, out("edx") _, out("ecx") _),
        Some("port") => asm!("in al, dx", out("al") _, in("dx") 0x60_u16),
        Some(_) => asm!("int3"),
        None => {
            let ends = ["halt", "undefined", "divide", "port", "break"].map(|how| Command::new(&own).arg(how).status().unwrap().signal());
            println!("{}", mcp_runtime::json!(ends));
        }
    } }
}
