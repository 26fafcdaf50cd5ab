//! The one way to every tool: finds the server, asks the policy, checks the
//! arguments, calls, and leaves a line for the audit.

mod results;
mod uses;

use std::{
    collections::HashSet,
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Map, Value};
use terraphim_types::{ServerName, ToolDefinition, ToolName, ToolReply};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use self::uses::Uses;
use crate::{
    catalogue::{CatalogueSnapshot, ServerEntry, ServerState},
    config::{McpConfig, ServerTransport},
    definitions::{CacheFile, Definitions, digest},
    error::GatewayError,
    in_process::InProcess,
    measure::json_bytes,
    observed::{Observed, Observing, Room, own_identity},
    policy::Policy,
    provider::{CallContext, Provider, ProviderError},
    upstream::{Guard, GuardCommand, Host, Upstream, find},
    validation::Validators,
    wording::nearest,
};

/// How many servers are started at once for the catalogue.
const STARTS_AT_ONCE: usize = 4;

/// What a gateway is made from. It holds secrets, and so has no debug output.
#[derive(Clone, Default)]
pub struct GatewayConfig {
    /// The configured servers.
    pub config: McpConfig,
    /// Where definitions are cached; absent means nowhere.
    pub cache_dir: Option<PathBuf>,
    /// Where it is kept what calls were seen to answer.
    pub observing: Observing,
    /// Which tools may be called.
    pub policy: Policy,
    /// The environment that every server process inherits.
    pub base_env: Vec<(OsString, OsString)>,
    /// How many gateways this one runs inside of: the value of
    /// `TERRAPHIM_DEPTH` in its own environment, 0 without one.
    pub depth: u32,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Ends the servers if this process is killed; without one, a server that
    /// ignores the end of its input outlives that.
    pub guard: Option<GuardCommand>,
}

/// How long things may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// From a server's start to its answer to the greeting.
    pub start: Duration,
    /// Until silence to the newer greeting counts as an older server.
    pub discover: Duration,
    /// One listing of tools, all pages.
    pub list: Duration,
    /// One tool call.
    pub call: Duration,
    /// From SIGTERM to SIGKILL.
    pub stop: Duration,
    /// After a first failed start until the next is tried; doubles each time.
    pub first_retry: Duration,
    /// The longest that this delay becomes.
    pub last_retry: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            // A first `npx` downloads the server.
            start: Duration::from_secs(60),
            discover: Duration::from_secs(10),
            list: Duration::from_secs(30),
            call: Duration::from_secs(120),
            stop: Duration::from_secs(2),
            first_retry: Duration::from_secs(1),
            last_retry: Duration::from_secs(300),
        }
    }
}

/// A configured server that a server of this process hides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The name that both have.
    pub name: ServerName,
}

/// Connections to MCP servers, and the servers of this process.
///
/// It must be made and used within a tokio runtime. Dropping it ends every
/// server process in the background; [`Gateway::shutdown`] waits for that.
pub struct Gateway {
    servers: Vec<Server>,
    collisions: Vec<Collision>,
    policy: Policy,
    validators: Validators,
    /// Those of declared results.
    result_validators: Validators,
    host: Arc<Host>,
    snapshot: Mutex<Arc<CatalogueSnapshot>>,
    _end_on_drop: DropGuard,
}

struct Server {
    name: ServerName,
    kind: Kind,
    /// What its tools were seen to answer, where that is kept.
    observed: Option<Arc<Observed>>,
    uses: Uses,
}

enum Kind {
    InProcess(InProcess),
    Upstream(Upstream),
    Unusable { reason: String },
}

