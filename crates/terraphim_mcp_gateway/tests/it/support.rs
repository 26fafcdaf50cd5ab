//! Gateways over the test upstream, and waiting for conditions.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value, json};
use terraphim_mcp_gateway::{
    CallContext, Gateway, GatewayConfig, GatewayError, McpConfig, Policy, Provider, Timeouts,
    parse_mcp_config,
};
use terraphim_types::{ServerName, ToolName, ToolReply};

/// A gateway over servers that are all the test upstream with other flags.
pub(crate) struct Setup {
    pub(crate) config: GatewayConfig,
    pub(crate) providers: Vec<Arc<dyn Provider>>,
    pub(crate) folder: tempfile::TempDir,
}

impl Setup {
    /// One server `s` with these flags, and a journal.
    pub(crate) fn one(flags: &[&str]) -> Self {
        Self::servers(&[("s", flags)])
    }

    /// Servers by name and flags; each has a journal `NAME.journal`.
    pub(crate) fn servers(servers: &[(&str, &[&str])]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let command = terraphim_test_upstream::binary().expect("the test upstream");
        let mut entries = Map::new();
        for (name, flags) in servers {
            let mut args = vec!["--journal".to_owned(), journal(folder.path(), name).display().to_string()];
            args.extend(flags.iter().map(|&flag| flag.to_owned()));
            entries.insert((*name).to_owned(), json!({ "command": command, "args": args }));
        }
        let text = json!({ "mcpServers": entries }).to_string();
        let config = GatewayConfig {
            config: parse_mcp_config(Path::new(".mcp.json"), &text, &|_| None).expect("valid"),
            base_env: vec![("PATH".into(), std::env::var_os("PATH").unwrap_or_default())],
            timeouts: Timeouts {
                start: Duration::from_secs(20),
                discover: Duration::from_secs(10),
                first_retry: Duration::from_millis(300),
                stop: Duration::from_millis(500),
                ..Timeouts::default()
            },
            policy: Policy { allow: vec!["*.write_note".parse().expect("a glob")], deny: Vec::new() },
            ..GatewayConfig::default()
        };
        Self { config, providers: Vec::new(), folder }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut GatewayConfig)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn cached(self) -> Self {
        let cache = self.folder.path().join("cache");
        self.with(|config| config.cache_dir = Some(cache))
    }

    pub(crate) fn gateway(&self) -> Gateway {
        Gateway::new(self.config.clone(), self.providers.clone())
    }

    /// The second words of the journal's lines that begin with `word`.
    pub(crate) fn noted(&self, server: &str, word: &str) -> Vec<String> {
        let text = std::fs::read_to_string(journal(self.folder.path(), server)).unwrap_or_default();
        let lines = text.lines().map(|line| line.split_once(' ').unwrap_or((line, "")));
        lines.filter(|(first, _)| *first == word).map(|(_, rest)| rest.to_owned()).collect()
    }

    pub(crate) fn starts(&self, server: &str) -> usize {
        self.noted(server, "start").len()
    }

    /// A configuration of servers in the given JSON.
    pub(crate) fn mcp(entries: &Value) -> McpConfig {
        let text = json!({ "mcpServers": entries }).to_string();
        parse_mcp_config(Path::new(".mcp.json"), &text, &|_| None).expect("valid")
    }
}

fn journal(folder: &Path, server: &str) -> PathBuf {
    folder.join(format!("{server}.journal"))
}

pub(crate) async fn call(gateway: &Gateway, tool: &str, arguments: Value) -> Result<ToolReply, GatewayError> {
    call_in(gateway, tool, arguments, CallContext::default()).await
}

pub(crate) async fn call_in(
    gateway: &Gateway,
    tool: &str,
    arguments: Value,
    context: CallContext,
) -> Result<ToolReply, GatewayError> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    let tool: ToolName = tool.parse().expect("a tool name");
    gateway.call(&tool, arguments, context).await
}

pub(crate) fn name(name: &str) -> ServerName {
    ServerName::new(name).expect("a name")
}

/// Polls until the condition holds; panics when it does not within 20 s.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let polling = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), polling).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Whether a process is there and no zombie.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim().chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

pub(crate) fn path_env() -> (OsString, OsString) {
    ("PATH".into(), std::env::var_os("PATH").unwrap_or_default())
}
