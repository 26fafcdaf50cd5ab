//! Runs an agent's program: bridge, outcome, workspace and token account.
pub mod tokens;
