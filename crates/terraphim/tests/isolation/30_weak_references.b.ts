// expect: {"weak":"undefined","alive":true}
const mine = { of: 'B' };
const weak = new WeakRef(mine);
let garbage: object[] = [];
for (let n = 0; n < 20_000; n++) garbage = [{ n }, garbage];
return { weak: typeof (globalThis as any).weak, alive: weak.deref() === mine }
