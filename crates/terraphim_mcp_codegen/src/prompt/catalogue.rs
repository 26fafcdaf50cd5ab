//! Which tools a prompt shows, and which of them its examples call.

use serde_json::{Map, Value};
use terraphim_types::{Language, ToolDefinition};

use crate::{
    bash, bounded,
    discovery::{DiscoveryIndex, Entry, SearchContext},
    docs::{DocsContext, effect},
    example::{example_arguments, example_call},
    naming::ServerModule,
    python, rust,
    schema::{Bounds, Schema, Type},
    typescript::{result_type, signature_as},
};

/// Most tools that are shown.
const MAX_TOOLS: usize = 24;
/// How near the best tool's score a tool's must be to be shown, as a share of it. On the task sets of
/// `cargo xtask eval discovery` it shows 5 to 16 tools where the search has found hundreds, and keeps 88 to 99
/// per cent of the right ones among the first 24.
const NEAR: f32 = 0.4;
/// Most tools that are looked at for examples, beside those that are shown.
const MAX_LOOKED_AT: usize = 2_000;
/// Longest description and longest signature, in characters.
const MAX_SAYS_CHARS: usize = 120;
const MAX_SIGNATURE_CHARS: usize = 260;
/// Longest signature where room is short, in characters.
const SHORT_SIGNATURE_CHARS: usize = 110;
/// Longest call in an example, in characters.
const MAX_CALL_CHARS: usize = 300;

/// A tool as a prompt shows it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) qualified: String,
    pub(super) signature: String,
    /// The same, cut further.
    pub(super) short: String,
    /// What its server says of it, one line.
    pub(super) says: Option<String>,
    /// What is to be known before it is called, such as `destroys, denied`; empty where there is nothing.
    pub(super) marks: String,
    pub(super) is_denied: bool,
}

/// A tool that an example calls.
#[derive(Debug, Clone)]
pub(super) struct Callable {
    /// The server's name in an import of the language.
    pub(super) module: String,
    pub(super) server: String,
    pub(super) tool: String,
    /// The call, an expression or a command.
    pub(super) call: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) is_read_only: bool,
    pub(super) is_denied: bool,
    pub(super) list: Option<List>,
}

/// A result that is a list.
#[derive(Debug, Clone)]
pub(super) struct List {
    /// A property that its items have.
    pub(super) field: Option<String>,
}

/// The tools that a prompt shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    pub(super) tools: Vec<Shown>,
    /// How many more tools there are that have something of the task; without a task, of all.
    pub(super) others: usize,
}

/// A look at the tools of an index, for programs of a language.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) index: &'a DiscoveryIndex,
    pub(super) language: Language,
    pub(super) standing: &'a DocsContext<'a>,
}

impl Callable {
    /// `server.tool`.
    pub(super) fn qualified(&self) -> String {
        format!("{}.{}", self.server, self.tool)
    }
}

