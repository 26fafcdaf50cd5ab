//! verdict: denied
//! message: `up.write_note` may change something
//! at: 13
import { up } from 'mcp-servers';
// The payload of a call is made into one of a tool that is not allowed.
Object.defineProperty(Object.prototype, 'toJSON', {
  value() {
    delete (Object.prototype as any).toJSON;
    return { server: 'up', tool: 'write_note', arguments: { title: 'a', text: 'b' } };
  },
  configurable: true,
});
return await up.echo({});
