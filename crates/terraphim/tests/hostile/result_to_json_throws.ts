//! verdict: runtime
//! message: the program threw {code: 7}
//! at: nowhere
return { toJSON() { throw { code: 7 } } };
