// Changes a server's object and its tools.
import { up } from 'mcp-servers';
const server = await import('mcp-servers/up');
const attempts = [
  () => { (up as any).leak = 1; },
  () => { (up.echo as any).leak = 1; },
  () => { (up as any).echo = () => 'of A'; },
  () => { (server as any).leak = 1; },
  () => { Object.setPrototypeOf(up, { leak: 1 }); },
  () => { Object.setPrototypeOf(up.echo, { leak: 1 }); },
  () => { (Object.getPrototypeOf(up.echo) as any).leak = 1; },
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
