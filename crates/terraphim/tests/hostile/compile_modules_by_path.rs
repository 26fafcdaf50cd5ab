//! verdict: syntax
//! message: couldn't read `/etc/shadow`
#[path = "/etc/shadow"]
mod secret;
#[path = "/root/.ssh/id_rsa"]
mod other;
fn main() {}
