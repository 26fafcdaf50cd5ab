//! verdict: runtime
//! message: TypeError
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();
return proxy;
