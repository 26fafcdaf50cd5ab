//! What calls answered: held against what the server declares, and observed
//! where it declares nothing.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use terraphim_types::{JsonText, ServerName, ToolDefinition};

use super::Gateway;
use crate::observed::Observed;

/// How long changes are gathered before they are written.
const GATHERING: Duration = Duration::from_secs(1);

impl Gateway {
    /// Takes in what a successful call of `tool` gave, as programs see it. Only
    /// its shape is kept; of many results a part is looked at.
    pub fn observe_result(&self, server: &ServerName, tool: &ToolDefinition, result: &JsonText) {
        if let Some(observed) = self.observed(server)
            && observed.result(tool, result.get())
        {
            self.keep_soon(observed);
        }
    }

    /// Takes in what a call of `tool` failed with.
    pub fn observe_failure(&self, server: &ServerName, tool: &ToolDefinition, message: &str) {
        if let Some(observed) = self.observed(server)
            && observed.failure(tool, message)
        {
            self.keep_soon(observed);
        }
    }

    /// What is wrong with the structured result of a call by the schema that
    /// its server declares; `None` where nothing is, or nothing is declared.
    /// `tool` is one of `tools`.
    pub fn complain_of_result(
        &self,
        server: &ServerName,
        tools: &Arc<[ToolDefinition]>,
        tool: &ToolDefinition,
        result: &JsonText,
    ) -> Option<String> {
        let schema = tool.output_schema.as_ref()?;
        // What is nested too deeply to be read is not checked either.
        let result: Value = result.to_value().ok()?;
        self.result_validators.complaint(server, tools, &tool.name, schema, &result)
    }

    /// Writes what was observed and is not on disk.
    pub(super) async fn keep_observed(&self) {
        let observed: Vec<_> = self.servers.iter().filter_map(|server| server.observed.clone()).collect();
        let saving =
            tokio::task::spawn_blocking(move || Observed::save_all(observed.iter().map(Arc::as_ref)));
        if saving.await.is_err() {
            tracing::warn!("what tools answer could not be kept: the writer failed");
        }
    }

    fn observed(&self, server: &ServerName) -> Option<&Arc<Observed>> {
        self.servers.iter().find(|known| known.name == *server)?.observed.as_ref()
    }

    /// Writes after a while what was observed until then; once for all that comes meanwhile.
    fn keep_soon(&self, observed: &Arc<Observed>) {
        if !observed.begin_gathering() {
            return;
        }
        let observed = Arc::clone(observed);
        let life = self.host.life.clone();
        self.host.tasks.spawn(async move {
            // Whoever ends the gateway writes what is left.
            if life.run_until_cancelled(tokio::time::sleep(GATHERING)).await.is_none() {
                return;
            }
            observed.end_gathering();
            let saving = tokio::task::spawn_blocking(move || observed.save());
            if saving.await.is_err() {
                tracing::warn!("what tools answer could not be kept: the writer failed");
            }
        });
    }
}
