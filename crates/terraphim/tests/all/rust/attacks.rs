//! What hostile programs get, while they are compiled and while they run.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::place::Place;

/// A constant whose evaluation takes for ever.
pub(super) const COMPILE_BOMB: &str = "#![allow(long_running_const_eval)]
const fn spin(n: u64) -> u64 { let mut i = 0; let mut x = 0u64; while i < n { x = x.wrapping_mul(31).wrapping_add(i); i += 1; } x }
const X: u64 = spin(u64::MAX);
fn main() { println!(\"{X}\"); }";

/// What the compiler may be asked for, with an exit code and words of the answer.
const COMPILED: &[(&str, i32, &str)] = &[
    ("const X: &[u8] = include_bytes!(\"/etc/passwd\");\nfn main() {}", 1, "couldn't read"),
    ("const X: &str = include_str!(\"/etc/shadow\");\nfn main() {}", 1, "couldn't read"),
    ("include!(\"/etc/hostname\");\nfn main() {}", 1, "couldn't read"),
    ("const X: &str = include_str!(\"../../../../../../etc/passwd\");\nfn main() {}", 1, "couldn't read"),
    ("const X: &str = include_str!(\"/proc/1/environ\");\nfn main() {}", 1, "couldn't read"),
    ("const X: &[u8] = include_bytes!(\"/store/secret\");\nfn main() {}", 1, "couldn't read"),
    ("const X: &[u8] = include_bytes!(\"/cache/../bin/x\");\nfn main() {}", 1, "couldn't read"),
    ("const X: &[u8] = include_bytes!(\"/workspace/old.txt\");\nfn main() {}", 1, "couldn't read"),
    ("#[path = \"/etc/passwd\"]\nmod x;\nfn main() {}", 1, "couldn't read"),
    ("mod x;\nfn main() {}", 1, "E0583"),
    ("const X: &str = env!(\"TERRAPHIM_SECRET\");\nfn main() {}", 1, "not defined"),
    (
        "#![crate_type = \"proc-macro\"]\nfn main() { println!(\"a program all the same\"); }",
        0,
        "a program all the same",
    ),
    ("#[link(name = \"no_such_library\")]\nextern \"C\" {}\nfn main() {}", 1, "linking failed"),
    ("#[link(name = \"x\", kind = \"static\")]\nextern \"C\" {}\nfn main() {}", 1, "x"),
    ("#![feature(link_args)]\nfn main() {}", 1, "feature"),
    ("#[link(name = \"c\", modifiers = \"+verbatim\")]\nextern \"C\" {}\nfn main() {}", 1, ""),
    ("macro_rules! m { ($($x:tt)*) => { m!($($x)* a) } }\nfn main() { m!(a a) }", 1, "recursion limit"),
    (
        "#![recursion_limit = \"1000000\"]\nmacro_rules! m { ($($x:tt)*) => { m!($($x)* $($x)*) } }\nfn main() { m!(a a) }",
        3,
        "compiling",
    ),
    (
        "struct A<T>(T);\ntrait F { fn f(&self); }\nimpl<T> F for A<T> where A<A<T>>: F { fn f(&self) {} }\nfn main() { A(1).f(); }",
        1,
        "E0275",
    ),
    ("fn f<T>(n: u32, t: T) { if n > 0 { f(n - 1, (t, 1)) } }\nfn main() { f(1, 1); }", 1, "recursion limit"),
    ("static X: [u8; 1 << 30] = [1; 1 << 30];\nfn main() { println!(\"{}\", X[7]); }", 3, ""),
    ("static X: [u8; 100 << 20] = [1; 100 << 20];\nfn main() { println!(\"{}\", X[7]); }", 3, "192 MiB"),
    ("static X: [u8; 70 << 20] = [1; 70 << 20];\nfn main() { println!(\"{}\", X[7]); }", 3, "64 MiB"),
    ("static X: [u8; 1 << 62] = [0; 1 << 62];\nfn main() { println!(\"{}\", X[7]); }", 1, "program.rs"),
    ("compile_error!(\"\u{1b}[2Jpainted\");\nfn main() {}", 1, "painted"),
];

#[test]
fn the_compiler_gives_a_program_nothing_of_the_machine() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    fs::create_dir_all(place.workspace()).expect("a folder");
    fs::write(place.workspace().join("old.txt"), "old").expect("a file");
    for (program, code, words) in COMPILED {
        let ended = place.rust(program, &["--timeout", "20s"]);
        let told = format!("{}{}", ended.out, ended.err);
        assert_eq!(ended.status.code(), Some(*code), "{program}: {told}");
        assert!(told.contains(words), "{program}: {told}");
        assert!(!told.contains("root:") && !told.contains('\u{1b}'), "{program}: {told}");
        assert!(told.len() < 5_000, "{program}: {told}");
    }
    // What is left of them is no program.
    let kept = fs::read_dir(place.path("data/terraphim/cache/rust/bin")).expect("a folder").count();
    assert_eq!(kept, 2, "the programs that were made: an empty one and one that is no macro");
}

#[test]
fn enclosed_brackets_are_too_much_for_the_compiler_alone() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    for program in [
        format!("fn main() {{ let x = {}1{}; }}", "(".repeat(200_000), ")".repeat(200_000)),
        format!("fn main() {{ {}", "{".repeat(300_000)),
        format!("type T = {}u8{};\nfn main() {{}}", "&".repeat(200_000), ""),
        format!("fn main() {{ let _ = {}1; }}", "1 + ".repeat(100_000)),
    ] {
        let ended = place.rust(&program, &["--timeout", "20s"]);
        assert!(matches!(ended.status.code(), Some(1 | 3)), "{}", ended.err);
        assert!(ended.err.len() < 5_000 && !ended.err.trim().is_empty(), "{}", ended.err);
    }
    assert_eq!(place.rust("fn main() { print!(\"fine\") }", &[]).json(), "fine");
}

