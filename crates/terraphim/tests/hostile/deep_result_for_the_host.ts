//! verdict: runtime
//! message: the result is not JSON that can be read
//! says: nested less deeply
let value: unknown = 1;
for (let n = 0; n < 500; n++) value = [value];
return value;
