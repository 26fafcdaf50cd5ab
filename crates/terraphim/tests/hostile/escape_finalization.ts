//! verdict: result
//! result: ["none",true]
let told = 'none';
const registry = new FinalizationRegistry(what => { told = String(what); });
let it: object | undefined = {};
registry.register(it, 'told');
const weak = new WeakRef(it);
const was = weak.deref() === it;
return [told, was];
