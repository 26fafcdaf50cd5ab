//! The first-party MCP server over the user's own notes.
