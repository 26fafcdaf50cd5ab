//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
const hollow = new Proxy([], { get: (_, key) => key === 'length' ? 2 ** 32 - 2 : '' });
return Array.prototype.join.call(hollow, '').length;
