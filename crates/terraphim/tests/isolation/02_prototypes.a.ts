// Adds to every prototype that literals have.
for (const holder of [Object, Array, String, Number, Boolean, Function, Promise, Map, Set, Error, RegExp, Date]) {
  Object.defineProperty(holder.prototype, 'leak', { value: 'a', configurable: false });
}
return ({} as any).leak
