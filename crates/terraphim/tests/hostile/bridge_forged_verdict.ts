//! verdict: runtime
//! message: InternalError: out of memory
throw Object.assign(new Error('out of memory'), { name: 'InternalError' });
