//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! at: nowhere
//! says: look for a loop
//! timeout: 400
for (;;) {}
