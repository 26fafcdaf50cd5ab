//! The stub of one tool: its types, and a class whose instance the program calls.

use terraphim_types::ToolDefinition;

use super::{
    arguments::keywords,
    results::call_type,
    text::{value_text, write_docstring},
    types::{Key, Maker, Side},
};
use crate::{
    bounded,
    result::inferred_note,
    rust::names::{Taken, pascal},
    schema::{Bounds, Extra, Notes, Schema, Type},
    typescript::{arguments_type, shown_result_type, takes_nothing},
};

/// Longest description of a tool, in characters.
const MAX_DESCRIPTION_CHARS: usize = 1_200;
/// Longest default that is written out, in characters.
pub(super) const MAX_DEFAULT_CHARS: usize = 40;

/// What the text of a stub refers to; no type of a tool takes such a name.
pub(crate) const TAKEN_TYPES: [&str; 24] = [
    "Any",
    "BoolCall",
    "Call",
    "DictCall",
    "False",
    "FloatCall",
    "IntCall",
    "ListCall",
    "Literal",
    "Mapping",
    "Never",
    "None",
    "NoneCall",
    "NotRequired",
    "RawCall",
    "RecordCall",
    "TextCall",
    "True",
    "TypeAlias",
    "TypedDict",
    "Unpack",
    "overload",
    "Protocol",
    "Awaitable",
];

/// One tool's stub.
pub(crate) struct Stub {
    /// The class of the tool.
    pub(crate) class: String,
    /// The types and the class.
    pub(crate) text: String,
    /// The call on one line, without the name: `(*, query: str) -> list[str]`.
    pub(crate) signature: String,
}

/// The stub of a tool whose types begin with `base`, of at most about `bytes`.
pub(crate) fn stub(tool: &ToolDefinition, base: &str, taken: &mut Taken, bytes: usize) -> Stub {
    let before = taken.count();
    for bounds in Bounds::steps(bytes) {
        let made = within(tool, base, taken, bounds);
        if made.text.len() <= bytes {
            return made;
        }
        taken.take_back(before);
    }
    // Nothing of a schema is longer than this much of it.
    within(tool, base, taken, Bounds { nodes: 0, ..Bounds::LINE })
}

fn within(tool: &ToolDefinition, base: &str, taken: &mut Taken, bounds: Bounds) -> Stub {
    let base = pascal(base);
    let class = taken.claim(&format!("{base}Tool"));
    let input = arguments_type(tool, bounds);
    let output = shown_result_type(tool, bounds);
    let (given, mut text) = Given::of(&input, &base, taken);
    let mut maker = Maker::new(&output, Side::Result, &base, taken);
    let name = format!("{base}Result");
    let result = maker.ty(&output.root, &name);
    let call = call_type(&mut maker, &output, &output.root, &name);
    text.push_str(&maker.text());
    let description = tool.description.as_deref().or(tool.title.as_deref()).unwrap_or_default();
    let description = bounded::cut(description.trim(), MAX_DESCRIPTION_CHARS);
    let note = inferred_note(tool).map(|note| format!("The result is {note}.")).unwrap_or_default();
    text.push_str(&format!("class {class}:\n"));
    write_docstring(&mut text, &[&description, &note], "    ");
    given.write(&mut text, "__call__", &call);
    given.write(&mut text, "raw", "RawCall");
    text.push('\n');
    let signature = format!("({}) -> {result}", given.named);
    Stub { class, text, signature }
}

/// How arguments are given.
struct Given {
    /// The parameters of a call by name.
    named: String,
    /// The parameter of a call by one dict; empty where there is no such way.
    one_dict: String,
    /// What the receiver is called.
    receiver: &'static str,
}

