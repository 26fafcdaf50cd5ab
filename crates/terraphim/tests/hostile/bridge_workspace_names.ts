//! verdict: result
//! result: ["tool","tool","tool","tool","tool"]
import { workspace } from 'mcp-runtime';
const told = (name: string) => workspace.saveData(name, 1).then(() => 'saved', (error: any) => error.kind);
return await Promise.all(['../escape', '/etc/passwd', 'a/../../b', '.', 'x'.repeat(5000)].map(told));
