//! Category and capabilities of a tool: as its server declares them, else from
//! annotations, names, schemas and descriptions.
//!
//! They help a model to find tools. A server may say anything here, so nothing
//! that guards a call may rest on it.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use terraphim_types::ToolDefinition;

use super::{facets::facet_name, segment::ServerTools, words};

/// The category of a server that fits none.
const OTHER: &str = "other";
/// Most declared capabilities of one tool.
const MAX_DECLARED: usize = 16;

/// Words that speak for a category when a server's name, description or tools hold them.
const CATEGORIES: &[(&str, &str)] = &[
    ("ai", "llm model prompt embedding completion inference reasoning thinking"),
    ("browser", "browser playwright puppeteer chrome page click screenshot selenium devtools"),
    ("cloud", "azure aws gcp cloud kubernetes kubectl docker container deployment terraform pod cluster"),
    (
        "code",
        "code compile lint eslint refactor python javascript typescript repl interpreter debug npm package",
    ),
    ("communication", "email mail slack message chat discord telegram sms whatsapp notification inbox gmail"),
    ("data", "csv dataset statistics chart plot visualization dataframe analytics"),
    ("database", "database sql sqlite postgres postgresql mysql mongodb redis table collection snowflake"),
    (
        "documents",
        "word excel powerpoint pdf document spreadsheet workbook presentation slide paragraph docx ppt",
    ),
    ("files", "file filesystem directory folder disk"),
    ("finance", "stock finance financial crypto bitcoin currency price market trading payment invoice bank"),
    ("food", "recipe cooking food meal ingredient restaurant"),
    ("health", "medical clinical health drug disease gene protein patient pubmed biomedical"),
    ("knowledge-graph", "knowledge graph thesaurus ontology entity relation concept"),
    ("location", "map location geocode route place address latitude longitude openstreetmap gps"),
    ("media", "image video audio music photo youtube spotify song film movie"),
    ("news", "news headline trending trend rss"),
    ("notes", "note notion obsidian memory markdown wiki"),
    ("projects", "issue jira project task sprint board ticket todo linear asana trello confluence kanban"),
    ("research", "paper arxiv academic scholar citation research wikipedia"),
    ("social", "twitter tweet reddit facebook instagram linkedin mastodon bluesky weibo"),
    ("system", "terminal shell command process desktop operating"),
    ("time", "time timezone calendar date clock schedule almanac"),
    ("travel", "flight hotel train travel booking ticket airline airbnb railway"),
    ("version-control", "git github gitlab repository commit branch merge pull"),
    ("weather", "weather forecast temperature meteorological"),
    ("web", "web fetch url crawl scrape http search website internet api"),
];

/// Words in a tool's name and the capability for which they speak.
const CAPABILITIES: &[(&str, &str)] = &[
    ("analyze", "analyze analyse analysis summarize summarise explain inspect diagnose evaluate compare"),
    ("autocomplete", "autocomplete complete completion suggest suggestion typeahead"),
    ("connectivity", "connected connectivity reachable"),
    ("create", "create add insert new make generate append init"),
    ("delete", "delete remove drop purge destroy erase uninstall clear"),
    ("download", "download export"),
    ("execute", "execute exec run eval evaluate invoke start launch command"),
    ("list", "list enumerate ls"),
    ("match", "match matches matching"),
    ("navigate", "navigate goto click scroll hover press"),
    ("replace", "replace substitute"),
    ("search", "search find query lookup grep locate discover"),
    ("send", "send post publish notify reply forward email"),
    ("transform", "convert transform translate format parse decode encode render compress extract"),
    ("update", "update edit set modify patch rename move replace change put upsert"),
    ("upload", "upload import"),
];

/// First words that speak for reading only.
const READING: &str = "get list read search find fetch show describe count view query lookup check is has \
                       autocomplete suggest analyze explain inspect compare preview diff status explore browse";
/// Words that speak for changing something, wherever they stand.
const WRITING: &str = "create add insert write update edit set modify patch rename move delete remove drop purge \
                       destroy append put post send upload import install execute run start stop kill merge push \
                       commit publish replace clear reset save upsert destroy fork assign";
/// Words that speak for losing something.
const DESTROYING: &str = "delete remove drop purge destroy erase kill uninstall truncate wipe";
/// Words that speak for reaching other machines.
const NETWORK: &str =
    "url http fetch web download crawl scrape browse navigate internet online request webpage";

/// The word tables, stemmed once for each index that is built.
pub(super) struct Classifier {
    categories: HashMap<String, Vec<&'static str>>,
    capabilities: HashMap<String, Vec<&'static str>>,
    reading: BTreeSet<String>,
    writing: BTreeSet<String>,
    destroying: BTreeSet<String>,
    network: BTreeSet<String>,
}

impl Classifier {
    pub(super) fn new() -> Self {
        let set = |list: &str| words::terms(list).into_iter().collect();
        Self {
            categories: by_word(CATEGORIES),
            capabilities: by_word(CAPABILITIES),
            reading: set(READING),
            writing: set(WRITING),
            destroying: set(DESTROYING),
            network: set(NETWORK),
        }
    }

