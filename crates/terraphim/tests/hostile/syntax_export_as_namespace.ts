//! verdict: syntax
//! message: `export as namespace` does not exist here
//! says: leave it out
//! at: 5:1
export as namespace N;
return 1;
