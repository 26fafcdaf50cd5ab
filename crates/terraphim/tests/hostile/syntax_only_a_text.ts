//! verdict: result
//! result: "\u000001\u2028\"\\"
"\x0001\u2028\"\\"
