//! verdict: result
//! result: 1
"use strict";
"use«U+0»nothing";
return 1;
