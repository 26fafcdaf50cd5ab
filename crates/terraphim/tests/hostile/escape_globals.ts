//! verdict: result
//! result: []
const known = new Set(('Object Function Error EvalError RangeError ReferenceError SyntaxError TypeError URIError InternalError AggregateError ' +
  'SuppressedError Iterator Array parseInt parseFloat isNaN isFinite queueMicrotask decodeURI decodeURIComponent encodeURI ' +
  'encodeURIComponent escape unescape Infinity NaN undefined Number Boolean String Math Reflect Symbol eval globalThis Date ' +
  'RegExp JSON Proxy Map Set WeakMap WeakSet ArrayBuffer SharedArrayBuffer Uint8ClampedArray Int8Array Uint8Array Int16Array ' +
  'Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array DataView Atomics ' +
  'Promise BigInt WeakRef FinalizationRegistry DOMException performance DisposableStack AsyncDisposableStack ' +
  'groupBy countBy sumBy sortBy topN uniqBy chunk pick omit ToolError console setTimeout setInterval clearTimeout ' +
  'clearInterval structuredClone Symbol(Symbol.toStringTag)').split(' '));
return Reflect.ownKeys(globalThis).map(String).filter(name => !known.has(name));
