//! Elements that models put around thoughts, code that is to be run, and output: `<think>`,
//! `<execute_bash>`, `<observation>`. CommonMark knows none of them; its rules for HTML would hide
//! the code in some and show it in others.

use std::collections::HashMap;

use terraphim_types::Language;

/// What an element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// What the model thought: nothing in it is an answer.
    Thoughts,
    /// What a program gave.
    Output,
    /// Code that is to be run, of this language where the name tells it.
    Code(Option<Language>),
}

/// An element's name in lower case, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
}

/// An opening tag at the start of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening<'t> {
    pub(crate) element: Element,
    /// What stands behind it on the line.
    pub(crate) rest: &'t str,
}

/// Longest tag that is read, in bytes.
const MAX_TAG_BYTES: usize = 200;

const THOUGHTS: [&str; 9] = [
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reasoning",
    "reflection",
    "scratchpad",
    "analysis",
    "inner_monologue",
];

const OUTPUTS: [&str; 9] = [
    "output",
    "observation",
    "stdout",
    "stderr",
    "execution_result",
    "execution_output",
    "tool_response",
    "tool_result",
    "function_results",
];

const CODE: [(&str, Option<Language>); 20] = [
    ("execute_bash", Some(Language::Bash)),
    ("execute_shell", Some(Language::Bash)),
    ("bash", Some(Language::Bash)),
    ("shell", Some(Language::Bash)),
    ("execute_ipython", Some(Language::Python)),
    ("execute_python", Some(Language::Python)),
    ("run_ipython", Some(Language::Python)),
    ("python", Some(Language::Python)),
    ("tool_code", Some(Language::Python)),
    ("execute_typescript", Some(Language::TypeScript)),
    ("typescript", Some(Language::TypeScript)),
    ("execute_javascript", Some(Language::JavaScript)),
    ("javascript", Some(Language::JavaScript)),
    ("execute_code", None),
    ("execute", None),
    ("run_code", None),
    ("run", None),
    ("code", None),
    ("code_interpreter", None),
    // An argument of a tool call; it counts where its name says that it is code.
    ("parameter", None),
];

/// The element of a name.
fn element(name: &str) -> Option<Element> {
    let is = |known: &&&'static str| known.eq_ignore_ascii_case(name);
    let of = |name: &&'static str, holds| Element { name, holds };
    if let Some(name) = THOUGHTS.iter().find(is) {
        return Some(of(name, Holds::Thoughts));
    }
    if let Some(name) = OUTPUTS.iter().find(is) {
        return Some(of(name, Holds::Output));
    }
    let (name, language) = CODE.iter().find(|(known, _)| is(&known))?;
    Some(of(name, Holds::Code(*language)))
}

/// Reads a line without its indentation as one that begins with an opening tag.
pub(crate) fn opening(line: &str) -> Option<Opening<'_>> {
    let inner = line.strip_prefix('<')?;
    let (name, after) = inner.split_at_checked(name_length(inner))?;
    let mut element = element(name)?;
    let close = crate::info::head(after, MAX_TAG_BYTES).find('>')?;
    let (attributes, rest) = (after.get(..close)?, after.get(close + 1..)?);
    if !attributes.is_empty() && !attributes.starts_with([' ', '\t', '=']) || attributes.ends_with('/') {
        return None;
    }
    if element.name == "parameter" && !names_code(attributes) {
        return None;
    }
    if let Holds::Code(None) = element.holds {
        element.holds = Holds::Code(language(attributes));
    }
    Some(Opening { element, rest })
}

/// Whether the attributes of a parameter call it code: `=command`, ` name="code"`.
fn names_code(attributes: &str) -> bool {
    let name = attributes.trim_start().trim_start_matches("name").trim_start_matches('=');
    matches!(name.trim_matches([' ', '"', '\'']), "code" | "command" | "script" | "program")
}

/// The language that an attribute names: `lang="python"`, `language=ts`.
fn language(attributes: &str) -> Option<Language> {
    let value = attributes.split_whitespace().find_map(|attribute| {
        let (name, value) = attribute.split_once('=')?;
        matches!(name, "lang" | "language" | "type").then_some(value)
    })?;
    match crate::info::language(&value.trim_matches(['"', '\'']).to_ascii_lowercase())? {
        crate::info::Tagged::Program(language) => Some(language),
        _ => None,
    }
}

fn name_length(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
}

/// Where the closing tag of an element stands in a line: its first byte, and the first behind it.
pub(crate) fn closing(line: &str, name: &str) -> Option<(usize, usize)> {
    line.match_indices("</").find_map(|(at, _)| {
        let inner = line.get(at + 2..)?;
        let length = name_length(inner);
        let is_it = inner.get(..length).is_some_and(|found| found.eq_ignore_ascii_case(name));
        (is_it && inner.get(length..)?.starts_with('>')).then_some((at, at + 2 + length + 1))
    })
}

/// Whether a line ends thoughts that have no opening tag: the template of a chat may have written that.
pub(crate) fn ends_thoughts(line: &str) -> Option<&str> {
    ["think", "thinking"].iter().find_map(|name| {
        let (at, end) = closing(line, name)?;
        let behind = line.get(end..)?;
        (at == 0 || behind.trim().is_empty()).then_some(behind)
    })
}

/// The last line, from 1, on which each element is closed.
pub(crate) fn closings(text: &str) -> HashMap<&'static str, usize> {
    let mut last = HashMap::new();
    for (index, line) in text.split('\n').enumerate() {
        for (at, _) in line.match_indices("</") {
            let inner = line.get(at + 2..).unwrap_or_default();
            let length = name_length(crate::info::head(inner, MAX_TAG_BYTES));
            let Some((name, after)) = inner.split_at_checked(length) else { continue };
            if let Some(element) = element(name).filter(|_| after.starts_with('>')) {
                last.insert(element.name, index + 1);
            }
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_with_their_attributes() {
        let read =
            |line| opening(line).map(|opening| (opening.element.name, opening.element.holds, opening.rest));
        assert_eq!(read("<think>so"), Some(("think", Holds::Thoughts, "so")));
        assert_eq!(read("<Execute_Bash>"), Some(("execute_bash", Holds::Code(Some(Language::Bash)), "")));
        assert_eq!(read("<code lang=\"ts\">"), Some(("code", Holds::Code(Some(Language::TypeScript)), "")));
        assert_eq!(read("<parameter=command>"), Some(("parameter", Holds::Code(None), "")));
        assert_eq!(read("<parameter name=\"code\">1"), Some(("parameter", Holds::Code(None), "1")));
        for none in ["<parameter=path>", "<div>", "<code/>", "<codex>", "<code", "think>", "<>"] {
            assert_eq!(read(none), None, "{none}");
        }
        assert_eq!(closing("a </THINK> b", "think"), Some((2, 10)));
        assert_eq!((closing("</thinks>", "think"), closing("</think", "think")), (None, None));
        assert_eq!(ends_thoughts("so it is.</think>"), Some(""));
        assert_eq!(ends_thoughts("the tag </think> ends it"), None);
        assert_eq!(closings("</x></think>\n</output>\n</think>").get("think"), Some(&3));
    }
}
