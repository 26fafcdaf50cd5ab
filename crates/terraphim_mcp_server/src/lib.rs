//! The MCP face: the code-mode tools that a client sees.