impl Gateway {
    /// Makes the gateway; no server is started before it is needed. A provider
    /// of this process hides a configured server of the same name.
    pub fn new(config: GatewayConfig, providers: Vec<Arc<dyn Provider>>) -> Self {
        let GatewayConfig { config: mut mcp, cache_dir, observing, policy, base_env, depth, timeouts, guard } =
            config;
        let life = CancellationToken::new();
        let host = Arc::new(Host {
            base_env,
            depth,
            timeouts,
            guard: Guard::new(guard),
            tasks: TaskTracker::new(),
            life: life.clone(),
            changes: watch::Sender::new(0),
            starts: Semaphore::new(STARTS_AT_ONCE),
        });
        let room = Arc::new(Room::default());
        let mut servers: Vec<_> = providers
            .into_iter()
            .map(|provider| {
                let name = provider.name().clone();
                let observed = Observed::new(&observing, &name, &own_identity(&name), &room);
                Server {
                    name,
                    kind: Kind::InProcess(InProcess::new(provider)),
                    observed,
                    uses: Uses::default(),
                }
            })
            .collect();
        let mut names = HashSet::new();
        servers.retain(|server| names.insert(server.name.clone()));
        let mut collisions = Vec::new();
        mcp.reserve_own_name();
        for server in mcp.servers {
            if !names.insert(server.name.clone()) {
                tracing::warn!(server = %server.name, "a server of this process hides a configured one of the same name");
                collisions.push(Collision { name: server.name });
                continue;
            }
            let (kind, observed) = match server.transport {
                ServerTransport::Unusable { reason } => (Kind::Unusable { reason }, None),
                ServerTransport::Stdio(stdio) => {
                    let observed = Observed::new(&observing, &server.name, &digest(&stdio), &room);
                    let cache = cache_dir.as_deref().map(|folder| CacheFile::new(folder, &stdio));
                    let upstream = Upstream::new(server.name.clone(), stdio, Arc::clone(&host), cache);
                    (Kind::Upstream(upstream), observed)
                }
            };
            servers.push(Server { name: server.name, kind, observed, uses: Uses::default() });
        }
        Self {
            servers,
            collisions,
            policy,
            validators: Validators::default(),
            result_validators: Validators::default(),
            host,
            snapshot: Mutex::default(),
            _end_on_drop: life.drop_guard(),
        }
    }

    /// Every server's name, those of this process first.
    pub fn server_names(&self) -> impl Iterator<Item = &ServerName> {
        self.servers.iter().map(|server| &server.name)
    }

    /// The configured servers that a server of this process hides.
    pub fn collisions(&self) -> &[Collision] {
        &self.collisions
    }

    /// One server's tools: those known, else the server is started for them; with
    /// what calls were seen to answer, where that is observed.
    ///
    /// # Errors
    /// [`GatewayError::UnknownServer`], or why the server gave no list.
    pub async fn tools(&self, server: &ServerName) -> Result<Arc<[ToolDefinition]>, GatewayError> {
        let found = self.servers.iter().find(|candidate| candidate.name == *server);
        let server = found.ok_or_else(|| self.unknown_server(server.as_str()))?;
        let tools = server.definitions(&self.host.timeouts).await?.tools;
        Ok(server.dressed(tools))
    }

    /// Whether a pattern of `deny` fits a tool, whose server is then not even started for it.
    pub fn forbids(&self, tool: &ToolName) -> bool {
        self.policy.check_name(tool).is_err()
    }

    /// Why the policy does not let a tool be called; `None` where it does.
    pub fn denial(&self, tool: &ToolName, definition: &ToolDefinition) -> Option<GatewayError> {
        let denial = self.policy.check(tool, definition).err()?;
        Some(GatewayError::Denied { tool: tool.clone(), denial })
    }

    /// What is known of all servers. Those not known yet are started, a few at
    /// once; at most `wait` is waited for them, and not at all without it.
    pub async fn catalogue(&self, wait: Option<Duration>) -> Arc<CatalogueSnapshot> {
        let mut changes = self.host.changes.subscribe();
        for server in &self.servers {
            if let Kind::Upstream(upstream) = &server.kind {
                upstream.warm();
            }
        }
        let all_known = async {
            join_all(self.servers.iter().map(|server| server.refresh_in_process(&self.host.timeouts))).await;
            // The sender lives as long as the gateway.
            let _ = changes.wait_for(|_| !self.servers.iter().any(Server::is_loading)).await;
        };
        // Whoever is not known by then is shown as loading.
        let _ = timeout(wait.unwrap_or_default(), all_known).await;
        self.take_snapshot()
    }

    /// What is known of all servers now, from earlier starts too; starts none.
    pub async fn known(&self) -> Arc<CatalogueSnapshot> {
        for server in &self.servers {
            if let Kind::InProcess(provider) = &server.kind {
                provider.refresh(self.host.timeouts.list).await;
            }
        }
        self.take_snapshot()
    }

