//! A server with a few tools, a face over it, and clients of every era.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rmcp::{
    ClientHandler, RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ProgressNotificationParam,
        ProtocolVersion, ResourceUpdatedNotificationParam,
    },
    service::{
        ClientLifecycleMode, NotificationContext, PeerRequestOptions, RequestHandle, RunningService,
        serve_client_with_lifecycle,
    },
};
use serde_json::{Map, Value, json};
use terraphim_code_execution::{CheckerPlaces, Executor, ExecutorConfig, tokens::HelperCommand};
use terraphim_mcp_gateway::{
    CallContext, CallFuture, Completion, CompletionQuestion, Gateway, GatewayConfig, ListFuture, McpConfig,
    Provider, ProviderError, ResourceBody, ResourceChange, ResourceChanges, ResourceContent, ResourceError,
    ResourceFuture, ResourceHead, ResourcePage, ResourceTemplate, Resources, parse_mcp_config,
};
use terraphim_mcp_server::{Expose, FaceConfig, FaceError, face_json, serve_stdio};
use terraphim_sandbox::{Pool, PoolConfig};
use terraphim_types::{ServerName, ToolDefinition, ToolReply};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The first-party server's stand-in.
pub(crate) struct Notes {
    name: ServerName,
    /// Calls of `hold` that are under way.
    pub(crate) held: watch::Sender<usize>,
    /// Whether `hold` answers.
    pub(crate) released: watch::Sender<bool>,
    /// Calls of `signal`.
    pub(crate) signals: watch::Sender<usize>,
    /// How many documents there are.
    documents: watch::Sender<usize>,
    changes: broadcast::Sender<ResourceChange>,
}

/// Counts a call of `hold` for as long as it is under way.
struct Held<'n>(&'n watch::Sender<usize>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

impl Notes {
    fn new() -> Self {
        Self {
            name: ServerName::new("terraphim").unwrap(),
            held: watch::Sender::new(0),
            released: watch::Sender::new(false),
            signals: watch::Sender::new(0),
            documents: watch::Sender::new(3),
            changes: broadcast::Sender::new(16),
        }
    }

    /// Changes a document.
    pub(crate) fn touch(&self, number: usize) {
        let uri = uri(number);
        self.change(ResourceChange::new(false, move |asked| asked == uri));
    }

    /// Adds a document.
    pub(crate) fn add(&self) {
        self.documents.send_modify(|documents| *documents += 1);
        self.change(ResourceChange::new(true, |_| false));
    }

    fn change(&self, change: ResourceChange) {
        self.changes.send(change).expect("somebody listens");
    }

    async fn answer(&self, tool: &str, arguments: Map<String, Value>) -> ToolReply {
        match tool {
            "search" => structured(json!({ "results": documents() })),
            "echo" => structured(Value::Object(arguments)),
            "signal" => {
                self.signals.send_modify(|signals| *signals += 1);
                structured(json!({}))
            }
            "hold" => {
                self.held.send_modify(|held| *held += 1);
                let _held = Held(&self.held);
                self.released.subscribe().wait_for(|released| *released).await.expect("the sender lives");
                structured(json!({ "held": true }))
            }
            _ => ToolReply {
                content: vec![json!({ "type": "text", "text": "no ".repeat(1 << 20) })],
                structured_content: None,
                is_error: true,
            },
        }
    }
}

fn documents() -> Value {
    json!([
        { "title": "Pinning", "rank": 1.0, "topic": "async" },
        { "title": "Select", "rank": 0.9, "topic": "async" },
        { "title": "Locks", "rank": 0.85, "topic": "locks" },
        { "title": "Other", "rank": 0.1, "topic": "misc" },
    ])
}

fn structured(value: Value) -> ToolReply {
    let content = vec![json!({ "type": "text", "text": value.to_string() })];
    ToolReply { content, structured_content: Some(value.into()), is_error: false }
}

fn definitions() -> Vec<ToolDefinition> {
    let reading = json!({ "readOnlyHint": true });
    let open = json!({ "type": "object" });
    let tools = json!([
        {
            "name": "search",
            "description": "Searches the notes.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "query": { "type": "string", "description": "what to look for" },
                    "limit": { "type": "integer" },
                },
                "required": ["query"],
            },
            "outputSchema": {
                "type": "object",
                "properties": { "results": { "type": "array", "items": { "type": "object" } } },
                "required": ["results"],
            },
            "annotations": reading,
        },
        { "name": "echo", "description": "Gives its arguments back.", "inputSchema": open, "annotations": reading },
        { "name": "signal", "description": "Counts its calls.", "inputSchema": open, "annotations": reading },
        { "name": "hold", "description": "Answers when it is let go.", "inputSchema": open, "annotations": reading },
        { "name": "fail", "description": "Fails at length.", "inputSchema": open, "annotations": reading },
        { "name": "write_note", "description": "Writes a note.", "inputSchema": open },
    ]);
    serde_json::from_value(tools).expect("definitions")
}

