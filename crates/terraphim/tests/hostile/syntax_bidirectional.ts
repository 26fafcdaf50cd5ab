//! verdict: syntax
//! message: Invalid Character
return 1 «U+202E»+ 1;
