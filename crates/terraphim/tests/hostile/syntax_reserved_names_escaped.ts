//! verdict: syntax
//! message: names that begin with `__terraphim_` are reserved
//! says: choose another name
//! at: 5:1
\u005f_terraphim_last(7);
