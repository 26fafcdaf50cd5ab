//! verdict: result
//! only: x86_64
//! result: [true,-1]
use std::{arch::asm, os::unix::process::ExitStatusExt, process::Command};
fn main() {
    let own = std::env::current_exe().unwrap();
    if std::env::args().count() > 1 {
        // getpid by the door of 32 bits.
        unsafe { asm!("mov eax, 20", "int 0x80", out("eax") _) };
        println!("let through");
        return;
    }
    let old = Command::new(own).arg("old").output().unwrap();
    let narrow: i64;
    unsafe { asm!("syscall", inlateout("rax") 0x4000_0027_i64 => narrow, out("rcx") _, out("r11") _) };
    println!("[{}, {narrow}]", old.status.signal().is_some() && old.stdout.is_empty());
}
