//! verdict: syntax
//! message: overflow evaluating the requirement
struct Wrapped<T>(T);
trait Has { fn has(&self) {} }
impl<T> Has for Wrapped<T> where Wrapped<Wrapped<T>>: Has {}
fn main() { Wrapped(1).has(); }
