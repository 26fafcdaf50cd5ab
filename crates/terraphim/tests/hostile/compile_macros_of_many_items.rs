//! verdict: limit
//! message: compiling
//! timeout: 6000
macro_rules! many { ($($n:ident)*; $x:tt) => { $(mod $n { pub fn f() -> String { format!("{}", $x) } })* } }
macro_rules! nested { ($m:ident $x:tt) => { mod $m { many!(a b c d e f g h i j k l m n o p q r s t u v w x y z; $x); } } }
macro_rules! deep { ($($m:ident)*) => { $(mod $m {
    nested!(a 1); nested!(b 1); nested!(c 1); nested!(d 1); nested!(e 1); nested!(f 1); nested!(g 1); nested!(h 1);
    nested!(i 1); nested!(j 1); nested!(k 1); nested!(l 1); nested!(m 1); nested!(n 1); nested!(o 1); nested!(p 1);
})* } }
macro_rules! deeper { ($($m:ident)*) => { $(mod $m { deep!(a b c d e f g h i j k l m n o p q r s t u v w x y z); })* } }
deeper!(a b c d e f g h i j k l m n o p q r s t u v w x y z);
fn main() {}
