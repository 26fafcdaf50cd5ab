//! verdict: syntax
//! message: nested too deeply, or too large
//! says: load data with a tool
return 0«+1×400000»;
