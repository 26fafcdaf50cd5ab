//! What an index keeps of one server: its tools' names, words and kinds. It is
//! made from the server alone, so that it is made anew only when the server changes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;
use terraphim_types::{ServerName, ToolDefinition};

use super::{
    action::{self, Actions},
    classify::Classifier,
    vocabulary::Vocabulary,
    weights::{FIELDS, Field},
    words,
};
use crate::{naming::ServerModule, schema::resolve};

/// Most parameters of a tool whose names are indexed.
const MAX_PARAMETERS: usize = 100;
/// Longest part of a description that is indexed, in characters.
const MAX_DESCRIPTION_CHARS: usize = 2_000;
/// Most words of a parameter's description that are indexed.
const MAX_PARAMETER_WORDS: usize = 12;

/// The tools of one server, as they go into an index.
#[derive(Debug, Clone)]
pub struct ServerTools {
    /// The name under which the server is configured.
    pub server: ServerName,
    /// What the server is for, in its own or its configuration's words.
    pub description: Option<String>,
    /// Its tools; shared, not copied.
    pub tools: Arc<[ToolDefinition]>,
}

impl ServerTools {
    /// Whether nothing of it has changed; tools are compared by where they are.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tools, &other.tools)
            && self.server == other.server
            && self.description == other.description
    }
}

/// A tool of the segment that holds a term, and how often in each field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub(super) tool: u32,
    pub(super) counts: [u8; FIELDS],
}

/// One tool of a segment.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// `server.tool`.
    pub(super) qualified: String,
    /// Where its definition and its names are in the server's lists.
    pub(super) tool: u32,
    pub(super) named: u32,
    pub(super) lengths: [u16; FIELDS],
    /// The different terms of its name, in their order.
    pub(super) name: Vec<u32>,
    /// The different terms of its name, title, description and parameters, ascending.
    pub(super) own: Vec<u32>,
    pub(super) actions: Actions,
    pub(super) category: String,
    pub(super) capabilities: BTreeSet<String>,
}

/// The tools of a segment that have each category or capability, ascending.
type Facets = BTreeMap<String, Vec<u32>>;

/// One server in an index.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) source: ServerTools,
    pub(super) module: Arc<ServerModule>,
    /// By tool name.
    pub(super) items: Vec<Item>,
    /// By the names and identifiers of tools.
    by_name: HashMap<String, u32>,
    /// Terms with the end of their postings, in the order of `postings`.
    terms: Vec<(u32, u32)>,
    postings: Vec<Posting>,
    pub(super) categories: Facets,
    pub(super) capabilities: Facets,
}

impl Segment {
    pub(super) fn new(
        source: &ServerTools,
        classifier: &Classifier,
        vocabulary: &mut Arc<Vocabulary>,
    ) -> Self {
        let module = Arc::new(ServerModule::new(&source.server, &source.tools));
        let mut items = items(source, &module);
        let mut counter = Counter::default();
        let of_server = classifier.server_category(source);
        let server_name = words::terms(source.server.as_str());
        let server_description = words::terms(head(source.description.as_deref().unwrap_or_default()));
        for (id, item) in (0_u32..).zip(&mut items) {
            let Some(tool) = source.tools.get(item.tool as usize) else { continue };
            let name = words::terms(&tool.name);
            item.actions = action::of_name(&name);
            let title = tool.title.as_ref().or_else(|| tool.annotations.as_ref()?.title.as_ref());
            let mut texts = counter.tool(id, &mut item.lengths);
            texts.add(Field::Name, &name);
            texts.add(Field::Title, &title.map(|title| words::terms(title)).unwrap_or_default());
            let description = words::terms(head(tool.description.as_deref().unwrap_or_default()));
            texts.add(Field::Description, &description);
            texts.add(Field::Parameters, &parameter_terms(&tool.input_schema));
            texts.add(Field::Server, &server_name);
            texts.add(Field::ServerDescription, &server_description);
            item.category = classifier.category(tool, of_server);
            item.capabilities = classifier.capabilities(tool);
        }
        let by_name = by_name(&items, source, &module);
        let mut segment = Self {
            source: source.clone(),
            module,
            items,
            by_name,
            terms: Vec::new(),
            postings: Vec::new(),
            categories: Facets::new(),
            capabilities: Facets::new(),
        };
        for (id, item) in (0_u32..).zip(&segment.items) {
            segment.categories.entry(item.category.clone()).or_default().push(id);
            for capability in &item.capabilities {
                segment.capabilities.entry(capability.clone()).or_default().push(id);
            }
        }
        segment.take(counter, vocabulary);
        segment
    }

    /// Whether it is of this state of the server.
    pub(super) fn is_of(&self, source: &ServerTools) -> bool {
        self.source.is(source)
    }

