//! verdict: runtime
//! message: TypeError
return new Proxy(Object.freeze({ a: 1 }), { ownKeys: () => [] });
