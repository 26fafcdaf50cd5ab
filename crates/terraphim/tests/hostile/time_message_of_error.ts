//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
throw Object.defineProperty(new Error(), "message", { get() { for (;;) {} } });
