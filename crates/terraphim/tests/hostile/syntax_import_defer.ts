//! verdict: syntax
//! message: `import defer` does not exist here
//! says: write a plain import
//! at: 5:1
import defer * as all from 'mcp-servers';
return all;
