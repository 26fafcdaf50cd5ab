//! verdict: syntax
//! message: names that begin with `__terraphim_` are reserved
//! says: choose another name
//! at: 5:8
return __terraphim_modules;
