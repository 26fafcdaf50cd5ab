//! A prompt that tells a model how to work in code with the tools that are connected.
//!
//! It is made of parts: rules, servers, tools, examples, advice, the task. A
//! [`Prompt`] gives its text whole and with ever more parts left out, always
//! whole ones and in one order ([`Prompt::drafts`]), so that whoever counts tokens
//! can take the first draft that fits. Rules and task are in every draft.
//!
//! What servers say stands within one fence, a line each, marked as theirs. No
//! text of theirs holds a backtick or a line feed there, so that none of them
//! ends the fence or begins a line of its own.

mod catalogue;
mod examples;
mod text;

use terraphim_types::Language;

use crate::discovery::DiscoveryIndex;
use catalogue::Shown;
use examples::Example;

/// What a prompt is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptQuery<'q> {
    /// The language of its examples.
    pub language: Language,
    /// What is to be done; the tools are chosen by it.
    pub task: Option<&'q str>,
}

/// What a direct call costs and what a program costs, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PromptFigures {
    /// One call of the example's tool, written as a direct call.
    pub direct_call: u64,
    /// The same call, written as a program.
    pub program: u64,
    /// All definitions of the catalogue.
    pub definitions: u64,
    /// The definitions of the tools of code mode.
    pub face: u64,
}

/// A prompt in parts.
#[derive(Debug)]
pub struct Prompt {
    language: Language,
    task: Option<String>,
    servers: Vec<(String, usize)>,
    tools: Vec<Shown>,
    /// Whether some tool fits the task; true without one.
    fits: bool,
    examples: Vec<Example>,
    figures: Option<PromptFigures>,
}

/// A text of a prompt, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptDraft {
    /// The text, in Markdown.
    pub text: String,
    /// The parts that were left out, in the order in which they were.
    pub left_out: Vec<&'static str>,
    /// How many tools it shows.
    pub tools: usize,
}

/// An example of a prompt, as a program that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptExample<'p> {
    /// What it shows.
    pub title: &'p str,
    /// Its text.
    pub code: &'p str,
}

/// Which parts a draft has.
#[derive(Debug, Clone, Copy)]
struct Parts {
    tools: usize,
    advice: bool,
    /// As many of the examples, in their order.
    examples: usize,
    names: bool,
}

/// How many tools are left when examples begin to be left out, and when the last ones are.
const SOME_TOOLS: usize = 8;
const FEW_TOOLS: usize = 3;

impl Prompt {
    /// A prompt for the tools of an index.
    pub fn new(index: &DiscoveryIndex, query: PromptQuery<'_>) -> Self {
        let task = query.task.map(text::task).filter(|task| !task.is_empty());
        let (tools, fits) = catalogue::choose(index, query.language, task.as_deref());
        let examples =
            examples::examples(query.language, &catalogue::callable(index, query.language, &tools));
        Self {
            language: query.language,
            task,
            servers: catalogue::servers(index, query.language),
            tools,
            fits,
            examples,
            figures: None,
        }
    }

    /// The call of the first example as a direct call and as a program, to be counted; None without a tool.
    pub fn compared(&self) -> Option<(String, &str)> {
        let example = self.examples.first()?;
        Some((example.direct.clone(), &example.code))
    }

    /// The same prompt with advice that rests on these figures.
    pub fn with_figures(self, figures: PromptFigures) -> Self {
        Self { figures: Some(figures), ..self }
    }

    /// Its examples.
    pub fn examples(&self) -> impl Iterator<Item = PromptExample<'_>> {
        self.examples.iter().map(|example| PromptExample { title: example.title, code: &example.code })
    }

    /// The texts of the prompt, the whole one first, each later one with less. Left out are, in this
    /// order: tools but the eight most relevant, the advice on direct calls, the examples of
    /// errors and of parallel calls, tools but three, the example that filters, the servers'
    /// names, the other tools, the example of one call.
    pub fn drafts(&self) -> Vec<PromptDraft> {
        let mut parts =
            Parts { tools: self.tools.len(), advice: true, examples: self.examples.len(), names: true };
        let mut left_out = Vec::new();
        let mut drafts = vec![self.draft(parts, &left_out)];
        let mut drop = |parts: &Parts, what: &'static str| {
            if left_out.last() != Some(&what) {
                left_out.push(what);
            }
            drafts.push(self.draft(*parts, &left_out));
        };
        for step in STEPS {
            match *step {
                Step::Tools(down_to) => {
                    while parts.tools > down_to {
                        parts.tools -= 1;
                        drop(&parts, "tools");
                    }
                }
                Step::Advice if self.figures.is_some() => {
                    parts.advice = false;
                    drop(&parts, "advice on direct calls");
                }
                Step::Example(at) if parts.examples > at => {
                    parts.examples = at;
                    drop(&parts, self.examples.get(at).map_or("example", |example| example.title));
                }
                Step::Names if !self.servers.is_empty() => {
                    parts.names = false;
                    drop(&parts, "names of servers");
                }
                _ => {}
            }
        }
        drafts
    }

    fn draft(&self, parts: Parts, left_out: &[&'static str]) -> PromptDraft {
        PromptDraft { text: text::render(self, parts), left_out: left_out.to_vec(), tools: parts.tools }
    }
}

enum Step {
    Tools(usize),
    Advice,
    Example(usize),
    Names,
}

const STEPS: &[Step] = &[
    Step::Tools(SOME_TOOLS),
    Step::Advice,
    Step::Example(3),
    Step::Example(2),
    Step::Tools(FEW_TOOLS),
    Step::Example(1),
    Step::Names,
    Step::Tools(0),
    Step::Example(0),
];

#[cfg(test)]
mod tests;
