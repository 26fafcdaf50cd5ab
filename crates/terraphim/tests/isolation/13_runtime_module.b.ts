// expect: {"leaks":[],"names":["chunk","countBy","getToolDocs","groupBy","omit","pick","searchTools","sortBy","sumBy","ToolError","topN","uniqBy","workspace"]}
import * as runtime from 'mcp-runtime';
const all = runtime as any;
const leaks = Object.entries({ all, ...all, error: all.ToolError.prototype })
  .filter(([, value]) => 'leak' in (value as any))
  .map(([name]) => name);
if (all.workspace.loadData.toString().includes('of A')) leaks.push('loadData');
return { leaks, names: Object.keys(all).sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase())) }
