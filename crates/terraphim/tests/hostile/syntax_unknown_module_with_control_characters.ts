//! verdict: syntax
//! message: there is no module
//! says: can be imported
import 'mcp-servers\0/up';
