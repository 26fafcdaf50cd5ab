//! verdict: syntax
//! message: `import x = require(...)` does not exist here
//! says: there are no other packages
export import fs = require('fs');
return fs;
