//! The guest: runs one program inside the jail.
fn main() {}
