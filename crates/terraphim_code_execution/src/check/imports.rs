//! Which servers a program imports, found in its text without reading it as a
//! program: what is named beside `'mcp-servers'`. Text in remarks is not told
//! apart; a server that is looked up for nothing does no harm.

use std::collections::BTreeSet;

const MODULE: &str = "mcp-servers";

/// Longest list of names in one import, in bytes.
const LIST_BYTES: usize = 8 << 10;

/// What a program imports of `mcp-servers`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Imports {
    /// By these names.
    pub(super) names: BTreeSet<String>,
    /// Whether it imports the module as a whole somewhere, and may name any
    /// server as a property of it.
    pub(super) whole: bool,
}

/// Most imports of the module that are read, and most names; of a text with more, any server may be named.
const MOST_IMPORTS: usize = 256;
const MOST_NAMES: usize = 1_000;

/// The imports of a text.
pub(super) fn of(source: &str) -> Imports {
    let mut imports = Imports::default();
    for (count, (at, _)) in source.match_indices(MODULE).enumerate() {
        if count == MOST_IMPORTS || imports.names.len() > MOST_NAMES {
            imports.whole = true;
            break;
        }
        let before = source.get(..at).unwrap_or_default();
        let Some(quote) = before.chars().next_back().filter(|c| matches!(c, '\'' | '"' | '`')) else {
            continue;
        };
        let after = source.get(at + MODULE.len()..).unwrap_or_default();
        let Some((path, _)) = after.split_once(quote) else { continue };
        let before = before.get(..before.len() - quote.len_utf8()).unwrap_or_default().trim_end();
        match path.strip_prefix('/') {
            Some(name) => {
                imports.names.insert(name.to_owned());
            }
            None if path.is_empty() => imports.of_list(before),
            None => {}
        }
    }
    imports
}

impl Imports {
    /// Adds what stands between `import` and `from`.
    fn of_list(&mut self, before: &str) {
        let Some(clause) = before.strip_suffix("from") else {
            // `import('mcp-servers')`, or a text that is passed on.
            self.whole = true;
            return;
        };
        let from = clause.floor_char_boundary(clause.len().saturating_sub(LIST_BYTES));
        let clause = clause.get(from..).unwrap_or_default();
        let Some((_, clause)) = clause.rsplit_once("import") else {
            self.whole = true;
            return;
        };
        let Some((_, list)) = clause.split_once('{') else {
            self.whole = true;
            return;
        };
        let list = list.split('}').next().unwrap_or_default();
        for one in list.split(',') {
            let name = one.split(" as ").next().unwrap_or_default().trim();
            let name = name.strip_prefix("type ").unwrap_or(name).trim();
            let name = name.trim_matches(['\'', '"']);
            if !name.is_empty() {
                self.names.insert(name.to_owned());
            }
        }
    }
}

/// Whether a name stands in a text, and is not part of a longer one.
pub(super) fn names(source: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    source.match_indices(name).any(|(at, _)| {
        let before = source.get(..at).and_then(|before| before.chars().next_back());
        let after = source.get(at + name.len()..).and_then(|after| after.chars().next());
        !name.is_empty() && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> (Vec<String>, bool) {
        let imports = of(source);
        (imports.names.into_iter().collect(), imports.whole)
    }

    #[test]
    fn names_are_found_beside_the_module() {
        for (source, names, whole) in [
            ("import { a, b as c } from 'mcp-servers';", vec!["a", "b"], false),
            ("import {\n  type a,\n  'b-c' as d,\n} from \"mcp-servers\"", vec!["a", "b-c"], false),
            ("import * as all from 'mcp-servers'", vec![], true),
            ("const { a } = await import('mcp-servers')", vec![], true),
            ("import x, { y } from 'mcp-servers/my-server';", vec!["my-server"], false),
            ("await import(`mcp-servers/a`)", vec!["a"], false),
            ("import { a } from 'other'; import { b } from 'mcp-servers'", vec!["b"], false),
            ("import {a} from'mcp-servers'", vec!["a"], false),
            ("import type { a } from 'mcp-servers'", vec!["a"], false),
            ("// mcp-servers\nlet x = 'mcp-serversx'", vec![], false),
            ("'mcp-servers", vec![], false),
            ("from 'mcp-servers'", vec![], true),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            assert_eq!(found(source), (names, whole), "{source}");
        }
    }

    #[test]
    fn a_name_is_no_part_of_another() {
        for (source, is_there) in [
            ("s.time.now()", true),
            ("s['time']", true),
            ("sometime", false),
            ("time_zone", false),
            ("", false),
        ] {
            assert_eq!(names(source, "time"), is_there, "{source}");
        }
        assert!(!names("anything", ""));
    }
}
