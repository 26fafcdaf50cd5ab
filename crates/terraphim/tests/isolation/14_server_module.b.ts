// expect: {"leak":[false,false],"echoed":{"n":1}}
import { up } from 'mcp-servers';
return { leak: ['leak' in up, 'leak' in up.echo], echoed: await up.echo({ n: 1 }) }
