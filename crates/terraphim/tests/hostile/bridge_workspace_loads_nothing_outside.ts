//! verdict: result
//! result: ["tool","tool","tool"]
import { workspace } from 'mcp-runtime';
const told = (name: string) => workspace.loadData(name).then(() => 'loaded', (error: any) => error.kind);
return await Promise.all(['../../../../etc/passwd', '/proc/self/environ', 'results/../../x'].map(told));
