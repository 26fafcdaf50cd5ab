//! From a reply to the value that a program gets: by the rule of the tool's
//! declaration, and held against that declaration, which only warns. What a tool
//! without one answers is observed.

use std::{collections::HashMap, sync::Arc};

use terraphim_mcp_codegen::{ResultShape, bounded, raw, value};
use terraphim_mcp_gateway::Gateway;
use terraphim_types::{JsonText, ToolDefinition, ToolName, ToolReply};

use super::Bridge;

/// How many results of each tool are checked in one run.
const CHECKED: u32 = 16;

/// Longest result that is checked, in bytes.
const CHECKED_BYTES: usize = 1 << 20;

/// Most tools of one run that are checked, and most that are warned of.
const TOOLS: usize = 1_000;
const WARNINGS: usize = 20;

/// Longest warning, in characters.
const WARNING_CHARS: usize = 400;

/// How the results of one run met what their servers declare.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    /// How many results of each tool were checked.
    done: HashMap<ToolName, u32>,
    /// What the run's logs are to say, once for each tool.
    pub(crate) warnings: Vec<String>,
}

impl Checks {
    /// Whether the next result of this tool is checked.
    pub(super) fn is_due(&mut self, name: &ToolName) -> bool {
        if let Some(done) = self.done.get_mut(name) {
            *done = done.saturating_add(1);
            return *done <= CHECKED;
        }
        let has_room = self.done.len() < TOOLS;
        if has_room {
            self.done.insert(name.clone(), 1);
        }
        has_room
    }

    /// Keeps a warning; results of that tool are checked no more.
    pub(super) fn tell(&mut self, name: &ToolName, complaint: &str) {
        let was_told = self.done.insert(name.clone(), u32::MAX) == Some(u32::MAX);
        if !was_told && self.warnings.len() < WARNINGS {
            let text = format!("`{name}` answered what its server does not declare: {complaint}");
            self.warnings.push(bounded::one_line(&text, WARNING_CHARS));
        }
    }
}

/// A reply's tool, and what is done with the reply.
pub(super) struct Taken {
    pub(super) gateway: Arc<Gateway>,
    pub(super) tools: Arc<[ToolDefinition]>,
    pub(super) name: ToolName,
    /// Whether the program gets the whole reply.
    pub(super) whole: bool,
    pub(super) is_checked: bool,
}

impl Taken {
    /// The value for the program, and what is wrong with it by its declaration.
    pub(super) fn value(self, reply: ToolReply) -> (JsonText, Option<String>) {
        let tool = self.tools.iter().find(|tool| tool.name == self.name.tool());
        let complaint = tool.filter(|_| self.is_checked).and_then(|tool| self.complaint(tool, &reply));
        if self.whole {
            return (raw(&reply), complaint);
        }
        let shape = tool.map_or(ResultShape::Undeclared, ResultShape::of);
        let value = value(&shape, reply);
        if let Some(tool) = tool {
            self.gateway.observe_result(self.name.server(), tool, &value);
        }
        (value, complaint)
    }

    fn complaint(&self, tool: &ToolDefinition, reply: &ToolReply) -> Option<String> {
        tool.output_schema.as_ref()?;
        match &reply.structured_content {
            None => Some("there is no structured result".to_owned()),
            Some(result) if result.get().len() > CHECKED_BYTES => None,
            Some(result) => self.gateway.complain_of_result(self.name.server(), &self.tools, tool, result),
        }
    }
}

impl Bridge {
    /// Keeps what a tool has failed with.
    pub(super) async fn observe_failure(&self, name: &ToolName, message: &str) {
        let gateway = self.catalogue.gateway();
        if let Ok(tools) = gateway.tools(name.server()).await
            && let Some(tool) = tools.iter().find(|tool| tool.name == name.tool())
        {
            gateway.observe_failure(name.server(), tool, message);
        }
    }
}
