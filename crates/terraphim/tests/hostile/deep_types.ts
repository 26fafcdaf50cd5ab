//! verdict: syntax
//! message: nested too deeply
type Deep = «[×100000»1«]×100000»;
return 1;
