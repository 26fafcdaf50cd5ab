//! verdict: syntax
//! message: `import.meta` does not exist here
//! says: leave it out
//! at: 5:8
return import.meta.url;
