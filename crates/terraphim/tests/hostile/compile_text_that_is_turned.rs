//! verdict: result
//! result: [5,0]
fn main() {
    // «U+202E» turned «U+2066»
    println!("[{}, {}]", "a«U+202E»b".len(), "«U+0»".trim_matches('\0').len());
}
