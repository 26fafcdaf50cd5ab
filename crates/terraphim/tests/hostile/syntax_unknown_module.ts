//! verdict: syntax
//! message: there is no module 'node:fs'
//! says: only 'mcp-servers', 'mcp-servers/<server>' and 'mcp-runtime' can be imported
//! at: 5:1
import fs from 'node:fs';
return fs;
