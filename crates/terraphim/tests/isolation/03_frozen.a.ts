// Freezes whatever it can reach.
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const value = (globalThis as any)[name];
  if (typeof value === 'function' && value.prototype) Object.freeze(value.prototype);
  if (value !== null && (typeof value === 'object' || typeof value === 'function') && value !== globalThis) {
    Object.freeze(value);
  }
}
Object.preventExtensions(globalThis);
return Object.isFrozen(Array.prototype)
