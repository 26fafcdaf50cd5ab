//! verdict: syntax
//! message: a class cannot be a result
//! says: return a value
export default class A {}
