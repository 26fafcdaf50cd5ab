//! verdict: syntax
//! message: HTML comments are not allowed
//! at: 4:1
<!-- x
return 1;
