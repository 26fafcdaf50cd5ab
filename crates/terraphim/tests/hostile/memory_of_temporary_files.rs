//! verdict: runtime
//! message: No space left
use std::{fs::File, io::Write};
fn main() {
    let folders = ["/tmp", "/workspace", "/dev/shm", "/run"];
    let mut files: Vec<File> = folders.iter().filter_map(|folder| File::create(format!("{folder}/full")).ok()).collect();
    let page = vec![7; 1 << 20];
    for _ in 0..90 { for file in &mut files { file.write_all(&page).unwrap(); } }
}
