//! What a Rust program calls tools with: JSON values, the way to the host, the
//! workspace, small data helpers. It needs nothing but std.
//!
//! ```text
//! use mcp_runtime::{json, Result, Value};
//! use mcp_servers::notes::{self, Search};
//!
//! fn main() -> Result<Value> {
//!     let found = notes::search(Search { query: "rust".into(), ..Default::default() })?;
//!     Ok(json!({ "total": found.len(), "first": found.first() }))
//! }
//! ```
//!
//! What `main` returns is printed as JSON: a [`Value`], or any [`ToJson`] in [`Json`],
//! also inside a [`Result`]. An error goes to standard error, and the exit code is 1.
//! With a plain `fn main()` what was printed is the result.

mod call;
mod channel;
mod convert;
mod ending;
mod error;
mod fields;
mod from;
mod helpers;
mod macros;
mod map;
mod number;
mod parse;
mod print;
mod value;

pub use call::{call, call_raw, get_tool_docs, parallel, search_tools, workspace};
pub use convert::{from_str, from_value, to_string, to_string_pretty, to_value, FromJson, ToJson};
pub use ending::Json;
pub use error::{Error, Result};
pub use helpers::{chunk, count_by, group_by, omit, pick, sort_by, sum_by, top_n, uniq_by, By, Order};
pub use map::Map;
pub use number::Number;
pub use value::Value;

/// Everything that programs commonly name.
pub mod prelude {
    pub use crate::{
        call, chunk, count_by, from_str, from_value, get_tool_docs, group_by, json, json_struct, omit,
        parallel, pick, search_tools, sort_by, sum_by, to_string, to_value, top_n, uniq_by, workspace, Error,
        FromJson, Json, Map, Order, Result, ToJson, Value,
    };
}

/// For the text of generated modules and of this crate's macros; nothing that a program names.
#[doc(hidden)]
pub mod generated {
    pub use crate::{
        call::typed,
        convert::{Fits, Misfit},
        fields::{check_field, check_object, debug, key, object, Fields},
    };
}