    /// The tool of a name or an identifier.
    pub(super) fn tool(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// Each term with its postings, which are ascending by tool.
    pub(super) fn terms(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        let starts = std::iter::once(0).chain(self.terms.iter().map(|(_, end)| *end));
        self.terms.iter().zip(starts).map(|((term, end), start)| (*term, start, *end))
    }

    pub(super) fn postings(&self, start: u32, end: u32) -> &[Posting] {
        self.postings.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Puts what was counted in its final form, under the vocabulary's numbers.
    fn take(&mut self, counter: Counter, vocabulary: &mut Arc<Vocabulary>) {
        let mut counted: Vec<(String, Vec<Posting>)> = counter.terms.into_iter().collect();
        // The order in which new words get their numbers is not that of a hash table.
        counted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let numbers = Vocabulary::intern(vocabulary, counted.iter().map(|(term, _)| term.as_str()));
        self.postings = Vec::with_capacity(counted.iter().map(|(_, postings)| postings.len()).sum());
        for (number, (_, postings)) in numbers.into_iter().zip(counted) {
            for posting in &postings {
                let Some(item) = self.items.get_mut(posting.tool as usize) else { continue };
                let [name, title, description, parameters, _, _] = posting.counts;
                if name > 0 {
                    item.name.push(number);
                }
                if name.max(title).max(description).max(parameters) > 0 {
                    item.own.push(number);
                }
            }
            self.postings.extend(postings);
            self.terms.push((number, u32::try_from(self.postings.len()).unwrap_or(u32::MAX)));
        }
        for item in &mut self.items {
            item.name.sort_unstable();
            item.own.sort_unstable();
            item.own.shrink_to_fit();
            item.name.shrink_to_fit();
        }
    }
}

fn items(source: &ServerTools, module: &ServerModule) -> Vec<Item> {
    let mut first: HashMap<&str, u32> = HashMap::new();
    for (tool_id, tool) in (0_u32..).zip(source.tools.iter()) {
        first.entry(&tool.name).or_insert(tool_id);
    }
    let mut items: Vec<Item> = (0_u32..)
        .zip(&module.tools)
        .filter_map(|(named, tool)| {
            Some(Item {
                qualified: format!("{}.{}", module.server, tool.name),
                tool: *first.get(tool.name.as_str())?,
                named,
                lengths: [0; FIELDS],
                name: Vec::new(),
                own: Vec::new(),
                actions: Actions::default(),
                category: String::new(),
                capabilities: BTreeSet::new(),
            })
        })
        .collect();
    items.sort_unstable_by(|a, b| a.qualified.cmp(&b.qualified));
    items
}

/// Own names come before identifiers, so that none is hidden.
fn by_name(items: &[Item], source: &ServerTools, module: &ServerModule) -> HashMap<String, u32> {
    let mut by_name = HashMap::with_capacity(2 * items.len());
    for (id, item) in (0_u32..).zip(items) {
        if let Some(tool) = source.tools.get(item.tool as usize) {
            by_name.insert(tool.name.clone(), id);
        }
    }
    for (id, item) in (0_u32..).zip(items) {
        for identifier in module.tools.get(item.named as usize).into_iter().flat_map(|tool| &tool.identifiers)
        {
            if !by_name.contains_key(identifier) {
                by_name.insert(identifier.clone(), id);
            }
        }
    }
    by_name
}

fn head(text: &str) -> &str {
    text.char_indices().nth(MAX_DESCRIPTION_CHARS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The names of the arguments, and the first words of what they mean.
fn parameter_terms(schema: &Value) -> Vec<String> {
    let properties = resolve(schema, schema).get("properties").and_then(Value::as_object);
    let mut terms = Vec::new();
    for (name, property) in properties.into_iter().flatten().take(MAX_PARAMETERS) {
        terms.extend(words::terms(name));
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let sentence = description.split(['.', '\n', '(']).next().unwrap_or_default();
        terms.extend(words::terms(sentence).into_iter().take(MAX_PARAMETER_WORDS));
    }
    terms
}

/// How often each term stands in each field of each tool.
#[derive(Default)]
struct Counter {
    terms: HashMap<String, Vec<Posting>>,
}

impl Counter {
    fn tool<'a>(&'a mut self, tool: u32, lengths: &'a mut [u16; FIELDS]) -> ToolCounter<'a> {
        ToolCounter { terms: &mut self.terms, tool, lengths }
    }
}

struct ToolCounter<'a> {
    terms: &'a mut HashMap<String, Vec<Posting>>,
    tool: u32,
    lengths: &'a mut [u16; FIELDS],
}

impl ToolCounter<'_> {
    fn add(&mut self, field: Field, terms: &[String]) {
        for term in terms.iter().filter(|term| !words::is_stop_word(term)) {
            let postings = match self.terms.get_mut(term) {
                Some(postings) => postings,
                None => self.terms.entry(term.clone()).or_default(),
            };
            if postings.last().is_none_or(|last| last.tool != self.tool) {
                postings.push(Posting { tool: self.tool, counts: [0; FIELDS] });
            }
            let counts = postings.last_mut().map(|last| &mut last.counts);
            if let Some(count) = counts.and_then(|counts| counts.get_mut(field as usize)) {
                *count = count.saturating_add(1);
            }
            if let Some(length) = self.lengths.get_mut(field as usize) {
                *length = length.saturating_add(1);
            }
        }
    }
}
