//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
const hollow: any = { length: 2 ** 53 - 1 };
return Array.prototype.indexOf.call(hollow, 1);
