//! The index: entries, vocabulary and posting lists, and how they are built.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;
use terraphim_types::{ServerName, ToolDefinition};

use super::{classify::Classifier, facets::FacetTable, words};
use crate::{
    distance::letters,
    naming::{ModuleTool, ServerModule, server_modules},
    schema::resolve,
};

/// Saturation of a term's frequency; BM25's k1.
const SATURATION: f32 = 1.5;
/// Most parameters of a tool whose names are indexed.
const MAX_PARAMETERS: usize = 100;
/// Longest part of a description that is indexed, in characters.
const MAX_DESCRIPTION_CHARS: usize = 2_000;

/// Where a term stands, with its weight and its share of length normalisation (BM25F's w and b).
const FIELDS: [(f32, f32); 6] = [
    (2.5, 0.4), // name
    (1.5, 0.5), // title
    (1.0, 0.4), // description
    (0.4, 0.6), // parameter names and their descriptions' first words
    (1.6, 0.3), // server name
    (0.8, 0.6), // server description
];
const NAME: usize = 0;
const TITLE: usize = 1;
const DESCRIPTION: usize = 2;
const PARAMETERS: usize = 3;
const SERVER: usize = 4;
const SERVER_DESCRIPTION: usize = 5;

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

/// Every tool of every server, searchable.
#[derive(Debug)]
pub struct DiscoveryIndex {
    pub(super) servers: Vec<(ServerTools, ServerModule)>,
    /// In the order of their qualified names, so that an id is also a rank by name.
    pub(super) entries: Vec<Entry>,
    by_name: HashMap<String, u32>,
    terms: HashMap<String, u32>,
    postings: Vec<Vec<Posting>>,
    /// The vocabulary in order, each with the set of its letters.
    pub(super) sorted: Vec<(String, u64, u32)>,
    pub(super) categories: FacetTable,
    pub(super) capabilities: FacetTable,
}

/// One tool in the index.
#[derive(Debug)]
pub(crate) struct Entry {
    /// `server.tool`.
    pub(crate) qualified: String,
    pub(super) server: u32,
    tool: u32,
    pub(super) named: u32,
    pub(super) category: u32,
    pub(super) capabilities: Vec<u32>,
}

/// A tool that holds a term, and how much the term counts there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub(super) tool: u32,
    pub(super) weight: f32,
}

impl DiscoveryIndex {
    /// Builds the index over all servers. A name that a server lists twice stands once.
    pub fn build(servers: &[ServerTools]) -> Self {
        let pairs: Vec<_> = servers.iter().map(|server| (&server.server, server.tools.as_ref())).collect();
        let servers: Vec<_> = servers.iter().cloned().zip(server_modules(&pairs)).collect();
        let mut index = Self {
            entries: entries(&servers),
            servers,
            by_name: HashMap::new(),
            terms: HashMap::new(),
            postings: Vec::new(),
            sorted: Vec::new(),
            categories: FacetTable::default(),
            capabilities: FacetTable::default(),
        };
        index.name_all();
        index.classify();
        index.weigh();
        index
    }

    /// Number of tools.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no tool at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The servers with the names by which programs call their tools.
    pub fn modules(&self) -> impl Iterator<Item = &ServerModule> {
        self.servers.iter().map(|(_, module)| module)
    }