    /// The last snapshot if it still holds, else a new one.
    fn take_snapshot(&self) -> Arc<CatalogueSnapshot> {
        let servers: Vec<_> = self.servers.iter().map(Server::entry).collect();
        let mut last = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        if last.version == 0 || !same(&last.servers, &servers) {
            *last = Arc::new(CatalogueSnapshot { version: last.version + 1, servers });
        }
        Arc::clone(&last)
    }

    /// Calls a tool. A tool that answers with `is_error` is a reply, not an error.
    ///
    /// # Errors
    /// Why there is no reply; nothing has left unless it is a
    /// [`GatewayError::Provider`] other than `InvalidArguments`.
    pub async fn call(
        &self,
        tool: &ToolName,
        arguments: Map<String, Value>,
        context: CallContext,
    ) -> Result<ToolReply, GatewayError> {
        let started = Instant::now();
        let audited = tracing::enabled!(target: "terraphim::audit", tracing::Level::DEBUG);
        let arguments_bytes = if audited { json_bytes(&arguments) } else { 0 };
        let outcome = self.call_unaudited(tool, arguments, context).await;
        if audited {
            tracing::debug!(
                target: "terraphim::audit",
                %tool,
                arguments_bytes,
                reply_bytes = outcome.as_ref().map_or(0, json_bytes),
                ms = started.elapsed().as_secs_f64() * 1e3,
                verdict = verdict(&outcome),
                "tool call"
            );
        }
        outcome
    }

    async fn call_unaudited(
        &self,
        name: &ToolName,
        arguments: Map<String, Value>,
        context: CallContext,
    ) -> Result<ToolReply, GatewayError> {
        let (server, tool) = self.resolve(name)?;
        let denied = |denial| GatewayError::Denied { tool: name.clone(), denial };
        // What is forbidden does not even start its server.
        self.policy.check_name(name).map_err(denied)?;
        let cancelled = context.cancel.clone();
        let tools = tokio::select! {
            biased;
            () = cancelled.cancelled() => return Err(ProviderError::Cancelled.into()),
            tools = server.tools_with(&tool, &self.host.timeouts) => tools?,
        };
        let Some(definition) = find(&tools, &tool) else {
            let nearest = nearest(&tool, tools.iter().map(|tool| tool.name.as_str()));
            return Err(GatewayError::UnknownTool { server: server.name.clone(), tool, nearest });
        };
        self.policy.check(name, definition).map_err(denied)?;
        let checked = self.validators.check(&server.name, &tools, definition, arguments);
        let arguments = checked.map_err(|complaint| ProviderError::InvalidArguments {
            server: server.name.clone(),
            tool: tool.clone(),
            complaint,
        })?;
        let reply = server.call(&tool, arguments, context, &self.host.timeouts).await?;
        if !reply.is_error {
            server.uses.count(&tool);
        }
        Ok(reply)
    }

    /// Ends every server process and waits until all have ended.
    pub async fn shutdown(&self) {
        join_all(self.servers.iter().map(|server| async {
            if let Kind::Upstream(upstream) = &server.kind {
                upstream.shutdown().await;
            }
        }))
        .await;
        self.keep_observed().await;
        self.host.life.cancel();
        self.host.tasks.close();
        if timeout(self.host.timeouts.stop * 2, self.host.tasks.wait()).await.is_err() {
            tracing::warn!("a server process did not end");
        }
    }

    /// The server that a name means, and the tool's own name. A server's name
    /// may itself hold dots: the first dot that leaves a known server counts.
    fn resolve(&self, name: &ToolName) -> Result<(&Server, String), GatewayError> {
        if let Some(server) = self.servers.iter().find(|server| server.name == *name.server()) {
            return Ok((server, name.tool().to_owned()));
        }
        let qualified = name.to_string();
        let splits = self.servers.iter().filter_map(|server| {
            let tool = qualified.strip_prefix(server.name.as_str())?.strip_prefix('.')?;
            Some((server, tool))
        });
        let shortest = splits.min_by_key(|(server, _)| server.name.as_str().len());
        let found = shortest.map(|(server, tool)| (server, tool.to_owned()));
        found.ok_or_else(|| self.unknown_server(name.server().as_str()))
    }

