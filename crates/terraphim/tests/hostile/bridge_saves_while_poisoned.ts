//! verdict: result
//! result: {"a":1}
import { workspace } from 'mcp-runtime';
Object.defineProperty(Array.prototype, 'toJSON', { value: () => 'forged', configurable: true });
await workspace.saveData('poisoned', { a: 1 });
return await workspace.loadData('poisoned');
