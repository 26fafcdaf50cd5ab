//! Documents of the first-party server: lists, reads, completion, and word of
//! their changes in both eras of the protocol.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures_util::StreamExt;
use rmcp::{
    ErrorData, Peer, RoleServer,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, ListResourceTemplatesResult,
        ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
        ResourceUpdatedNotificationParam, SubscriptionFilter,
    },
    service::SubscriptionContext,
};
use terraphim_mcp_gateway::{
    CompletionQuestion, ResourceBody, ResourceChange, ResourceChanges, ResourceError, ResourceHead,
    ResourceTemplate as Template, Resources,
};
use tokio_util::sync::CancellationToken;

use crate::arguments::quoted;

/// Most documents that one connection may watch.
const MAX_WATCHED: usize = 1_000;

/// How many clients' questions may be between their answer and their first change.
const MAX_EARLY: usize = 64;

/// Longest value that is completed, in characters.
const MAX_TYPED_CHARS: usize = 1_000;

/// The documents that one client sees.
pub(crate) struct Documents {
    source: Arc<dyn Resources>,
    /// What a client of the older era watches.
    watched: Arc<Mutex<BTreeSet<String>>>,
    /// Set when somebody tells that client of changes.
    told: OnceLock<()>,
    /// For clients of the newer era that are told in a moment that they will be
    /// told of changes, so that none is lost in between.
    early: Mutex<VecDeque<ResourceChanges>>,
    quiet: CancellationToken,
}

impl Documents {
    /// Documents of whose changes the client is told until it is to be `quiet`.
    pub(crate) fn new(source: Arc<dyn Resources>, quiet: CancellationToken) -> Self {
        Self { source, watched: Arc::default(), told: OnceLock::new(), early: Mutex::default(), quiet }
    }

    pub(crate) async fn list(&self, cursor: Option<&str>) -> Result<ListResourcesResult, ErrorData> {
        let page = self.source.list(cursor).await.map_err(error)?;
        let mut result = ListResourcesResult::with_all_items(page.resources.into_iter().map(head).collect());
        result.next_cursor = page.next;
        Ok(result)
    }

    pub(crate) fn templates(&self) -> ListResourceTemplatesResult {
        ListResourceTemplatesResult::with_all_items(
            self.source.templates().into_iter().map(template).collect(),
        )
    }

    pub(crate) async fn read(&self, uri: &str) -> Result<ReadResourceResult, ErrorData> {
        let content = self.source.read(uri).await.map_err(error)?;
        let shown = match content.body {
            ResourceBody::Text(text) => ResourceContents::text(text, uri),
            ResourceBody::Base64(blob) => ResourceContents::blob(blob, uri),
        };
        Ok(ReadResourceResult::new(vec![shown.with_mime_type(content.media_type)]))
    }

    pub(crate) async fn complete(&self, asked: CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
        let Some(uri_template) = asked.r#ref.as_resource_uri() else {
            return Err(ErrorData::invalid_params(
                "there are no prompts: complete a resource template",
                None,
            ));
        };
        let known = asked.context.as_ref().and_then(|context| context.arguments.as_ref());
        let question = CompletionQuestion {
            uri_template: uri_template.to_owned(),
            variable: asked.argument.name,
            typed: asked.argument.value.chars().take(MAX_TYPED_CHARS).collect(),
            known: known.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        let completion = self.source.complete(&question).await.map_err(error)?;
        let mut values = completion.values;
        let has_more = completion.has_more || values.len() > CompletionInfo::MAX_VALUES;
        values.truncate(CompletionInfo::MAX_VALUES);
        let info = CompletionInfo::with_pagination(values, None, has_more);
        info.map(CompleteResult::new).map_err(|reason| ErrorData::internal_error(reason, None))
    }

    /// A client of the older era wants to be told of one document.
    pub(crate) async fn watch(&self, uri: &str, peer: &Peer<RoleServer>) -> Result<(), ErrorData> {
        // Whoever changes from now on is told; then it is seen whether there is such a document.
        self.tell(peer);
        self.source.read(uri).await.map_err(error)?;
        let mut watched = held(&self.watched);
        if watched.len() >= MAX_WATCHED && !watched.contains(uri) {
            let message =
                format!("{MAX_WATCHED} resources are watched, which is the most: unsubscribe from some");
            return Err(ErrorData::invalid_params(message, None));
        }
        watched.insert(uri.to_owned());
        Ok(())
    }

