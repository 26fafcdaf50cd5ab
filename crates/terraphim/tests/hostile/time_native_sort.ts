//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
const list = Array.from({ length: 2_000_000 }, (_, i) => (i * 7919) % 1_000_003);
for (;;) list.sort((a, b) => a - b).reverse();
