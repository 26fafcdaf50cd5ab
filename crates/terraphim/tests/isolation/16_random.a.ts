// Draws numbers and says which, then replaces the source of them.
import { workspace } from 'mcp-runtime';
await workspace.saveData('random-16', Array.from({ length: 500 }, () => Math.random()));
Math.random = () => 0.5;
return 1