/// What a program asks for, each with whether it got it, as JSON.
const REACHING: &str = r##"
use std::{fs, io::{Read, Write}, net::{TcpStream, UdpSocket}, process::Command};
extern "C" { fn kill(pid: i32, signal: i32) -> i32; fn getppid() -> i32; fn setuid(id: u32) -> i32; }
fn read(path: &str) -> bool { let mut b = [0; 1]; fs::File::open(path).and_then(|mut f| f.read(&mut b)).is_ok() }
fn list(path: &str) -> usize { fs::read_dir(path).map(|all| all.count()).unwrap_or(0) }
fn main() {
    let mut got: Vec<String> = Vec::new();
    for path in ["/etc/passwd", "/etc/shadow", "/proc/1/environ", "/proc/1/mem", "/proc/1/maps", "/proc/cpuinfo",
        "/dev/mem", "/sys/kernel", "/proc/kallsyms", "/workspace/program.rs", "/cache/lib", "/cache/bin", "/proc/1/root/etc/passwd"] {
        if read(path) { got.push(format!("read {path}")); }
    }
    for path in ["/cache", "/store", "/proc/1/fd", "/proc/1/cwd/"] {
        if list(path) > 0 { got.push(format!("list {path}")); }
    }
    // The way to the compiler, and nothing beside it.
    for path in ["/root", "/home", "/root/.rustup", "/root/.cargo"] {
        if list(path) > 1 { got.push(format!("list {path}")); }
    }
    for path in ["/program", "/planted", "/cache/planted", "/store/planted", "/dev/planted", "/usr/lib/planted",
        "/proc/self/oom_score_adj", "/proc/1/fd/3", "/proc/self/mem", "../outside"] {
        if fs::OpenOptions::new().write(true).create(true).open(path).and_then(|mut f| f.write_all(b"x")).is_ok() {
            got.push(format!("write {path}"));
        }
    }
    for path in ["/program", "/usr/lib", "/cache"] {
        if fs::remove_file(path).is_ok() || fs::rename(path, "/tmp/x").is_ok() { got.push(format!("move {path}")); }
    }
    for name in ["sh", "/bin/sh", "bash", "python3", "cat", "su", "mcp", "/usr/bin/mcp"] {
        if Command::new(name).arg("--version").output().is_ok() { got.push(format!("start {name}")); }
    }
    if TcpStream::connect("127.0.0.1:22").is_ok() || UdpSocket::bind("127.0.0.1:0").is_ok() { got.push("network".into()); }
    if std::os::unix::net::UnixListener::bind("/tmp/socket").is_ok() { got.push("socket".into()); }
    unsafe {
        if kill(1, 9) == 0 || kill(getppid(), 19) == 0 { got.push("kill 1".into()); }
        if setuid(0) == 0 { got.push("setuid".into()); }
    }
    std::env::vars().filter(|(name, _)| !["PATH", "HOME", "TMPDIR", "LANG", "TZ", "RUST_BACKTRACE"].contains(&name.as_str()))
        .for_each(|(name, _)| got.push(format!("environment {name}")));
    let mut open: Vec<i32> = fs::read_dir("/proc/self/fd").unwrap()
        .filter_map(|e| e.unwrap().file_name().to_str().unwrap().parse().ok()).collect();
    open.sort();
    // 3 is that of the folder itself.
    if open != [0, 1, 2, 3, 9] { got.push(format!("descriptors {open:?}")); }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        if !status.contains(line) { got.push(line.into()); }
    }
    println!("{got:?}");
}
"##;

