// expect: {"frozen":[],"extensible":true,"pushed":[1,2]}
const frozen = Object.getOwnPropertyNames(globalThis).filter(name => {
  const value = (globalThis as any)[name];
  return typeof value === 'function' && value.prototype && Object.isFrozen(value.prototype);
});
const pushed = [1];
pushed.push(2);
return { frozen, extensible: Object.isExtensible(globalThis), pushed }
