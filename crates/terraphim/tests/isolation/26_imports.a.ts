// Gets hold of the table of tools while a module is made of it.
const seen: unknown[] = [];
Object.defineProperty(Object.prototype, 'identifiers', { set(value) { seen.push(value); }, configurable: true });
Object.defineProperty(Object.prototype, 'servers', { set(value) { seen.push(value); }, configurable: true });
(Array.prototype as any).push = function (...items: unknown[]) { seen.push(items); return 0; };
await import('mcp-servers/up').catch(() => 0);
return 1
