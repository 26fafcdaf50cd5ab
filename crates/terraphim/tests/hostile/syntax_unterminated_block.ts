//! verdict: syntax
//! message: Expected `}` but found `EOF`
//! at: 5:12
function f() {
  return 1;
