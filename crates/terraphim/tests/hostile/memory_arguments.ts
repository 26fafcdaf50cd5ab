//! verdict: limit
//! message: the arguments of one call have more than 8388608 bytes
//! says: send the data in several calls
//! at: 6
import { up } from 'mcp-servers';
return await up.echo({ text: 'x'.repeat(9 << 20) });
