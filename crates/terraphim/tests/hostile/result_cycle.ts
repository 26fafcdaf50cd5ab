//! verdict: runtime
//! message: the result refers to itself: give plain data without a cycle
//! at: nowhere
const it: any = { list: [] };
it.list.push(it);
return it;
