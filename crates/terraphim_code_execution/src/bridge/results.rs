//! From a reply to the value that a program gets: by the rule of the tool's
//! declaration, and held against that declaration, which only warns. What a tool
//! without one answers is observed.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use terraphim_mcp_codegen::{ResultShape, bounded, raw, value};
use terraphim_mcp_gateway::Gateway;
use terraphim_types::{JsonText, ToolDefinition, ToolName, ToolReply};

use super::{Bridge, rounded::first_rounded};

/// How many results of each tool are checked in one run.
const CHECKED: u32 = 16;

/// Longest result that is checked, in bytes.
const CHECKED_BYTES: usize = 1 << 20;

/// Most tools of one run that are checked, and most that are warned of.
const TOOLS: usize = 1_000;
const WARNINGS: usize = 20;

/// Most of a number that a warning shows, in characters.
const NUMBER_CHARS: usize = 40;

/// Longest warning, in characters.
const WARNING_CHARS: usize = 400;

/// How the results of one run met what their servers declare.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    /// How many results of each tool were checked.
    done: HashMap<ToolName, u32>,
    /// Tools whose numbers were rounded.
    rounded: HashSet<ToolName>,
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

    /// Keeps warnings; results of a tool that has one of its declaration are checked no more.
    pub(super) fn tell(&mut self, name: &ToolName, complaints: Complaints) {
        if let Some(complaint) = complaints.declaration
            && self.done.insert(name.clone(), u32::MAX) != Some(u32::MAX)
        {
            self.warn(&format!("`{name}` answered what its server does not declare: {complaint}"));
        }
        if let Some(number) = complaints.rounded
            && self.rounded.len() < TOOLS
            && self.rounded.insert(name.clone())
        {
            self.warn(&format!(
                "`{name}` answered {number}, which JavaScript rounds, since its numbers are exact up to 2^53: \
                 ask the tool for a text, or read it in Python, Bash or Rust"
            ));
        }
    }

    fn warn(&mut self, text: &str) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(bounded::one_line(text, WARNING_CHARS));
        }
    }
}

/// What is wrong with a result.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    /// By the tool's declaration.
    declaration: Option<String>,
    /// The first number that the program's language cannot hold.
    rounded: Option<String>,
}

/// A reply's tool, and what is done with the reply.
pub(super) struct Taken {
    pub(super) gateway: Arc<Gateway>,
    pub(super) tools: Arc<[ToolDefinition]>,
    pub(super) name: ToolName,
    /// Whether the program gets the whole reply.
    pub(super) whole: bool,
    pub(super) is_checked: bool,
    /// Whether the program reads numbers as doubles.
    pub(super) doubles: bool,
}

impl Taken {
    /// The value for the program, and what is wrong with it.
    pub(super) fn value(self, reply: ToolReply) -> (JsonText, Complaints) {
        let tool = self.tools.iter().find(|tool| tool.name == self.name.tool());
        let declaration = tool.filter(|_| self.is_checked).and_then(|tool| self.complaint(tool, &reply));
        let value = if self.whole {
            raw(&reply)
        } else {
            let shape = tool.map_or(ResultShape::Undeclared, ResultShape::of);
            let value = value(&shape, reply);
            if let Some(tool) = tool {
                self.gateway.observe_result(self.name.server(), tool, &value);
            }
            value
        };
        let rounded = if self.doubles { first_rounded(value.get()) } else { None };
        let rounded = rounded.map(|number| bounded::cut(number, NUMBER_CHARS).into_owned());
        (value, Complaints { declaration, rounded })
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
