//! A guest that attacks its host, for the tests of the wall; part of no product.
//!
//! It enters the same jail by the same code as the guest. What it does there
//! instead of interpreting a program is told by the program's text, a script of
//! attacks. The bytes are those of a static program, so that a test binary can
//! be run anywhere.

/// What stands between the program and the name of its [`program_with`] role.
pub const ROLE_MARK: &[u8] = b"\0hostile role:";

static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest"));

/// The program in a role: empty for the real zygote whose runs attack, else one
/// of a zygote that attacks itself, or `processes`, which tells what processes it sees.
#[must_use]
pub fn program_with(role: &str) -> Vec<u8> {
    [PROGRAM, ROLE_MARK, role.as_bytes()].concat()
}
