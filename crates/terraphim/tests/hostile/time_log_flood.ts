//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
//! logs: line 0
//! logs: lines left out
for (let i = 0; ; i++) console.log(`line ${i}`);
