//! verdict: runtime
//! message: RangeError: invalid array buffer length
//! at: 5:12
//! memory: 32
return new ArrayBuffer(2 ** 40).byteLength;
