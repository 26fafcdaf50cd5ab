//! verdict: runtime
//! message: RangeError: Maximum call stack size exceeded
const deep = (): unknown => [1].map(deep);
return deep();
