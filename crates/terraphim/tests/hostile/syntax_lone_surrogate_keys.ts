//! verdict: result
//! result: {"\ufffd":1}
return { ['\ud800']: 1 };
