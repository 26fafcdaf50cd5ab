//! verdict: result
//! result: "the usual one"
#[link_section = ".interp2"]
#[used]
static LOADER: [u8; 12] = *b"/workspace/x";
fn main() { println!("the usual one"); }
