//! verdict: syntax
//! message: `zzz` is exported but not declared in this program
//! says: declare it
//! at: 5:10
export { zzz as default };