impl Look<'_> {
    /// The tools that fit a task about as well as the best one, the best first, which are none where no
    /// tool has a word of it; without a task, those of all servers in turn, first those that change nothing.
    pub(super) fn choose(&self, task: Option<&str>, context: &SearchContext<'_>) -> Chosen {
        let (names, total) = match task {
            Some(task) => {
                let near = self.index.near_best(task, NEAR, MAX_TOOLS, context);
                (near.names, near.total)
            }
            None => (self.in_turn(), self.index.len()),
        };
        let tools: Vec<Shown> = names.iter().filter_map(|name| self.shown(name)).collect();
        Chosen { others: total.saturating_sub(tools.len()), tools }
    }

    fn in_turn(&self) -> Vec<String> {
        let index = self.index;
        let mut servers: Vec<Vec<((bool, bool), String)>> = Vec::new();
        for name in index.names() {
            let Some(entry) = index.entry(name) else { continue };
            let (module, _, tool) = entry.parts();
            let of = module.server.as_str();
            let worth = (self.is_denied(&entry), !tool.is_read_only());
            match servers.last_mut() {
                Some(tools) if tools.first().is_some_and(|(_, name)| index.server_of(name) == Some(of)) => {
                    tools.push((worth, name.to_owned()));
                }
                _ => servers.push(vec![(worth, name.to_owned())]),
            }
        }
        for tools in &mut servers {
            tools.sort_by_key(|(worth, _)| *worth);
        }
        let longest = servers.iter().map(Vec::len).max().unwrap_or_default();
        let turns = (0..longest).flat_map(|turn| servers.iter().filter_map(move |tools| tools.get(turn)));
        turns.take(MAX_TOOLS).map(|(_, name)| name.clone()).collect()
    }

    fn is_denied(&self, entry: &Entry<'_>) -> bool {
        let (module, _, tool) = entry.parts();
        self.standing.of(&module.server, tool).denied.is_some()
    }

    fn shown(&self, name: &str) -> Option<Shown> {
        let entry = self.index.entry(name)?;
        let (module, named, tool) = entry.parts();
        let identifier = named.identifiers.first()?;
        let of_module = |signature: String| {
            let dot = if signature.starts_with('[') { "" } else { "." };
            format!("{}{dot}{signature}", module.identifier)
        };
        let signature = match self.language {
            Language::TypeScript | Language::JavaScript | Language::Node => {
                of_module(signature_as(identifier, tool))
            }
            Language::Python => of_module(python::shown(named, tool, 1 << 10).signature),
            Language::Bash => bash::signature(entry.qualified, &bash::parameters(tool)),
            Language::Rust => {
                format!("{}::{}", module.identifier, rust::shown(&entry, 1 << 10).signature)
            }
        };
        let says = tool.description.as_deref().or(tool.title.as_deref());
        let says = says.map(|text| bounded::summary(text, MAX_SAYS_CHARS)).filter(|text| !text.is_empty());
        let is_denied = self.is_denied(&entry);
        let marks: Vec<_> = effect(tool).into_iter().chain(is_denied.then_some("denied")).collect();
        Some(Shown {
            qualified: name.to_owned(),
            short: bounded::one_line(&signature, SHORT_SIGNATURE_CHARS),
            signature: bounded::one_line(&signature, MAX_SIGNATURE_CHARS),
            says: says.map(|text| text.replace('"', "'")),
            marks: marks.join(", "),
            is_denied,
        })
    }

    /// Tools that examples can call, those first that change nothing and may be called: up to three of those
    /// that are shown. Others are taken where there is none of these, and, unless `only_shown`, to have three
    /// and one that gives a list. One that is denied is taken where nothing else is left.
    pub(super) fn callable(&self, shown: &[Shown], only_shown: bool) -> Vec<Callable> {
        let mut found = Found::default();
        let named = shown.iter().map(|tool| tool.qualified.as_str());
        let of = |name: &str| self.callable_one(name);
        named.filter_map(of).for_each(|one| found.add(one));
        if !only_shown || found.made.is_empty() {
            for one in self.index.names().take(MAX_LOOKED_AT).filter_map(of) {
                if found.is_enough() {
                    break;
                }
                found.add(one);
            }
        }
        [found.made, found.changing, found.denied]
            .into_iter()
            .find(|some| !some.is_empty())
            .unwrap_or_default()
    }

    fn callable_one(&self, name: &str) -> Option<Callable> {
        let entry = self.index.entry(name)?;
        let (module, named, tool) = entry.parts();
        if !is_plain(&module.identifier) || !is_plain(named.identifiers.first()?) || !is_plain(&tool.name) {
            return None;
        }
        let (call, name) = call(&entry, self.language)?;
        let is_one_line = !call.chars().any(|c| c == '\n' || c == '`' || bounded::is_unseen(c));
        if !is_one_line || call.chars().count() > MAX_CALL_CHARS {
            return None;
        }
        Some(Callable {
            module: name,
            server: module.server.as_str().to_owned(),
            tool: tool.name.clone(),
            call,
            arguments: example_arguments(tool)?,
            is_read_only: tool.is_read_only(),
            is_denied: self.is_denied(&entry),
            list: list(tool),
        })
    }
}

