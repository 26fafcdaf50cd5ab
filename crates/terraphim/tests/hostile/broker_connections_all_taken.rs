//! verdict: result
//! result: [true,true]
«connection»
use std::{sync::mpsc, thread, time::Duration};
fn main() {
    let (told, heard) = mpsc::channel();
    thread::spawn(move || { while let Some(one) = take() { if told.send(one).is_err() { break } } });
    let mut held = Vec::new();
    while let Ok(one) = heard.recv_timeout(Duration::from_millis(700)) { held.push(one); if held.len() > 500 { break } }
    let all = held.len();
    drop((held, heard));
    let answer = mcp_runtime::call("up", "add", mcp_runtime::json!({ "a": 1, "b": 2 }));
    println!("[{}, {}]", all > 0 && all <= 250, answer.is_ok());
}
