//! verdict: syntax
//! message: there is more than one default export
//! says: one object that holds them
//! at: 6:1
export default 1;
export default 2;