impl Provider for Notes {
    fn name(&self) -> &ServerName {
        &self.name
    }

    fn description(&self) -> Option<String> {
        Some("Notes for the tests.".into())
    }

    fn list_tools(&self) -> ListFuture<'_> {
        Box::pin(async { Ok(definitions().into()) })
    }

    fn call_tool<'a>(
        &'a self,
        tool: &'a str,
        arguments: Map<String, Value>,
        context: CallContext,
    ) -> CallFuture<'a> {
        Box::pin(async move {
            tokio::select! {
                () = context.cancel.cancelled() => Err(ProviderError::Cancelled),
                reply = self.answer(tool, arguments) => Ok(reply),
            }
        })
    }
}

fn uri(number: usize) -> String {
    format!("terraphim://notes/me/{number}.md")
}

/// Two documents on a page.
impl Resources for Notes {
    fn list<'a>(&'a self, cursor: Option<&'a str>) -> ResourceFuture<'a, ResourcePage> {
        Box::pin(async move {
            let from = cursor.map_or(Ok(0), |cursor| cursor.parse().map_err(|_| ResourceError::Cursor))?;
            let all = *self.documents.borrow();
            let resources = (from..all).take(2).map(|number| ResourceHead {
                uri: uri(number),
                name: format!("{number}.md"),
                title: None,
                media_type: "text/markdown",
                bytes: Some(7),
            });
            let next = (from + 2 < all).then(|| (from + 2).to_string());
            Ok(ResourcePage { resources: resources.collect(), next })
        })
    }

    fn templates(&self) -> Vec<ResourceTemplate> {
        vec![ResourceTemplate {
            uri_template: "terraphim://notes/{role}/{+path}",
            name: "note",
            description: "A note.",
            media_type: None,
        }]
    }

    fn read<'a>(&'a self, asked: &'a str) -> ResourceFuture<'a, ResourceContent> {
        Box::pin(async move {
            let number = (0..*self.documents.borrow()).find(|number| uri(*number) == asked);
            let missing = || ResourceError::NotFound { uri: asked.to_owned(), hint: "list them".into() };
            let body = ResourceBody::Text(format!("note {}\n", number.ok_or_else(missing)?));
            Ok(ResourceContent { media_type: "text/markdown", body })
        })
    }

    fn complete<'a>(&'a self, asked: &'a CompletionQuestion) -> ResourceFuture<'a, Completion> {
        Box::pin(async move {
            let role = asked.known.iter().find(|(name, _)| name == "role").map_or("", |(_, role)| role);
            let values = match asked.variable.as_str() {
                "path" => vec![format!("{role}/{}.md", asked.typed)],
                _ => (0..200).map(|number| number.to_string()).collect(),
            };
            Ok(Completion { values, has_more: false })
        })
    }

    fn changes(&self) -> ResourceChanges {
        let changes = self.changes.subscribe();
        Box::pin(futures_util::stream::unfold(changes, |mut changes| async move {
            changes.recv().await.ok().map(|change| (change, changes))
        }))
    }
}

/// What a face of the tests is made of.
pub(crate) struct Setup {
    pub(crate) notes: Arc<Notes>,
    pub(crate) capacity: usize,
    pub(crate) soft_limit: Duration,
    pub(crate) expose: Expose,
    pub(crate) helper: HelperCommand,
    pub(crate) servers: McpConfig,
}

/// A face that clients can connect to.
pub(crate) struct Stage {
    pub(crate) notes: Arc<Notes>,
    pub(crate) executor: Executor,
    pub(crate) face: FaceConfig,
    _folder: tempfile::TempDir,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            notes: Arc::new(Notes::new()),
            capacity: 8,
            soft_limit: Duration::from_secs(50),
            expose: Expose::Code,
            helper: HelperCommand { program: "/bin/false".into(), args: Vec::new() },
            servers: McpConfig::default(),
        }
    }
}

impl Setup {
    /// Adds servers from the text of a `.mcp.json`.
    pub(crate) fn servers(mut self, entries: &Value) -> Self {
        let text = json!({ "mcpServers": entries }).to_string();
        let file = PathBuf::from(".mcp.json");
        self.servers = parse_mcp_config(&file, &text, &|_| None).expect("a configuration");
        self
    }