    /// The qualified names of all tools, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.qualified.as_str())
    }

    /// The tool of a name: `server.tool` with the names of the server or with
    /// those that a program uses, else a tool's own name where only one has it.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        if let Some(id) = self.by_name.get(name) {
            return self.entries.get(*id as usize);
        }
        let mut same = self.entries.iter().filter(|entry| {
            self.parts(entry).is_some_and(|(_, named, _)| {
                named.name == name || named.identifiers.iter().any(|identifier| identifier == name)
            })
        });
        same.next().filter(|_| same.next().is_none())
    }

    /// The name of the server that a qualified name's tool is of.
    pub(crate) fn server_of(&self, name: &str) -> Option<&str> {
        self.parts(self.entry(name)?).map(|(module, _, _)| module.server.as_str())
    }

    /// The server, the names and the definition of an entry.
    pub(crate) fn parts(&self, entry: &Entry) -> Option<(&ServerModule, &ModuleTool, &ToolDefinition)> {
        let (server, module) = self.servers.get(entry.server as usize)?;
        Some((module, module.tools.get(entry.named as usize)?, server.tools.get(entry.tool as usize)?))
    }

    pub(super) fn postings(&self, term: &str) -> Option<&[Posting]> {
        self.postings_of(*self.terms.get(term)?)
    }

    pub(super) fn postings_of(&self, term: u32) -> Option<&[Posting]> {
        self.postings.get(term as usize).map(Vec::as_slice)
    }

    fn name_all(&mut self) {
        let mut by_name = HashMap::with_capacity(3 * self.entries.len());
        for (id, entry) in (0_u32..).zip(&self.entries) {
            by_name.insert(entry.qualified.clone(), id);
        }
        for (id, entry) in (0_u32..).zip(&self.entries) {
            let Some((module, named, _)) = self.parts(entry) else { continue };
            for identifier in &named.identifiers {
                by_name.entry(format!("{}.{identifier}", module.identifier)).or_insert(id);
                by_name.entry(format!("{}.{identifier}", module.server)).or_insert(id);
            }
        }
        self.by_name = by_name;
    }

    fn classify(&mut self) {
        let classifier = Classifier::new();
        let of_server: Vec<_> =
            self.servers.iter().map(|(server, _)| classifier.server_category(server)).collect();
        let found: Vec<_> = self
            .entries
            .iter()
            .map(|entry| match (self.parts(entry), of_server.get(entry.server as usize)) {
                (Some((_, _, tool)), Some(server)) => {
                    (classifier.category(tool, server), classifier.capabilities(tool))
                }
                _ => ("other".to_owned(), BTreeSet::new()),
            })
            .collect();
        for ((id, entry), (category, capabilities)) in (0_u32..).zip(&mut self.entries).zip(found) {
            entry.category = self.categories.add(&category, id);
            entry.capabilities = capabilities.iter().map(|name| self.capabilities.add(name, id)).collect();
        }
    }

    fn weigh(&mut self) {
        let mut counter = Counter::default();
        let server_terms: Vec<_> = self
            .servers
            .iter()
            .map(|(server, _)| {
                let description = server.description.as_deref().unwrap_or_default();
                (words::terms(server.server.as_str()), words::terms(head(description)))
            })
            .collect();
        for (id, entry) in (0_u32..).zip(&self.entries) {
            let Some((_, _, tool)) = self.parts(entry) else { continue };
            counter.add(id, NAME, words::terms(&tool.name));
            let title = tool.title.as_ref().or_else(|| tool.annotations.as_ref()?.title.as_ref());
            counter.add(id, TITLE, title.map(|title| words::terms(title)).unwrap_or_default());
            counter.add(id, DESCRIPTION, words::terms(head(tool.description.as_deref().unwrap_or_default())));
            counter.add(id, PARAMETERS, parameter_terms(&tool.input_schema));
            if let Some((name, description)) = server_terms.get(entry.server as usize) {
                counter.add(id, SERVER, name.iter().cloned());
                counter.add(id, SERVER_DESCRIPTION, description.iter().cloned());
            }
        }
        self.postings = counter.weights(self.entries.len());
        self.sorted = counter.terms.iter().map(|(term, id)| (term.clone(), letters(term), *id)).collect();
        self.sorted.sort_unstable();
        self.terms = counter.terms;
    }
}

