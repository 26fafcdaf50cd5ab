//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
//! memory: 64
const breed = (): void => { setTimeout(breed, 0); setTimeout(breed, 0); };
breed();
await new Promise(() => {});
