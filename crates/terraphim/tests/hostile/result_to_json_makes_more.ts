//! verdict: runtime
//! message: the result is nested too deeply
return { toJSON() { return { again: { toJSON: this.toJSON } } } };
