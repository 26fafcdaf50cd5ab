// Replaces the functions on which results, calls and imports rest.
const bad = () => 'replaced';
JSON.stringify = JSON.parse = bad as any;
Object.keys = Object.entries = Object.freeze = Object.create = bad as any;
Function.prototype.call = Function.prototype.apply = Function.prototype.bind = bad as any;
Promise.prototype.then = bad as any;
(globalThis as any).Promise = (globalThis as any).Map = (globalThis as any).Set = bad;
Math.floor = Math.random = Date.now = bad as any;
Reflect.ownKeys = Reflect.get = bad as any;
Array.prototype.map = Array.prototype.push = Array.prototype.slice = bad as any;
String.prototype.toWellFormed = bad as any;
return 1