impl Given {
    fn of(input: &Schema, base: &str, taken: &mut Taken) -> (Self, String) {
        let mut maker = Maker::new(input, Side::Arguments, base, taken);
        let name = format!("{base}Args");
        let open = matches!(input.target(&input.root), Type::Intersection(_));
        let object = input.arguments();
        let object = object.as_deref();
        let Some(object) = object.filter(|object| !object.properties.is_empty()) else {
            let closed = takes_nothing(input) && object.is_some_and(|it| it.extra == Extra::Closed);
            let given = if closed {
                Self { named: String::new(), one_dict: String::new(), receiver: "self" }
            } else {
                let value = object.map_or("object".to_owned(), |it| maker.value_type(it, &name));
                let named = format!("**arguments: {value}");
                let says_more = object.is_none_or(|object| object.extra != Extra::Unsaid);
                let one_dict = format!("arguments: Mapping[str, {value}], /");
                Self { named, one_dict: if says_more { one_dict } else { String::new() }, receiver: "self" }
            };
            return (given, maker.text());
        };
        let claimed = maker.claim(&name);
        maker.record(object, claimed.clone(), &Notes::default());
        let keys = maker.records.get(&claimed).cloned().unwrap_or_default();
        let open = open || matches!(object.extra, Extra::Of(_));
        let any = if open { " | Mapping[str, object]" } else { "" };
        let receivers = ["self", "this", "tool_itself", "the_tool_itself"];
        let names = keywords(keys.iter().map(|key| key.name.as_str()));
        let receiver = receivers.into_iter().find(|name| names.iter().all(|known| known != name));
        let given = Self {
            named: named_parameters(&keys, &names, open),
            one_dict: format!("arguments: {claimed}{any}, /"),
            receiver: receiver.unwrap_or("_"),
        };
        (given, maker.text())
    }

    fn write(&self, out: &mut String, method: &str, result: &str) {
        let mut ways = vec![&self.named];
        ways.extend((!self.one_dict.is_empty()).then_some(&self.one_dict));
        let overload = if ways.len() > 1 { "    @overload\n" } else { "" };
        for way in &ways {
            let receiver = self.receiver;
            let comma = if way.is_empty() { "" } else { ", " };
            out.push_str(&format!("{overload}    def {method}({receiver}{comma}{way}) -> {result}: ...\n"));
        }
    }
}

/// Arguments by their keywords, those first that must be given.
fn named_parameters(keys: &[Key], names: &[String], open: bool) -> String {
    let (required, optional): (Vec<_>, Vec<_>) = keys.iter().zip(names).partition(|(key, _)| key.required);
    let mut parts = vec!["*".to_owned()];
    parts.extend(required.iter().map(|(key, name)| format!("{name}: {}", key.ty)));
    parts.extend(optional.iter().map(|(key, name)| {
        let default = key.default().map(value_text);
        let default = default.filter(|text| text.chars().count() <= MAX_DEFAULT_CHARS && text.is_ascii());
        format!("{name}: {} = {}", key.ty, default.as_deref().unwrap_or("..."))
    }));
    if open {
        let free = |name: &&str| names.iter().all(|known| known != name);
        let name = ["more", "more_arguments", "all_more_arguments"].into_iter().find(free);
        parts.push(format!("**{}: object", name.unwrap_or("_")));
    }
    parts.join(", ")
}

/// The call on one line, at most `chars` long: what must be given stands before the rest.
pub(super) fn line(name: &str, tool: &ToolDefinition, chars: usize) -> String {
    let full = short(name, tool, Bounds::LINE);
    if full.chars().count() <= chars {
        return full;
    }
    let mut out = String::new();
    let (head, result) = full.rsplit_once(") -> ").unwrap_or((&full, "object"));
    let result = bounded::cut(result, chars / 3);
    let room = chars.saturating_sub(result.chars().count() + 12);
    for part in head.split_inclusive(", ") {
        if out.chars().count() + part.chars().count() > room {
            break;
        }
        out.push_str(part);
    }
    let out = out.trim_end_matches([',', ' ']);
    let gap = if out.contains('(') { ", " } else { "(" };
    format!("{}{gap}...) -> {result}", if out.is_empty() { name } else { out })
}

fn short(name: &str, tool: &ToolDefinition, bounds: Bounds) -> String {
    let stub = within(tool, name, &mut Taken::but(TAKEN_TYPES), bounds);
    format!("{}{}", bounded::cut(name, 80), stub.signature)
}
