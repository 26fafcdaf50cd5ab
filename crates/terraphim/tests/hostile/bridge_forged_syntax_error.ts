//! verdict: runtime
//! message: SyntaxError: not really
//! at: 4
throw new SyntaxError('not really');
