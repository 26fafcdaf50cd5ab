//! verdict: syntax
//! message: `import x = require(...)` does not exist here
//! says: write import { server } from 'mcp-servers'
//! at: 5:1
import fs = require('fs');
return fs;
