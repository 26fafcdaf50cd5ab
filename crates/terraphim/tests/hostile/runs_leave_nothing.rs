//! verdict: result
//! result: "left"
//! next: fn main() { let mut seen = Vec::new(); for folder in ["/tmp", "/cache", "/store", "/dev/shm", "/run", "/var/tmp"] { seen.extend(std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path())); } let own = std::fs::read("/program").or_else(|_| std::fs::read("/proc/self/exe")).unwrap(); let secret = ["a ", "secret ", "of ", "the ", "first"].concat(); println!("{:?}", (seen, own.windows(secret.len()).any(|part| part == secret.as_bytes()), std::env::var("LEFT").is_ok())); }
//! finds: "([], false, false)"
use std::fs;
static SECRET: &str = "a secret of the first";
fn main() {
    std::env::set_var("LEFT", SECRET);
    for folder in ["/tmp", "/cache", "/store", "/dev/shm", "/run", "/var/tmp"] { let _ = fs::write(format!("{folder}/left"), SECRET); }
    println!("left");
}
