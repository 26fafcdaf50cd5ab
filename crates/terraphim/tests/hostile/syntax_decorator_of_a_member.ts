//! verdict: syntax
//! message: decorators do not exist here
//! says: call the function yourself
//! at: 6:5
function f() { return class {
    @log method() {}
}; }
return f();
