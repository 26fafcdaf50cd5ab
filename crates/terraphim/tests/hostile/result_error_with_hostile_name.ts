//! verdict: runtime
//! message: 
throw Object.assign(new Error('«U+1B»[31mred'), { name: { toString() { throw 1 } } });