    /// The category of a server: the one for which its name, its description and
    /// its tools' names speak most.
    pub(super) fn server_category(&self, server: &ServerTools) -> &'static str {
        let mut votes: HashMap<&'static str, f32> = HashMap::new();
        self.vote(&mut votes, server.server.as_str(), 6.0);
        self.vote(&mut votes, server.description.as_deref().unwrap_or_default(), 2.0);
        let share = 6.0 / server.tools.len().clamp(1, 500) as f32;
        for tool in server.tools.iter().take(500) {
            self.vote(&mut votes, &tool.name, share);
        }
        best(votes, 1.5)
    }

    /// The category of a tool: declared, else its server's, else its own.
    pub(super) fn category(&self, tool: &ToolDefinition, of_server: &'static str) -> String {
        let declared = declared(tool).and_then(|meta| meta.get("category")?.as_str()).map(facet_name);
        if let Some(category) = declared.filter(|category| !category.is_empty()) {
            return category;
        }
        if of_server != OTHER {
            return of_server.to_owned();
        }
        let mut votes = HashMap::new();
        self.vote(&mut votes, &tool.name, 2.0);
        let head: String = tool.description.as_deref().unwrap_or_default().chars().take(300).collect();
        self.vote(&mut votes, &head, 1.0);
        best(votes, 1.0).to_owned()
    }

    /// What the tool can do, as declared, else as its annotations, name and schema tell.
    pub(super) fn capabilities(&self, tool: &ToolDefinition) -> BTreeSet<String> {
        let declared = declared(tool).and_then(|meta| meta.get("capabilities")?.as_array());
        let mut capabilities: BTreeSet<String> = declared
            .into_iter()
            .flatten()
            .take(MAX_DECLARED)
            .filter_map(Value::as_str)
            .map(facet_name)
            .filter(|name| !name.is_empty())
            .collect();
        if !capabilities.is_empty() {
            return capabilities;
        }
        let name = words::terms(&tool.name);
        let found = name.iter().filter_map(|word| self.capabilities.get(word)).flatten();
        capabilities.extend(found.map(|name| (*name).to_owned()));
        self.add_effects(&mut capabilities, tool, &name);
        if self.reaches_network(tool, &name) {
            capabilities.insert("network".to_owned());
        }
        capabilities
    }

    fn add_effects(&self, capabilities: &mut BTreeSet<String>, tool: &ToolDefinition, name: &[String]) {
        let hints = tool.annotations.clone().unwrap_or_default();
        let holds = |set: &BTreeSet<String>| name.iter().any(|word| set.contains(word));
        // The verb is seldom far from the front: `jira_get_issue`, `get_commit`.
        let reads =
            name.iter().take(3).find(|word| self.reading.contains(*word) || self.writing.contains(*word));
        let read_only = match (hints.read_only_hint, reads) {
            (Some(hint), _) => Some(hint),
            (None, Some(verb)) => Some(self.reading.contains(verb)),
            (None, None) => holds(&self.writing).then_some(false),
        };
        let destroys = hints.destructive_hint.unwrap_or_else(|| holds(&self.destroying));
        match read_only {
            Some(true) => capabilities.extend(["read".to_owned(), "idempotent".to_owned()]),
            Some(false) => {
                capabilities.insert("write".to_owned());
                if destroys {
                    capabilities.insert("destructive".to_owned());
                }
            }
            None => {}
        }
        if hints.idempotent_hint == Some(true) {
            capabilities.insert("idempotent".to_owned());
        }
    }

    fn reaches_network(&self, tool: &ToolDefinition, name: &[String]) -> bool {
        match tool.annotations.as_ref().and_then(|hints| hints.open_world_hint) {
            Some(hint) => hint,
            None => {
                let properties = tool.input_schema.get("properties").and_then(Value::as_object);
                let mut takes_url = properties.into_iter().flatten().take(64).map(|(name, schema)| {
                    name.eq_ignore_ascii_case("url")
                        || schema.get("format").is_some_and(|format| format == "uri")
                });
                name.iter().any(|word| self.network.contains(word)) || takes_url.any(|takes| takes)
            }
        }
    }

    fn vote(&self, votes: &mut HashMap<&'static str, f32>, text: &str, weight: f32) {
        let terms: BTreeSet<String> = words::terms(text).into_iter().collect();
        for category in terms.iter().filter_map(|term| self.categories.get(term)).flatten() {
            *votes.entry(category).or_default() += weight;
        }
    }
}

fn by_word(table: &[(&'static str, &str)]) -> HashMap<String, Vec<&'static str>> {
    let mut by_word: HashMap<String, Vec<&'static str>> = HashMap::new();
    for (name, list) in table {
        for term in words::terms(list) {
            by_word.entry(term).or_default().push(name);
        }
    }
    by_word
}

fn best(votes: HashMap<&'static str, f32>, least: f32) -> &'static str {
    let ranked = votes.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(a.0)));
    ranked.filter(|(_, votes)| *votes >= least).map_or(OTHER, |(name, _)| name)
}

/// What the server declares about the tool under our own key.
fn declared(tool: &ToolDefinition) -> Option<&Value> {
    tool.meta.as_ref()?.get("terraphim")
}
