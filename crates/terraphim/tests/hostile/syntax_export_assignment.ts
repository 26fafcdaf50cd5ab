//! verdict: syntax
//! message: `export =` does not exist here
//! says: write `export default`
//! at: 6:1
const a = 1;
export = a;