#[test]
fn a_program_reaches_nothing_of_the_machine() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    // Somebody else's program and library are in the cache.
    place.rust("fn main() { mcp_runtime::json!(1); }", &[]).json();
    assert_eq!(place.rust(REACHING, &[]).json(), Value::Array(Vec::new()));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_kernel_refuses_what_no_program_needs() {
    use crate::bash::REFUSED_CALLS;

    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    let calls: String = REFUSED_CALLS
        .iter()
        .filter(|(_, _, arguments)| !arguments.contains(&0x40_0000))
        .map(|(name, number, [a, b, c, d])| format!("    (\"{name}\", {number}, [{a}, {b}, {c}, {d}]),\n"))
        .collect();
    let program = format!(
        "use std::arch::asm;
const CALLS: &[(&str, u64, [u64; 4])] = &[\n{calls}];
fn call(number: u64, [a, b, c, d]: [u64; 4]) -> i64 {{
    let answer: i64;
    unsafe {{ asm!(\"syscall\", inlateout(\"rax\") number as i64 => answer, in(\"rdi\") a, in(\"rsi\") b,
        in(\"rdx\") c, in(\"r10\") d, in(\"r8\") 0, in(\"r9\") 0, out(\"rcx\") _, out(\"r11\") _) }};
    answer
}}
fn main() {{
    assert!(call(39, [0; 4]) > 0);
    let got: Vec<String> = CALLS.iter().map(|(name, number, a)| (name, call(*number, *a)))
        .filter(|(_, answer)| *answer != -1).map(|(name, answer)| format!(\"{{name}}: {{answer}}\")).collect();
    println!(\"{{got:?}}\");
}}"
    );
    assert_eq!(place.rust(&program, &[]).json(), Value::Array(Vec::new()));
}

#[test]
fn a_run_ends_with_all_that_it_started() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    let mark = format!("sleeper-{}", std::process::id());
    let program = format!(
        "use std::process::Command;
extern \"C\" {{ fn setsid() -> i32; fn signal(n: i32, f: usize) -> usize; }}
fn main() {{
    if std::env::args().count() > 1 {{
        unsafe {{ setsid(); for n in [1, 2, 15] {{ signal(n, 1); }} }}
        std::thread::sleep(std::time::Duration::from_secs(600));
        return;
    }}
    let own = std::env::current_exe().unwrap();
    for _ in 0..20 {{ Command::new(&own).arg(\"{mark}\").spawn().unwrap(); }}
    println!(\"done\");
}}"
    );
    let ended = place.rust(&program, &["--timeout", "20s"]);
    assert_eq!(ended.json(), "done");
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
    assert!(!is_somewhere(&mark));
}

/// Whether a process of this machine has this as its last argument.
fn is_somewhere(mark: &str) -> bool {
    let ending = format!("\0{mark}\0");
    let entries = fs::read_dir("/proc").expect("processes").flatten();
    let mut commands = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    commands.any(|command| command.ends_with(ending.as_bytes()))
}

#[test]
fn bombs_and_broken_channels_end_one_run_alone() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_rust() {
        return;
    }
    for (name, program, codes, words) in [
        (
            "threads",
            "fn main() { let mut n = 0; for _ in 0..1000 { match std::thread::Builder::new().spawn(|| std::thread::sleep(std::time::Duration::from_secs(60))) { Ok(_) => n += 1, Err(_) => break } } assert!(n < 65); println!(\"{}\", n > 5); }",
            &[0][..],
            "true",
        ),
        (
            "forks",
            "extern \"C\" { fn fork() -> i32; }\nfn main() { loop { unsafe { fork(); } } }",
            &[1, 3],
            "",
        ),
        (
            "kill all",
            "extern \"C\" { fn kill(p: i32, s: i32) -> i32; }\nfn main() { unsafe { kill(-1, 9); } std::thread::sleep(std::time::Duration::from_millis(50)); println!(\"alive\"); }",
            &[0, 1],
            "",
        ),
        (
            "descriptors",
            "extern \"C\" { fn write(f: i32, b: *const u8, n: usize) -> isize; }
fn main() { for f in 3..256 { unsafe { write(f, [b'x'; 4096].as_ptr(), 4096); } }
  let told = mcp_runtime::call(\"up\", \"echo\", mcp_runtime::json!({ \"text\": \"a\" })); println!(\"{}\", told.is_ok()); }",
            &[0],
            "true",
        ),
        (
            "memory of others",
            "fn main() { let mut p = 1usize << 40; loop { unsafe { std::ptr::read_volatile(p as *const u8); } p += 4096; } }",
            &[1],
            "SIGSEGV",
        ),
    ] {
        let began = Instant::now();
        let ended = place.rust(program, &["--timeout", "5s"]);
        let told = format!("{}{}", ended.out, ended.err);
        assert!(ended.status.code().is_some_and(|code| codes.contains(&code)), "{name}: {told}");
        assert!(told.contains(words), "{name}: {told}");
        assert!(began.elapsed() < Duration::from_secs(20), "{name}: {:?}", began.elapsed());
    }
    assert_eq!(place.rust("fn main() { print!(\"fine\") }", &[]).json(), "fine");
}
