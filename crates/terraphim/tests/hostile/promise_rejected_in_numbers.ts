//! verdict: result
//! result: 5000
//! logs: line 6: nobody handled the rejection of a promise: RangeError: number 0
//! logs: nobody handled the rejection of 4990 more promises
const reject = async (n: number) => {
  throw new RangeError(`number ${n}`);
};
for (let n = 0; n < 5000; n++) void reject(n);
return 5000;
