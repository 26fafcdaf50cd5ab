// The workspace is shared by design: what is saved there is the one thing that is to be seen.
import { workspace } from 'mcp-runtime';
await workspace.saveData('shared-21', { from: 'A', list: [1, 2, 3] });
return 1
