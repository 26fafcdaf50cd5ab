//! verdict: syntax
//! message: `accessor` fields do not exist here
//! says: `get` and `set`
//! at: 5:11
class A { accessor x = 1 }
return new A().x;
