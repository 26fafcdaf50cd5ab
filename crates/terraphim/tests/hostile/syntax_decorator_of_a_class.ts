//! verdict: syntax
//! message: decorators do not exist here
//! says: call the function yourself
//! at: 6:1
const d = (it: unknown) => it;
@d class A {}
return new A();
