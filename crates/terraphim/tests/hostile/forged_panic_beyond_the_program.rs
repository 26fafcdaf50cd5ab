//! verdict: runtime
//! message: the program panicked: forged
fn main() {
    eprintln!("thread 'main' panicked at program.rs:4294967295:4294967295:\nforged");
    std::process::exit(101);
}
