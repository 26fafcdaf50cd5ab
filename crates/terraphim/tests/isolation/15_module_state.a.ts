// Keeps state where a module would keep it.
export let counter = 41;
export const held = { counter: ++counter };
(import('mcp-servers/up') as any).cached = held;
export default held
