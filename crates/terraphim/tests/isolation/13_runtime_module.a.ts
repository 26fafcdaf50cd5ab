// Changes what 'mcp-runtime' gives.
import * as runtime from 'mcp-runtime';
const attempts = [
  () => { (runtime as any).leak = 1; },
  () => { (runtime.workspace as any).loadData = () => 'of A'; },
  () => { (runtime.searchTools as any).leak = 1; },
  () => { (runtime.groupBy as any).leak = 1; },
  () => { (runtime.ToolError as any).prototype.leak = 1; },
  () => { Object.setPrototypeOf(runtime.workspace, { leak: 1 }); },
];
let refused = 0;
for (const attempt of attempts) {
  try {
    attempt();
  } catch {
    refused++;
  }
}
return refused >= 3
