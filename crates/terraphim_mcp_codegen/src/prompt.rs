//! A prompt that tells a model how to work in code with the tools that are connected.
//!
//! It is made of parts: rules, servers, tools, examples, advice, the task. A
//! [`Prompt`] gives its text whole and with ever more parts left out, always
//! whole ones and in one order ([`Prompt::drafts`]), so that whoever counts tokens
//! can take the first draft that fits. Rules and task are in every draft, and so is a
//! tool that fits the task, where there is one.
//!
//! What servers say stands within one fence, a line each, marked as theirs. No
//! text of theirs holds a backtick or a line feed there, so that none of them
//! ends the fence or begins a line of its own.

mod catalogue;
mod examples;
mod text;

use terraphim_types::Language;

use crate::{
    discovery::{DiscoveryIndex, SearchContext},
    docs::{DocsContext, Stands},
};
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
    /// How many tools are not shown that have something of the task; without a task, of all.
    others: usize,
    examples: Vec<Example>,
    /// Whether the examples call other tools than those that fit the task.
    examples_differ: bool,
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
    form: Form,
    brief_rules: bool,
    advice: bool,
    /// As many of the examples, in their order.
    examples: usize,
    names: bool,
}

/// How much is told of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Its signature and what its server says of it.
    Described,
    /// Its signature.
    Signature,
    /// Its signature, cut.
    Short,
}

impl Prompt {
    /// A prompt for the tools of an index.
    pub fn new(index: &DiscoveryIndex, query: PromptQuery<'_>) -> Self {
        Self::new_with(index, query, &SearchContext::default(), None)
    }

    /// The same with synonyms and use statistics of the caller, and with what the caller knows of how tools
    /// stand: those that are denied are marked, and no example calls one while there is another.
    pub fn new_with(
        index: &DiscoveryIndex,
        query: PromptQuery<'_>,
        context: &SearchContext<'_>,
        standing: Option<&Stands<'_>>,
    ) -> Self {
        let task = query.task.map(text::task).filter(|task| !task.is_empty());
        let standing = DocsContext { standing, ..DocsContext::default() };
        let look = catalogue::Look { index, language: query.language, standing: &standing };
        let catalogue::Chosen { tools, others } = look.choose(task.as_deref(), context);
        let callable = look.callable(&tools, task.is_some());
        let is_shown = |name: &str| tools.iter().any(|tool| tool.qualified == name);
        let examples_differ = task.is_some()
            && !tools.is_empty()
            && callable.first().is_some_and(|one| !is_shown(&one.qualified()));
        let examples = examples::examples(query.language, &callable);
        Self {
            language: query.language,
            task,
            servers: catalogue::servers(index, query.language),
            tools,
            others,
            examples,
            examples_differ,
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

    /// The texts of the prompt, the whole one first, each later one with less. With tools that fit a task, left out are
    /// in this order: tools but the eight most relevant, the advice on direct calls, the servers' names, the examples of
    /// errors, of parallel calls and of filtering, what servers say of their tools, tools but five, half of the
    /// rules, the example of one call, tools but three, the ends of long signatures, tools but one. Else: tools but
    /// eight, the advice, the examples of errors and of parallel calls, tools but three, the example that
    /// filters, the servers' names, the other tools, the example of one call, half of the rules.
    pub fn drafts(&self) -> Vec<PromptDraft> {
        let mut parts = Parts {
            tools: self.tools.len(),
            form: Form::Described,
            brief_rules: false,
            advice: true,
            examples: self.examples.len(),
            names: true,
        };
        let mut left_out = Vec::new();
        let mut drafts = vec![self.draft(parts, &left_out)];
        let steps = if self.task.is_some() && !self.tools.is_empty() { FOR_A_TASK } else { FOR_ANY };
        for step in steps {
            while let Some(what) = self.take(*step, &mut parts) {
                if left_out.last() != Some(&what) {
                    left_out.push(what);
                }
                drafts.push(self.draft(parts, &left_out));
            }
        }
        drafts
    }

    /// Takes one piece of a step away; its name, or nothing where there is none left.
    fn take(&self, step: Step, parts: &mut Parts) -> Option<&'static str> {
        match step {
            Step::Tools(down_to) if parts.tools > down_to => {
                parts.tools -= 1;
                Some("tools")
            }
            Step::Form(form, what) if parts.form != form && parts.tools > 0 => {
                let is_shorter = self.tools.iter().take(parts.tools).any(|tool| match form {
                    Form::Described => false,
                    Form::Signature => tool.says.is_some(),
                    Form::Short => tool.short != tool.signature,
                });
                parts.form = form;
                is_shorter.then_some(what)
            }
            Step::Advice if parts.advice && self.figures.is_some() => {
                parts.advice = false;
                Some("advice on direct calls")
            }
            Step::Example(at) if parts.examples > at => {
                parts.examples = at;
                Some(self.examples.get(at).map_or("example", |example| example.title))
            }
            Step::Names if parts.names && !self.servers.is_empty() => {
                parts.names = false;
                Some("names of servers")
            }
            Step::Rules if !parts.brief_rules => {
                parts.brief_rules = true;
                Some("half of the rules")
            }
            _ => None,
        }
    }

    fn draft(&self, parts: Parts, left_out: &[&'static str]) -> PromptDraft {
        PromptDraft { text: text::render(self, parts), left_out: left_out.to_vec(), tools: parts.tools }
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Tools but so many.
    Tools(usize),
    Form(Form, &'static str),
    Advice,
    /// The examples but so many.
    Example(usize),
    Names,
    Rules,
}

/// Where tools fit a task they are worth more than examples.
const FOR_A_TASK: &[Step] = &[
    Step::Tools(8),
    Step::Advice,
    Step::Names,
    Step::Example(3),
    Step::Example(2),
    Step::Example(1),
    Step::Form(Form::Signature, "what servers say of their tools"),
    Step::Tools(5),
    Step::Rules,
    Step::Example(0),
    Step::Tools(3),
    Step::Form(Form::Short, "ends of signatures"),
    Step::Tools(1),
];

const FOR_ANY: &[Step] = &[
    Step::Tools(8),
    Step::Advice,
    Step::Example(3),
    Step::Example(2),
    Step::Tools(3),
    Step::Example(1),
    Step::Names,
    Step::Tools(0),
    Step::Example(0),
    Step::Rules,
];

#[cfg(test)]
mod tests;