/// The modules with their numbers of tools, by the names of a program.
pub(super) fn servers(index: &DiscoveryIndex, language: Language) -> Vec<(String, usize)> {
    let modules: Vec<&ServerModule> = index.modules().collect();
    let owned: Vec<ServerModule> = modules.iter().map(|module| (*module).clone()).collect();
    let names: Vec<String> = match language {
        Language::Rust => rust::server_names(&owned),
        Language::Bash => owned.iter().map(|module| module.server.as_str().to_owned()).collect(),
        _ => owned.iter().map(|module| module.identifier.clone()).collect(),
    };
    let named = names.into_iter().zip(&owned).filter(|(_, module)| !module.tools.is_empty());
    named.map(|(name, module)| (bounded::one_line(&name, 60), module.tools.len())).collect()
}

/// What examples can call.
#[derive(Default)]
struct Found {
    made: Vec<Callable>,
    changing: Vec<Callable>,
    denied: Vec<Callable>,
}

impl Found {
    fn is_enough(&self) -> bool {
        self.made.len() >= 3 && self.made.iter().any(|one| one.list.is_some())
    }

    fn add(&mut self, one: Callable) {
        let same = |other: &Callable| other.server == one.server && other.tool == one.tool;
        let mut known = self.made.iter().chain(&self.changing).chain(&self.denied);
        if self.is_enough() || known.any(same) {
            return;
        }
        match (one.is_denied, one.is_read_only) {
            (true, _) if self.denied.len() < 3 => self.denied.push(one),
            (false, false) if self.changing.len() < 3 => self.changing.push(one),
            (false, true) if self.made.len() < 3 || one.list.is_some() => self.made.push(one),
            _ => {}
        }
    }
}

/// A call of a tool as an expression, and the name that is imported for it.
fn call(entry: &Entry<'_>, language: Language) -> Option<(String, String)> {
    let (module, named, tool) = entry.parts();
    let plain = module.identifier.clone();
    match language {
        Language::TypeScript | Language::JavaScript | Language::Node => {
            let line = example_call(module, named, tool)?;
            let call = line.strip_prefix("const result = await ")?.strip_suffix(';')?;
            Some((call.to_owned(), plain))
        }
        Language::Python => {
            let line = python::example_call(module, named, tool)?;
            python::is_name(&plain).then_some(())?;
            Some((line.strip_prefix("result = ")?.to_owned(), plain))
        }
        Language::Bash => Some((bash::example_call(entry.qualified, tool)?, plain)),
        Language::Rust => {
            let line = rust::shown(entry, 1 << 10).example?;
            let call = line.strip_prefix("let result = ")?.strip_suffix("?;")?;
            let name = call.split_once("::").map(|(name, _)| name.to_owned())?;
            Some((call.to_owned(), name))
        }
    }
}

fn is_plain(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn list(tool: &ToolDefinition) -> Option<List> {
    let schema = result_type(tool, Bounds::LINE);
    let Type::Array(item) = schema.target(&schema.root) else { return None };
    Some(List { field: field(&schema, item) })
}

/// A property of a list's items that programs of every language can name, a text if there is one.
fn field(schema: &Schema, item: &Type) -> Option<String> {
    let Type::Object(object) = schema.target(item) else { return None };
    let usable =
        |name: &str| name.len() <= 40 && !name.contains('-') && is_plain(name) && python::is_name(name);
    let named = object.properties.iter().filter(|property| property.required && usable(&property.name));
    let (texts, others): (Vec<_>, Vec<_>) =
        named.partition(|property| *schema.target(&property.ty) == Type::String);
    // An identifier says less than a name.
    let telling = texts.iter().find(|property| !property.name.to_ascii_lowercase().ends_with("id"));
    telling.or(texts.first()).or(others.first()).map(|property| property.name.clone())
}
