// Replaces what loops, spreads and `await` rest on.
const iterator = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
(Array.prototype as any)[Symbol.iterator] = function* () { yield 'of A'; };
Object.getPrototypeOf([].entries()).next = () => ({ done: true, value: 'of A' });
iterator.map = iterator[Symbol.iterator] = () => 'of A';
Reflect.set(Object.getPrototypeOf(async function () {}), "constructor", Function);
Object.getPrototypeOf(function* () {}).prototype.next = () => ({ done: true, value: 'of A' });
Reflect.set(Symbol.prototype, "description", "of A");
return 1
