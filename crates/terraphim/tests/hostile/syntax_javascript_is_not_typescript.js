//! verdict: result
//! result: 0
return 2 < 1 > (0) ? 1 : 0;
