//! verdict: result
//! result: "a\u00001"
"a«U+0»1"
