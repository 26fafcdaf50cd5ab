//! verdict: result
//! result: 110000
let n = 0; «n += 1 ; ×110000»return n;
