//! The MCP face: the code-mode tools that a client sees.
//!
//! [`serve_stdio`] answers one client over a pair of streams until it goes
//! away, in every protocol era. It shows `execute_code`, `search_tools`,
//! `get_tool_docs` and `wait`, the first-party server's own tools and documents,
//! or both ([`Expose`]); beside the code-mode tools a prompt that tells how to work in code. A program that outlives the soft limit goes on in the
//! background of its connection, and `wait` answers its outcome. At the end of
//! the input the calls that wait for a run are still answered, within a grace;
//! then every run of the connection is killed. [`Stop`] asks for the same from
//! outside.
//!
//! What this crate does not do: it runs nothing itself (that is the executor's
//! work), reads neither argv nor the environment, and prints nothing. The
//! protocol library's types stay inside it.

mod answer;
mod arguments;
mod config;
mod connection;
mod definitions;
mod discovery;
mod fetches;
mod first_party;
mod handler;
mod instructions;
mod prompts;
mod resources;
mod runs;

pub use config::{Expose, FaceConfig, Stop};
pub use connection::{FaceError, serve_stdio};
pub use definitions::face_json;
