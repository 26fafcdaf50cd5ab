//! verdict: syntax
//! message: 'mcp-runtime' exports no `constructor`
//! says: it exports searchTools
import { constructor as it } from 'mcp-runtime';
return it;
