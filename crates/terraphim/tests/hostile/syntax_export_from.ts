//! verdict: syntax
//! message: a program cannot export from another module
//! says: import it and return what you need
//! at: 5:1
export * from 'fs';