    fn unknown_server(&self, name: &str) -> GatewayError {
        let nearest = nearest(name, self.server_names().map(ServerName::as_str));
        GatewayError::UnknownServer { name: name.to_owned(), nearest }
    }
}

impl Server {
    async fn definitions(&self, timeouts: &Timeouts) -> Result<Definitions, ProviderError> {
        match &self.kind {
            Kind::InProcess(provider) => provider.definitions(timeouts.list).await,
            Kind::Upstream(upstream) => upstream.definitions().await,
            Kind::Unusable { reason } => Err(self.unusable(reason)),
        }
    }

    /// The tools; those known may be out of date, so that they are asked for
    /// anew where `tool` is not among them.
    async fn tools_with(
        &self,
        tool: &str,
        timeouts: &Timeouts,
    ) -> Result<Arc<[ToolDefinition]>, ProviderError> {
        let known = self.definitions(timeouts).await?.tools;
        if find(&known, tool).is_some() {
            return Ok(known);
        }
        Ok(match &self.kind {
            Kind::InProcess(provider) => {
                provider.refresh(timeouts.list).await;
                provider.definitions(timeouts.list).await?.tools
            }
            Kind::Upstream(upstream) => upstream.live_definitions().await?.tools,
            Kind::Unusable { .. } => known,
        })
    }

    async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        context: CallContext,
        timeouts: &Timeouts,
    ) -> Result<ToolReply, ProviderError> {
        match &self.kind {
            Kind::InProcess(provider) => provider.call(tool, arguments, context, timeouts.call).await,
            Kind::Upstream(upstream) => upstream.call_tool(tool, arguments, context).await,
            Kind::Unusable { reason } => Err(self.unusable(reason)),
        }
    }

    async fn refresh_in_process(&self, timeouts: &Timeouts) {
        if let Kind::InProcess(provider) = &self.kind {
            provider.refresh(timeouts.list).await;
        }
    }

    /// The tools with what is known of their results.
    fn dressed(&self, tools: Arc<[ToolDefinition]>) -> Arc<[ToolDefinition]> {
        match &self.observed {
            Some(observed) => observed.dress(&tools),
            None => tools,
        }
    }

    fn unusable(&self, reason: &str) -> ProviderError {
        ProviderError::NotStarted { server: self.name.clone(), reason: reason.to_owned() }
    }

    fn is_loading(&self) -> bool {
        matches!(&self.kind, Kind::Upstream(upstream) if upstream.is_warming())
    }

    fn entry(&self) -> ServerEntry {
        let (known, failure) = match &self.kind {
            Kind::InProcess(provider) => provider.known(),
            Kind::Upstream(upstream) => upstream.glimpse(),
            Kind::Unusable { reason } => (None, Some(reason.clone())),
        };
        let state = match (failure, &known) {
            (Some(reason), _) => ServerState::Failed { reason },
            (None, Some(_)) => ServerState::Ready,
            (None, None) => ServerState::Loading,
        };
        let (tools, description) = known
            .map_or_else(|| (Arc::from([]), None), |Definitions { tools, description }| (tools, description));
        ServerEntry { name: self.name.clone(), description, state, tools: self.dressed(tools) }
    }
}

/// Equal, by a look at the tools' addresses: equal lists are kept, not made again.
fn same(last: &[ServerEntry], now: &[ServerEntry]) -> bool {
    last.len() == now.len()
        && last.iter().zip(now).all(|(a, b)| {
            let tools = Arc::ptr_eq(&a.tools, &b.tools) || (a.tools.is_empty() && b.tools.is_empty());
            tools && a.name == b.name && a.state == b.state && a.description == b.description
        })
}

fn verdict(outcome: &Result<ToolReply, GatewayError>) -> &'static str {
    match outcome {
        Ok(reply) if reply.is_error => "tool error",
        Ok(_) => "ok",
        Err(GatewayError::Denied { .. }) => "denied",
        Err(GatewayError::UnknownServer { .. } | GatewayError::UnknownTool { .. }) => "unknown",
        Err(GatewayError::Provider(error)) => match error {
            ProviderError::InvalidArguments { .. } => "invalid arguments",
            ProviderError::UnknownTool { .. } => "unknown",
            ProviderError::Cancelled => "cancelled",
            ProviderError::TimedOut { .. } => "timed out",
            _ => "failed",
        },
    }
}