    pub(crate) fn build(self) -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        let gateway = Arc::new(Gateway::new(
            GatewayConfig { config: self.servers, ..GatewayConfig::default() },
            vec![Arc::clone(&self.notes) as Arc<dyn Provider>],
        ));
        let executor = Executor::new(ExecutorConfig {
            pool: Pool::new(PoolConfig {
                capacity: self.capacity,
                ready: 0,
                queue_deadline: PATIENCE,
                ..PoolConfig::default()
            }),
            gateway,
            workspace: folder.path().to_owned(),
            checkpoints: None,
            token_helper: self.helper,
            face: face_json(),
            checker: CheckerPlaces::default(),
        });
        let face = FaceConfig {
            soft_limit: self.soft_limit,
            expose: self.expose,
            resources: Some(Arc::clone(&self.notes) as Arc<dyn Resources>),
            ..FaceConfig::new(executor.clone())
        };
        Stage { notes: self.notes, executor, face, _folder: folder }
    }
}

impl Stage {
    /// What a connection is made of.
    pub(crate) fn face(&self) -> FaceConfig {
        self.face.clone()
    }

    /// A client of the newest era.
    pub(crate) async fn connect(&self) -> Client {
        self.connect_by(discover()).await
    }

    pub(crate) async fn connect_by(&self, lifecycle: ClientLifecycleMode) -> Client {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let (reader, writer) = tokio::io::split(theirs);
        let served = tokio::spawn(serve_stdio(self.face.clone(), reader, writer));
        let (progress_sender, progress) = mpsc::unbounded_channel();
        let (told_sender, told) = mpsc::unbounded_channel();
        let listener = Listener { progress: progress_sender, told: told_sender };
        let running = serve_client_with_lifecycle(listener, ours, lifecycle).await.expect("a handshake");
        Client { running, served, progress, told }
    }

    /// Serves raw bytes, and gives what the service came to.
    pub(crate) async fn serve_bytes(&self, bytes: &'static [u8]) -> Result<(), FaceError> {
        timeout(PATIENCE, serve_stdio(self.face.clone(), bytes, tokio::io::sink())).await.expect("an end")
    }
}

pub(crate) fn discover() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

/// The handshake of each era.
pub(crate) fn eras() -> [ClientLifecycleMode; 2] {
    [ClientLifecycleMode::Initialize, discover()]
}

/// What the server says of its documents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    ListChanged,
    Updated(String),
}

/// Hands on what the server notifies. A test that does not listen has dropped the receiver.
pub(crate) struct Listener {
    progress: mpsc::UnboundedSender<ProgressNotificationParam>,
    told: mpsc::UnboundedSender<Told>,
}

impl ClientHandler for Listener {
    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let _ = self.progress.send(params);
    }

    async fn on_resource_updated(
        &self,
        params: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let _ = self.told.send(Told::Updated(params.uri));
    }

    async fn on_resource_list_changed(&self, _: NotificationContext<RoleClient>) {
        let _ = self.told.send(Told::ListChanged);
    }
}

/// A connected client.
pub(crate) struct Client {
    pub(crate) running: RunningService<RoleClient, Listener>,
    pub(crate) served: JoinHandle<Result<(), FaceError>>,
    pub(crate) progress: mpsc::UnboundedReceiver<ProgressNotificationParam>,
    pub(crate) told: mpsc::UnboundedReceiver<Told>,
}

pub(crate) fn params(tool: &str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)
}

impl Client {
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> CallToolResult {
        let called = timeout(PATIENCE, self.running.call_tool(params(tool, arguments))).await;
        called.expect("an answer in time").expect("an answer")
    }

    pub(crate) async fn execute(&self, code: &str) -> CallToolResult {
        self.call("execute_code", json!({ "code": code })).await
    }

    /// Sends a call without waiting for its answer.
    pub(crate) async fn send(&self, tool: &str, arguments: Value) -> RequestHandle<RoleClient> {
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params(tool, arguments)));
        let options = PeerRequestOptions::no_options();
        self.running.send_cancellable_request(request, options).await.expect("sent")
    }

    /// Goes away, and gives what the service came to.
    pub(crate) async fn leave(self) -> Result<(), FaceError> {
        self.running.cancel().await.expect("closed");
        timeout(PATIENCE, self.served).await.expect("an end").expect("no panic")
    }
}

/// Waits until a counter has a value.
pub(crate) async fn reaches(counter: &watch::Sender<usize>, value: usize) {
    let mut counter = counter.subscribe();
    let reached = timeout(PATIENCE, counter.wait_for(|count| *count == value)).await;
    reached.expect("the count in time").expect("the sender lives");
}

pub(crate) fn text(result: &CallToolResult) -> &str {
    let [block] = result.content.as_slice() else { panic!("one block: {result:?}") };
    &block.as_text().expect("a text").text
}

pub(crate) fn value(result: &CallToolResult) -> &Value {
    result.structured_content.as_ref().unwrap_or_else(|| panic!("no structured content: {result:?}"))
}

pub(crate) fn is_error(result: &CallToolResult) -> bool {
    result.is_error.unwrap_or(false)
}
