// expect: {"listed":[],"loaded":0}
import { workspace } from 'mcp-runtime';
const listed = (await workspace.list()).filter((name: string) => /^run_|results/.test(name));
const names = ['results', '../results', 'results/run', '.', '..', 'run_', '../results/run_0.json'];
const loaded = await Promise.allSettled(names.map(name => workspace.loadData(name)));
return { listed, loaded: loaded.filter(one => one.status === 'fulfilled').length }
