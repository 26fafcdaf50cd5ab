//! verdict: result
//! result: ["\ufffd","\ufffdx","\ufffd"]
return ['\ud800', '\udc00x', '\u{d83d}'];
