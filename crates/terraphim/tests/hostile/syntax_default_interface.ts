//! verdict: result
//! result: 5
export default interface A { x: 1 }
export default 5;
