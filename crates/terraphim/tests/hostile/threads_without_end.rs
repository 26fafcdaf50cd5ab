//! verdict: result
//! result: [true,11]
use std::{thread, time::Duration};
fn main() {
    let mut made = 0;
    let error = loop {
        match thread::Builder::new().stack_size(16 << 10).spawn(|| thread::sleep(Duration::from_secs(600))) {
            Ok(_) => made += 1,
            Err(error) => break error.raw_os_error().unwrap_or(0),
        }
    };
    println!("[{}, {error}]", made < 64);
}
