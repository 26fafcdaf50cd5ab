//! The doors into the kernel, without the C library between.
#![expect(unsafe_code, reason = "an attack is a system call that no wrapper makes")]

use std::arch::asm;

/// By which door a call enters.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    /// The machine's own.
    Native,
    /// The one of 32-bit programs.
    #[cfg(target_arch = "x86_64")]
    Old,
}

/// Makes a system call with whatever arguments.
#[cfg(target_arch = "x86_64")]
pub(crate) fn call(entry: Entry, number: u64, arguments: [u64; 6]) -> i64 {
    let [a, b, c, d, e, f] = arguments;
    let result: i64;
    match entry {
        // SAFETY: none is claimed: an attack may do to its process what it wants, and
        // the test looks at what comes of it. What the kernel clobbers is declared.
        Entry::Native => unsafe {
            asm!("syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c,
                in("r10") d, in("r8") e, in("r9") f, lateout("rcx") _, lateout("r11") _);
        },
        // SAFETY: as above; rbx is kept by hand, since the compiler reserves it.
        Entry::Old => unsafe {
            asm!("xchg rbx, {first}", "int 0x80", "xchg rbx, {first}", first = inout(reg) a => _,
                inlateout("rax") number => result, in("rcx") b, in("rdx") c, in("rsi") d, in("rdi") e,
                lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _);
        },
    }
    result
}

/// Makes a system call with whatever arguments.
#[cfg(target_arch = "aarch64")]
pub(crate) fn call(entry: Entry, number: u64, arguments: [u64; 6]) -> i64 {
    let Entry::Native = entry;
    let [a, b, c, d, e, f] = arguments;
    let result: i64;
    // SAFETY: none is claimed: an attack may do to its process what it wants, and
    // the test looks at what comes of it.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a => result, in("x1") b, in("x2") c, in("x3") d,
            in("x4") e, in("x5") f);
    }
    result
}

/// Lets the processor end the process, by the signal's name.
pub(crate) fn fault(name: &str) {
    match name {
        // SAFETY: none is claimed, as above; each of these ends the process.
        #[cfg(target_arch = "x86_64")]
        "illegal" => unsafe { asm!("ud2") },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        "trap" => unsafe { asm!("int3") },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        "divide" => unsafe {
            asm!("div {zero:e}", zero = in(reg) 0_u32, inout("eax") 1_u32 => _, inout("edx") 0_u32 => _);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        "privileged" => unsafe { asm!("hlt") },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: as above.
        "illegal" => unsafe { asm!("udf #0") },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: as above.
        "trap" => unsafe { asm!("brk #0") },
        "segment" => {
            // SAFETY: as above.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
        }
        "code" => {
            let function: *mut u8 = fault as *const () as *mut u8;
            // SAFETY: as above: the code of a program cannot be written to.
            unsafe { function.write_volatile(0) };
        }
        _ => {}
    }
}
