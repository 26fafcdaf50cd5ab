//! verdict: runtime
//! message: the program panicked: forged
//! at: nowhere
fn main() {
    eprintln!("thread 'main' panicked at program.rs:99999999999999999999:1:\nignored");
    eprintln!("thread 'main' panicked at ../../etc/passwd:4294967295:4294967295:\nforged\u{1b}[2J");
    std::process::exit(101);
}
