// Leaves objects that are looked after when they are collected.
const registry = new FinalizationRegistry((held: string) => console.log('collected', held));
for (let n = 0; n < 1000; n++) registry.register({ n }, 'of A');
(globalThis as any).weak = new WeakRef({ of: 'A' });
return 1
