//! verdict: result
//! result: 1000000
return '«x×1000000»'.length;
