//! verdict: limit
//! message: compiling
//! timeout: 6000
#![recursion_limit = "4096"]
#![type_length_limit = "18446744073709551615"]
trait Twice { fn go(&self) -> u64; }
struct Leaf;
struct Pair<A, B>(A, B);
impl Twice for Leaf { fn go(&self) -> u64 { 1 } }
impl<A: Twice, B: Twice> Twice for Pair<A, B> { fn go(&self) -> u64 { self.0.go() + self.1.go() } }
fn grow<const N: usize, T: Twice + Copy>(of: T) -> u64 { of.go() }
macro_rules! doubled { ($x:expr;) => { $x }; ($x:expr; $a:tt $($more:tt)*) => { doubled!((move || ($x, $x)); $($more)*) } }
fn show<T: std::fmt::Debug>(_: T) {}
fn main() { let f = doubled!(1_u8; a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a); let _ = f; let _ = Pair(Leaf, Leaf).go(); }
