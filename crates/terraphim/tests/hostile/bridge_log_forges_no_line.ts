//! verdict: result
//! result: 1
//! logs: [error] two
console.log('one\n[error] forged\u001b[31m');
console.error('two');
return 1;
