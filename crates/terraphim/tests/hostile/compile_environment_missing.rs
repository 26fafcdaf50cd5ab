//! verdict: syntax
//! message: environment variable `ANTHROPIC_API_KEY` not defined
fn main() { println!("{}", env!("ANTHROPIC_API_KEY")); }
