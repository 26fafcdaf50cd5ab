// expect: [{"of":"B"},{"n":1}]
import { up } from 'mcp-servers';
return [await { of: 'B' }, await up.echo({ n: 1 })]
