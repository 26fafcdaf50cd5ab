//! verdict: syntax
//! message: there is more than one default export
//! says: one object that holds them
//! at: 7:1
const a = 1;
export { a as default };
export default 2;
