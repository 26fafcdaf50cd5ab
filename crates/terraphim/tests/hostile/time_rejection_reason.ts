//! verdict: result
//! result: 1
//! timeout: 400
const reason = new Error();
Object.defineProperty(reason, "message", { get() { for (;;) {} } });
void Promise.reject(reason);
return 1;
