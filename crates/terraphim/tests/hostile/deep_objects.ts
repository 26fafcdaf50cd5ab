//! verdict: syntax
//! message: nested too deeply
//! says: nest brackets and expressions less
return «{a:×100000»1«}×100000»;
