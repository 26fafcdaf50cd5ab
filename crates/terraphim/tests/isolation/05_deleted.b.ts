// expect: []
const names = [
  'Array', 'Object', 'Promise', 'Map', 'Set', 'WeakMap', 'JSON', 'Math', 'Date', 'RegExp', 'Symbol', 'Proxy', 'Reflect',
  'Uint8Array', 'console', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'structuredClone', 'ToolError',
  'groupBy', 'countBy', 'sumBy', 'sortBy', 'topN', 'uniqBy', 'chunk', 'pick', 'omit',
];
return names.filter(name => typeof (globalThis as any)[name] === 'undefined')
