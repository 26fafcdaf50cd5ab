//! verdict: syntax
//! message: `zzz` is exported but not declared in this program
//! says: declare it
//! at: 6:13
const a = 1;
export { a, zzz };
