//! Lines that an MCP server writes to its standard output.
//!
//! The whole input is read as a connection would; each of its lines is also
//! taken for the answer to a call that waits.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::Value;
use terraphim_fuzz::{assert_one_line, mutate};
use terraphim_mcp_gateway::fuzzing::{Calls, read_tool, transcript};
use terraphim_types::ServerName;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: RefCell<Runtime> =
        RefCell::new(Builder::new_current_thread().enable_time().build().expect("a runtime can be made"));
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    let all = RUNTIME.with_borrow(|runtime| runtime.block_on(transcript(data.to_vec())));
    let lines = data.split(|byte| *byte == b'\n');
    assert!(all.messages.len() <= lines.clone().count());
    for said in [&all.noise, &all.fault].into_iter().flatten() {
        assert_one_line(said, 250);
        assert!(!said.contains(char::is_control), "{said:?}");
    }
    for line in lines {
        check_line(line);
    }
});

fn check_line(line: &[u8]) {
    let calls = Calls::default();
    let message = calls.read(line);
    let waiting = calls.waiting();
    assert!(waiting.len() >= 1, "one line settles at most one call");
    let given: Option<Value> = serde_json::from_slice(line).ok();
    if let Some(given) = &given
        && let Some(tools) = given.pointer("/result/tools").and_then(Value::as_array)
    {
        tools.iter().for_each(check_tool);
    }
    let Some(message) = message else {
        assert_eq!(waiting.len(), 2, "a call whose reply came is told");
        return;
    };
    let settled = waiting.len() < 2;
    let answered = message.get("method").is_none() && message.get("id").is_some_and(|id| !id.is_null());
    assert!(!settled || answered, "{message}");
    if settled {
        let id = message.get("id").and_then(Value::as_i64).expect("the id that was asked with");
        assert!(!waiting.contains(&id), "{message}");
        assert!(message.get("result").is_some() != message.get("error").is_some(), "{message}");
        assert!(calls.read(line).is_none(), "a reply that came twice is no reply");
        if id == 7
            && let (Some(result), Some(given)) = (message.get("result"), &given)
        {
            assert_eq!(given.get("result"), Some(result), "nothing is lost");
        }
    }
}

fn check_tool(listed: &Value) {
    let server = ServerName::new("s").expect("a name");
    let Some(tool) = read_tool(&server, listed.clone()) else { return };
    assert!(tool.input_schema.is_object());
    assert!(!tool.name.is_empty() && tool.name.len() <= 256 && !tool.name.contains(char::is_control));
    let told = serde_json::to_value(&tool).expect("a tool is JSON");
    assert_eq!(read_tool(&server, told), Some(tool), "a cached tool is the listed one");
}
