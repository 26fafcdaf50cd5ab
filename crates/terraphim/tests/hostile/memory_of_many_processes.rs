//! verdict: limit
//! message: MiB of memory
//! memory: 96
use std::{process::Command, thread, time::Duration};
fn main() {
    if std::env::args().count() > 1 {
        let held = vec![1_u8; 20 << 20];
        loop { std::hint::black_box(&held); thread::sleep(Duration::from_millis(20)); }
    }
    let own = std::env::current_exe().unwrap();
    let _all: Vec<_> = (0..30).filter_map(|_| Command::new(&own).arg("again").spawn().ok()).collect();
    thread::sleep(Duration::from_secs(60));
}