    /// It does not want to be any more.
    pub(crate) fn unwatch(&self, uri: &str) -> Result<(), ErrorData> {
        if held(&self.watched).remove(uri) {
            return Ok(());
        }
        Err(ErrorData::invalid_params(format!("`{}` is not watched", quoted(uri)), None))
    }

    /// Tells a client of the older era of changes, for as long as the connection lasts.
    pub(crate) fn tell(&self, peer: &Peer<RoleServer>) {
        if self.told.set(()).is_err() {
            return;
        }
        let (mut changes, watched, peer) = (self.source.changes(), Arc::clone(&self.watched), peer.clone());
        let quiet = self.quiet.clone();
        tokio::spawn(async move {
            while let Some(Some(change)) = quiet.run_until_cancelled(changes.next()).await {
                let affected: Vec<_> =
                    held(&watched).iter().filter(|uri| change.affects(uri)).cloned().collect();
                if notify(&peer, &change, affected).await.is_err() {
                    break;
                }
            }
        });
    }

    /// What a client of the newer era may be told of.
    pub(crate) fn accepted(&self, requested: &SubscriptionFilter) -> SubscriptionFilter {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        early.push_back(self.source.changes());
        // One that went away before it was answered has left its own behind.
        if early.len() > MAX_EARLY {
            early.pop_front();
        }
        let mut builder = SubscriptionFilter::builder();
        if requested.resources_list_changed == Some(true) {
            builder = builder.resources_list_changed();
        }
        if let Some(uris) = &requested.resource_subscriptions {
            builder = builder.resource_subscriptions(uris.iter().take(MAX_WATCHED));
        }
        builder.build()
    }

    /// Tells a client of the newer era of changes until it wants no more.
    pub(crate) async fn listen(&self, context: &SubscriptionContext) -> Result<(), ErrorData> {
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let mut changes = early.unwrap_or_else(|| self.source.changes());
        let accepted = context.accepted().clone();
        loop {
            let change = tokio::select! {
                biased;
                () = context.cancelled() => return Ok(()),
                () = self.quiet.cancelled() => return Ok(()),
                change = changes.next() => change,
            };
            let Some(change) = change else { return Ok(()) };
            let uris = accepted.resource_subscriptions.iter().flatten().filter(|uri| change.affects(uri));
            let mut sent = Ok(());
            if change.list_changed && accepted.resources_list_changed == Some(true) {
                sent = context.sink().notify_resource_list_changed().await;
            }
            for uri in uris {
                sent = match sent {
                    Ok(()) => context.sink().notify_resource_updated(uri.as_str()).await,
                    Err(error) => Err(error),
                };
            }
            sent.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        }
    }
}

async fn notify(
    peer: &Peer<RoleServer>,
    change: &ResourceChange,
    affected: Vec<String>,
) -> Result<(), rmcp::ServiceError> {
    if change.list_changed {
        peer.notify_resource_list_changed().await?;
    }
    for uri in affected {
        peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await?;
    }
    Ok(())
}

fn held(watched: &Mutex<BTreeSet<String>>) -> MutexGuard<'_, BTreeSet<String>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

fn head(head: ResourceHead) -> Resource {
    let mut resource = Resource::new(head.uri, head.name).with_mime_type(head.media_type);
    resource.title = head.title;
    resource.size = head.bytes;
    resource
}

fn template(template: Template) -> ResourceTemplate {
    let mut shown =
        ResourceTemplate::new(template.uri_template, template.name).with_description(template.description);
    shown.mime_type = template.media_type.map(str::to_owned);
    shown
}

fn error(error: ResourceError) -> ErrorData {
    let message = error.to_string();
    match error {
        ResourceError::NotFound { .. } => ErrorData::resource_not_found(message, None),
        ResourceError::Cursor => ErrorData::invalid_params(message, None),
        _ => ErrorData::internal_error(message, None),
    }
}
