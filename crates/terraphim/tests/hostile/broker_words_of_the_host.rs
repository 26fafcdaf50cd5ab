//! verdict: result
//! result: 0
«connection»
use std::io::Write;
// Operations that no program has, and payloads that are no JSON.
const CALLS: [(&str, &str); 9] = [("import", "[\"up\"]"), ("done", "1"), ("exit", "0"), ("workspace.restore", "{\"name\":\"../..\"}"),
    ("tool", "{"), ("tool", "{\"server\":\"up\"}"), ("workspace.save", "[]"), ("tool\0", "{}"), ("../tool", "null")];
fn main() {
    let mut good = 0;
    for (name, payload) in CALLS {
        let Some(mut stream) = take() else { continue };
        let _ = stream.write_all(&frame(17, 7, name, payload));
        let _ = stream.shutdown(std::net::Shutdown::Write);
        good += u8::from(heard(stream, 1_000).is_some_and(|told| told.get(9) == Some(&1)));
    }
    println!("{good}");
}
