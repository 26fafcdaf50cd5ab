//! The names by which a program gives the arguments of a tool as keywords.

use std::collections::HashSet;

use terraphim_types::ToolDefinition;

use super::text::{is_name, is_reserved};
use crate::{
    rust::names::{Taken, is_usable},
    schema::Bounds,
    typescript::arguments_type,
};

/// Longest name that is made, in characters.
const MAX_CHARS: usize = 60;

/// The keyword for each of these arguments, in their order. What is a name in Python stands for
/// itself; a word of the language gets an underscore, and in other names what cannot stand there
/// becomes one: `class_` for `class`, `x_ref` for `x-ref`.
pub(super) fn keywords<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Vec<String> {
    let own: HashSet<&str> = names.clone().filter(|name| is_keyword(name)).collect();
    let mut taken = Taken::but(own.iter().copied());
    names.map(|name| if own.contains(name) { name.to_owned() } else { taken.claim(&made(name)) }).collect()
}

/// Two underscores would be read as a private name of the class that declares the parameter.
fn is_keyword(name: &str) -> bool {
    is_name(name) && !name.starts_with("__")
}

fn made(name: &str) -> String {
    let usable = |c: char| if is_usable(c) { c } else { '_' };
    let plain: String = name.chars().take(MAX_CHARS).map(usable).collect();
    let plain = plain.trim_matches('_');
    match plain.chars().next() {
        None => "argument".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{plain}"),
        Some(_) if is_reserved(plain) => format!("{plain}_"),
        Some(_) => plain.to_owned(),
    }
}

/// The arguments of a tool whose keywords are not their names: the keyword, and the name under
/// which the argument is sent.
pub fn python_keywords(tool: &ToolDefinition) -> Vec<(String, String)> {
    let [bounds, ..] = Bounds::STEPS;
    let schema = arguments_type(tool, Bounds { description_chars: 0, ..bounds });
    let Some(object) = schema.arguments() else { return Vec::new() };
    let names = object.properties.iter().map(|property| property.name.as_str());
    let pairs = keywords(names.clone()).into_iter().zip(names);
    pairs.filter(|(keyword, name)| keyword != name).map(|(made, name)| (made, name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_has_a_keyword_of_its_own() {
        let names = [
            "query", "class", "class_", "x-ref", "x_ref", "$filter", "2fa", "", "-", "__a", "名前", "a b",
            "self",
        ];
        let made = keywords(names.into_iter());
        assert_eq!(
            made,
            [
                "query",
                "class__2",
                "class_",
                "x_ref_2",
                "x_ref",
                "filter",
                "_2fa",
                "argument",
                "argument_2",
                "a",
                "名前",
                "a_b",
                "self"
            ]
        );
    }
}
