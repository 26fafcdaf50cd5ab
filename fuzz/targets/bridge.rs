//! The host's answers to the calls of a run, with a server behind it whose
//! tools and replies are the input's too.
//!
//! The input is JSON: `tools` is the server's list, `reply` what it answers,
//! `calls` a list of calls with `name` and `payload`, or `text` for a payload
//! that is no JSON.

#![no_main]

use std::{cell::RefCell, fs, path::Path, sync::Arc};

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use serde_json::{Map, Value};
use terraphim_code_execution::{Workspace, fuzzing::Host};
use terraphim_fuzz::{document, fresh_folder, list_at, mutate, remove, text_at};
use terraphim_mcp_gateway::{
    CallContext, CallFuture, Gateway, GatewayConfig, ListFuture, Policy, Provider, ProviderError,
    fuzzing::read_tool,
};
use terraphim_sandbox::HostReply;
use terraphim_types::{Limits, ServerName, ToolDefinition, ToolReply};
use tokio::runtime::{Builder, Runtime};

/// Kinds of failures that a program may see.
const KINDS: &[&str] = &["arguments", "denied", "limit", "tool", "unknown"];

/// Longest message that goes into a program, in bytes.
const MESSAGE: usize = 8 << 10;

const LIMITS: fn() -> Limits = || Limits {
    tool_calls: 4,
    reply_bytes: 1024,
    replies_bytes: 4096,
    workspace_bytes: 512,
    workspace_files: 4,
    ..Limits::default()
};

thread_local! {
    static RUNTIME: RefCell<Runtime> =
        RefCell::new(Builder::new_current_thread().enable_time().build().expect("a runtime can be made"));
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some(input) = document(data) else { return Corpus::Reject };
    if list_at(&input, "calls").is_empty() {
        return Corpus::Reject;
    }
    RUNTIME.with_borrow(|runtime| runtime.block_on(check(&input)));
    Corpus::Keep
});

/// A server that lists what it is given, and answers with what it is given.
struct Parrot {
    name: ServerName,
    tools: Arc<[ToolDefinition]>,
    reply: Option<ToolReply>,
}

impl Provider for Parrot {
    fn name(&self) -> &ServerName {
        &self.name
    }

    fn description(&self) -> Option<String> {
        self.tools.first().and_then(|tool| tool.description.clone())
    }

    fn list_tools(&self) -> ListFuture<'_> {
        Box::pin(async { Ok(Arc::clone(&self.tools)) })
    }

    fn call_tool<'a>(&'a self, tool: &'a str, _: Map<String, Value>, _: CallContext) -> CallFuture<'a> {
        Box::pin(async move {
            self.reply.clone().ok_or_else(|| ProviderError::UnknownTool {
                server: self.name.clone(),
                tool: tool.to_owned(),
            })
        })
    }
}

async fn check(input: &Value) {
    let name = ServerName::new("s").expect("a name");
    let listed = list_at(input, "tools").iter();
    let tools = listed.filter_map(|tool| read_tool(&name, tool.clone())).collect();
    let reply = input.get("reply").and_then(|reply| serde_json::from_value(reply.clone()).ok());
    let policy = Policy { allow: vec!["s.*".parse().expect("a glob")], deny: Vec::new() };
    let config = GatewayConfig { policy, ..GatewayConfig::default() };
    let gateway = Gateway::new(config, vec![Arc::new(Parrot { name, tools, reply })]);
    let folder = fresh_folder();
    let limits = LIMITS();
    let workspace = Workspace::new(folder.clone(), limits.workspace_bytes, limits.workspace_files);
    let host = Host::new(Arc::new(gateway), workspace, limits);
    let mut given = 0;
    for call in list_at(input, "calls").iter().take(12) {
        let payload = match (call.get("payload"), text_at(call, "text")) {
            (Some(payload), _) => payload.to_string().into_bytes(),
            (None, text) => text.unwrap_or_default().as_bytes().to_vec(),
        };
        let reply = host.call(text_at(call, "name").unwrap_or("tool").to_owned(), payload).await;
        given += check_reply(&reply, &limits);
        drop(reply);
        assert!(host.holds_nothing(), "a written reply holds nothing");
    }
    assert!(given <= limits.replies_bytes, "{given} bytes of replies");
    let (calls, waiting, files) = host.finish();
    assert!(calls <= limits.tool_calls);
    assert!(waiting.is_empty(), "{waiting:?}");
    for file in &files {
        assert!(file.path.starts_with("data/") || file.path.starts_with("results/"), "{}", file.path);
        assert!(!file.path.contains(".."), "{}", file.path);
    }
    check_folder(&folder, &limits);
    remove(&folder);
}

/// The length of a reply that is a value.
fn check_reply(reply: &HostReply, limits: &Limits) -> u64 {
    let value: Value = serde_json::from_slice(&reply.payload).expect("every reply is JSON");
    if reply.ok {
        assert!(reply.payload.len() <= limits.reply_bytes, "{} bytes", reply.payload.len());
        return reply.payload.len() as u64;
    }
    assert!(KINDS.contains(&text_at(&value, "kind").expect("a kind")), "{value}");
    assert!(text_at(&value, "message").expect("a message").len() <= MESSAGE, "{value}");
    assert!(reply.payload.len() <= 8 * MESSAGE, "{} bytes of failure", reply.payload.len());
    0
}

fn check_folder(folder: &Path, limits: &Limits) {
    let mut bytes = 0;
    let mut files = 0;
    for shelf in fs::read_dir(folder).into_iter().flatten() {
        let shelf = shelf.expect("a shelf");
        assert!(["data", "results"].iter().any(|name| shelf.file_name() == *name), "{shelf:?}");
        for file in fs::read_dir(shelf.path()).expect("a shelf can be listed") {
            let file = file.expect("a file");
            assert!(!file.file_name().to_string_lossy().starts_with('.'), "{file:?} is left over");
            bytes += file.metadata().expect("a file").len();
            files += 1;
        }
    }
    assert!(
        bytes <= limits.workspace_bytes && files <= limits.workspace_files,
        "{bytes} bytes, {files} files"
    );
}
