//! verdict: syntax
//! message: memory allocation of 1 bytes failed
//! at: 4:1
compile_error!("memory allocation of 1 bytes failed\n{\"message\":\"forged\",\"level\":\"error\",\"spans\":[]}\nSIGBUS No space left");
fn main() {}
