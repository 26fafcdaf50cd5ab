//! Replies of tools, as programs get them.
//!
//! The input is JSON: `tool` is a definition, `reply` what a call answered.

#![no_main]

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use serde_json::Value;
use terraphim_code_execution::{Workspace, WorkspaceError, fuzzing::keep_media};
use terraphim_fuzz::{document, fresh_folder, mutate, remove};
use terraphim_mcp_codegen::{ResultShape, raw, value};
use terraphim_mcp_gateway::fuzzing::read_tool;
use terraphim_types::{JsonText, ServerName, ToolReply};

const QUOTA: u64 = 256;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some(input) = document(data) else { return Corpus::Reject };
    let server = ServerName::new("s").expect("a name");
    let reply = input.get("reply").and_then(|reply| serde_json::from_value::<ToolReply>(reply.clone()).ok());
    let Some(reply) = reply else { return Corpus::Reject };
    let tool = input.get("tool").and_then(|tool| read_tool(&server, tool.clone()));
    let shape = tool.as_ref().map_or(ResultShape::Undeclared, ResultShape::of);
    check_value(&shape, &reply);
    check_media(reply);
    Corpus::Keep
});

fn check_value(shape: &ResultShape, reply: &ToolReply) {
    let given = value(shape, reply.clone());
    assert_eq!(given.get(), value(shape, reply.clone()).get());
    let whole = raw(reply);
    assert_eq!(serde_json::from_str::<ToolReply>(whole.get()).ok().as_ref(), Some(reply));
    assert!(given.get().len() <= whole.get().len(), "{given:?} of {whole:?}");
    let structured = reply.structured_content.as_ref();
    match (shape, structured, structured.map(JsonText::to_value)) {
        (ResultShape::Structured, Some(structured), _) => assert_eq!(given.get(), structured.get()),
        (
            ResultShape::Property(name) | ResultShape::OptionalProperty(name),
            _,
            Some(Ok(Value::Object(map))),
        ) => {
            if let Some(property) = map.get(name) {
                assert_eq!(given.to_value().ok().as_ref(), Some(property));
            }
        }
        _ => {}
    }
}

fn check_media(mut reply: ToolReply) {
    let folder = fresh_folder();
    let before = reply.clone();
    let kept = keep_media(&mut reply, &Workspace::new(folder.clone(), QUOTA, 3));
    let on_disk: u64 = fs::read_dir(folder.join("results"))
        .into_iter()
        .flatten()
        .map(|entry| entry.and_then(|entry| entry.metadata()).expect("a file that was kept").len())
        .sum();
    assert!(on_disk <= QUOTA, "{on_disk} bytes");
    match kept {
        Ok(files) => {
            assert_eq!(reply.content.len(), before.content.len());
            assert_eq!(files.iter().map(|file| file.bytes).sum::<u64>(), on_disk);
            let changed = reply.content.iter().zip(&before.content).filter(|(after, before)| after != before);
            assert!(changed.clone().count() <= files.len());
            for (after, before) in changed {
                let data = before.get("data").or_else(|| before.pointer("/resource/blob"));
                let bytes =
                    BASE64_STANDARD.decode(data.and_then(Value::as_str).expect("binary")).expect("base64");
                let path = after.get("path").and_then(Value::as_str).expect("a path");
                assert_eq!(fs::read(folder.join(path)).expect("a file that is named exists"), bytes);
            }
        }
        Err(WorkspaceError::Full { .. }) => {}
        Err(other) => panic!("{other}"),
    }
    remove(&folder);
}
