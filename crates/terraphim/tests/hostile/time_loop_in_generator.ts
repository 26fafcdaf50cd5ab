//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
function* forever() { for (;;) yield 1; }
let sum = 0;
for (const n of forever()) sum += n;
return sum;