fn entries(servers: &[(ServerTools, ServerModule)]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (server_id, (server, module)) in (0_u32..).zip(servers) {
        let mut first: HashMap<&str, u32> = HashMap::new();
        for (tool_id, tool) in (0_u32..).zip(server.tools.iter()) {
            first.entry(&tool.name).or_insert(tool_id);
        }
        for (named_id, named) in (0_u32..).zip(&module.tools) {
            let Some(tool) = first.get(named.name.as_str()) else { continue };
            let qualified = format!("{}.{}", module.server, named.name);
            let (category, capabilities) = (0, Vec::new());
            entries.push(Entry {
                qualified,
                server: server_id,
                tool: *tool,
                named: named_id,
                category,
                capabilities,
            });
        }
    }
    entries.sort_unstable_by(|a, b| a.qualified.cmp(&b.qualified));
    entries
}

fn head(text: &str) -> &str {
    text.char_indices().nth(MAX_DESCRIPTION_CHARS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The names of the arguments, and the values of small enumerations.
fn parameter_terms(schema: &Value) -> Vec<String> {
    let properties = resolve(schema, schema).get("properties").and_then(Value::as_object);
    let mut terms = Vec::new();
    for (name, property) in properties.into_iter().flatten().take(MAX_PARAMETERS) {
        terms.extend(words::terms(name));
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let sentence = description.split(['.', '\n', '(']).next().unwrap_or_default();
        terms.extend(words::terms(sentence).into_iter().take(12));
    }
    terms
}

/// How often each term stands in each field of each tool.
#[derive(Default)]
struct Counter {
    terms: HashMap<String, u32>,
    /// For each term, the tools that hold it with their frequencies by field.
    counts: Vec<Vec<(u32, [u16; FIELDS.len()])>>,
    /// For each tool, the length of each field.
    lengths: HashMap<u32, [u32; FIELDS.len()]>,
}

impl Counter {
    fn add(&mut self, tool: u32, field: usize, terms: impl IntoIterator<Item = String>) {
        for term in terms {
            if words::is_stop_word(&term) {
                continue;
            }
            let next = u32::try_from(self.terms.len()).unwrap_or(u32::MAX);
            let id = *self.terms.entry(term).or_insert(next);
            if id as usize >= self.counts.len() {
                self.counts.push(Vec::new());
            }
            let Some(counts) = self.counts.get_mut(id as usize) else { continue };
            if counts.last().is_none_or(|(last, _)| *last != tool) {
                counts.push((tool, [0; FIELDS.len()]));
            }
            if let Some(count) = counts.last_mut().and_then(|(_, fields)| fields.get_mut(field)) {
                *count = count.saturating_add(1);
            }
            if let Some(length) = self.lengths.entry(tool).or_default().get_mut(field) {
                *length += 1;
            }
        }
    }

    /// BM25F: frequencies normalised by field length, summed by field weight,
    /// saturated once, times the inverse document frequency.
    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^24")]
    fn weights(&self, tools: usize) -> Vec<Vec<Posting>> {
        let total = tools.max(1) as f32;
        let mut averages = [0.0_f32; FIELDS.len()];
        for lengths in self.lengths.values() {
            for (average, length) in averages.iter_mut().zip(lengths) {
                *average += *length as f32 / total;
            }
        }
        let weigh = |(tool, counts): &(u32, [u16; FIELDS.len()]), rarity: f32| {
            let lengths = self.lengths.get(tool).copied().unwrap_or_default();
            let parts = FIELDS.iter().zip(counts).zip(lengths).zip(averages);
            let frequency: f32 = parts
                .filter(|(((_, count), _), _)| **count > 0)
                .map(|((((weight, share), count), length), average)| {
                    let relative = length as f32 / average.max(f32::MIN_POSITIVE);
                    weight * f32::from(*count) / (1.0 - share + share * relative)
                })
                .sum();
            Posting { tool: *tool, weight: rarity * frequency / (SATURATION + frequency) }
        };
        self.counts
            .iter()
            .map(|counts| {
                let holding = counts.len() as f32;
                let rarity = (1.0 + (total - holding + 0.5) / (holding + 0.5)).ln();
                counts.iter().map(|count| weigh(count, rarity)).collect()
            })
            .collect()
    }
}
