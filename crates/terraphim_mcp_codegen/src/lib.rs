//! From a catalogue of MCP tools to what a program and its author see: module
//! names, TypeScript declarations, Rust crates, signatures, result rules, docs, discovery.
//!
//! Everything here is pure and synchronous. Definitions come from upstream
//! servers and are hostile: every walk is bounded in depth and in nodes, every
//! text is escaped and cut, and what cannot be typed is `unknown`.
//!
//! ```
//! use serde_json::json;
//! use terraphim_mcp_codegen::signature;
//! use terraphim_types::ToolDefinition;
//!
//! let tool: ToolDefinition = serde_json::from_value(json!({
//!     "name": "search",
//!     "inputSchema": {
//!         "type": "object",
//!         "properties": { "query": { "type": "string" }, "limit": { "type": "integer" } },
//!         "required": ["query"],
//!     },
//! }))
//! .unwrap();
//! assert_eq!(signature(&tool), "search(args: { query: string; limit?: number }): Promise<unknown>");
//! ```

mod bash;
pub mod bounded;
mod discovery;
mod distance;
mod docs;
mod example;
mod lookalike;
mod naming;
mod prompt;
mod python;
mod result;
pub mod rust;
mod schema;
mod tree;
mod typescript;

pub use discovery::{
    Detail, DiscoveryIndex, Duplicates, Facet, Found, Reason, SearchContext, ServerTools, Synonyms, ToolHit,
    ToolPage, ToolQuery, Weights,
};
pub use distance::nearest;
pub use docs::{
    Asking, DocsContext, DocsPage, DocsQuery, Fitted, Form, ParameterDocs, Standing, Stands, TextForm,
    ToolBrief, ToolDocs, UnknownTool, docs, docs_with, docs_within, effect, parameters_in, show_in,
    tokens_at_most,
};
pub use example::{example_arguments, example_call};
pub use naming::{ModuleTool, ServerModule, camel_case, identifier, server_modules};
pub use prompt::{Prompt, PromptDraft, PromptExample, PromptFigures, PromptQuery};
pub use python::{python_keywords, python_word};
pub use result::{ResultShape, raw, value};
pub use tree::{Reach, TreeFile, tree, tree_of};
pub use typescript::{
    RUNTIME_DECLARATIONS, checked_declarations, declarations, module_declarations, signature,
    unavailable_declarations,
};
