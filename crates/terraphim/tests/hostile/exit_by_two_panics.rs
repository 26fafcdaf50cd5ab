//! verdict: runtime
//! message: the program panicked
struct Bomb;
impl Drop for Bomb { fn drop(&mut self) { panic!("second"); } }
fn main() { let _bomb = Bomb; panic!("first"); }
