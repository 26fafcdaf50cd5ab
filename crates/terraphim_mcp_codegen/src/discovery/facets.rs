//! Categories and capabilities with the tools that have them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Longest name of a category or a capability, in characters.
const MAX_NAME_CHARS: usize = 48;

/// A category or a capability and how many tools have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// The name, in lower case with hyphens.
    pub name: String,
    /// How many tools have it.
    pub count: u32,
}

/// Names as small numbers, with the ids of the tools that have each.
#[derive(Debug, Default)]
pub(super) struct FacetTable {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
    tools: Vec<Vec<u32>>,
}

impl FacetTable {
    /// Notes which tools of a server have the facet: their ascending numbers there,
    /// the first of which is `first` among all; servers must come in order.
    pub(super) fn add(&mut self, name: &str, first: u32, tools: &[u32]) {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                self.numbers.insert(name.to_owned(), number);
                self.names.push(name.to_owned());
                self.tools.push(Vec::new());
                number
            }
        };
        if let Some(all) = self.tools.get_mut(number as usize) {
            all.extend(tools.iter().map(|tool| first + tool));
        }
    }

    /// The tools that have the facet, in ascending order.
    pub(super) fn tools(&self, name: &str) -> &[u32] {
        let number = self.numbers.get(&facet_name(name));
        number.and_then(|number| self.tools.get(*number as usize)).map_or(&[], Vec::as_slice)
    }

    /// Every facet with its count, the most frequent first.
    pub(super) fn counts(&self) -> Vec<Facet> {
        let count = |tools: &Vec<u32>| u32::try_from(tools.len()).unwrap_or(u32::MAX);
        let mut facets: Vec<_> = self
            .names
            .iter()
            .zip(&self.tools)
            .map(|(name, tools)| Facet { name: name.clone(), count: count(tools) })
            .collect();
        facets.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        facets
    }
}

/// The form in which a facet is kept and asked for: lower case, hyphens, bounded.
pub(super) fn facet_name(name: &str) -> String {
    let lower: String = name.trim().chars().take(MAX_NAME_CHARS).flat_map(char::to_lowercase).collect();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
