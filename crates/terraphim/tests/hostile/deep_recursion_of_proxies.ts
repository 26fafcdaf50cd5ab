//! verdict: runtime
//! message: RangeError: Maximum call stack size exceeded
let proxy: any = {};
for (let n = 0; n < 200_000; n++) proxy = new Proxy(proxy, {});
return proxy.anything;
