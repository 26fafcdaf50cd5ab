//! verdict: syntax
//! message: 
type A = { a: string
return 1;
