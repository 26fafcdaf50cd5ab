//! verdict: syntax
//! message: has infinite size [E0072]
struct Endless { inner: Endless, other: [Endless; 9] }
fn main() { println!("{}", std::mem::size_of::<Endless>()); }
