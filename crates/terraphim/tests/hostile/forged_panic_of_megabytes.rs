//! verdict: runtime
//! message: exit code 101: x
//! at: nowhere
// The beginning of what it says is no longer there.
fn main() {
    panic!("{}", "x\u{1b}[31m\u{202e}\r\n".repeat(2_000_000));
}
