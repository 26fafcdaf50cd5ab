//! A server of this process: its last list of tools is kept, and its calls
//! have the same deadline and the same cancellation as any other's.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value};
use terraphim_types::ToolReply;
use tokio::time::timeout;

use crate::{
    definitions::Definitions,
    provider::{CallContext, Provider, ProviderError, SynonymGroups},
};

pub(crate) struct InProcess {
    provider: Arc<dyn Provider>,
    listed: Mutex<Listed>,
}

/// The last list, and why there is no newer one.
#[derive(Default)]
struct Listed {
    known: Option<Definitions>,
    failure: Option<String>,
}

impl InProcess {
    pub(crate) fn new(provider: Arc<dyn Provider>) -> Self {
        Self { provider, listed: Mutex::default() }
    }

    pub(crate) async fn synonyms(&self) -> Option<SynonymGroups> {
        self.provider.synonyms().await
    }

    pub(crate) fn known(&self) -> (Option<Definitions>, Option<String>) {
        let listed = self.listed();
        (listed.known.clone(), listed.failure.clone())
    }

    /// Lists the tools anew; an equal list leaves the known one in place.
    pub(crate) async fn refresh(&self, patience: Duration) {
        // A failure is kept and shown by whoever asks next.
        let _ = self.list(patience).await;
    }

    pub(crate) async fn definitions(&self, patience: Duration) -> Result<Definitions, ProviderError> {
        let known = self.listed().known.clone();
        match known {
            Some(known) => Ok(known),
            None => self.list(patience).await,
        }
    }

    async fn list(&self, patience: Duration) -> Result<Definitions, ProviderError> {
        let outcome = match timeout(patience, self.provider.list_tools()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.timed_out("tools/list", patience)),
        };
        let mut listed = self.listed();
        match outcome {
            Ok(tools) => {
                listed.failure = None;
                let description = self.provider.description();
                if let Some(known) = &listed.known
                    && Arc::ptr_eq(&known.tools, &tools)
                    && known.description == description
                {
                    return Ok(known.clone());
                }
                let fresh = Definitions { tools, description };
                if listed.known.as_ref() != Some(&fresh) {
                    listed.known = Some(fresh.clone());
                }
                Ok(listed.known.clone().unwrap_or(fresh))
            }
            Err(error) => {
                listed.failure = Some(error.to_string());
                Err(error)
            }
        }
    }

    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        context: CallContext,
        patience: Duration,
    ) -> Result<ToolReply, ProviderError> {
        let cancelled = context.cancel.clone();
        // Told to stop when the deadline passes, as well as by the caller.
        let context = CallContext { cancel: context.cancel.child_token() };
        let _stop = context.cancel.clone().drop_guard();
        tokio::select! {
            biased;
            () = cancelled.cancelled() => Err(ProviderError::Cancelled),
            outcome = timeout(patience, self.provider.call_tool(tool, arguments, context)) => match outcome {
                Ok(reply) => reply,
                Err(_) => Err(self.timed_out(tool, patience)),
            },
        }
    }

    fn timed_out(&self, request: &str, patience: Duration) -> ProviderError {
        ProviderError::TimedOut {
            server: self.provider.name().clone(),
            request: request.to_owned(),
            seconds: patience.as_secs_f64().ceil() as u64,
        }
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
