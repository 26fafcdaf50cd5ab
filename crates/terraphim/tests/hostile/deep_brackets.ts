//! verdict: syntax
//! message: nested too deeply
//! says: nest brackets and expressions less
return «[×100000»1«]×100000»;
