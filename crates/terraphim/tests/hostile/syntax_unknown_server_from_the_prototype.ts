//! verdict: syntax
//! message: there is no server `__proto__`
import { __proto__ as it } from 'mcp-servers';
return it;
