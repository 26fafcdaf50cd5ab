//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
//! memory: 512
const list = Array.from({ length: 100_000 }, (_, i) => ({ i, text: String(i) }));
for (;;) JSON.parse(JSON.stringify(list));
