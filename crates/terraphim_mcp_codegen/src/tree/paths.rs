//! File names for servers and tools.
//!
//! The rule: the identifier by which a program knows the thing, where that is plain ASCII, at most
//! 60 characters long, and neither a device of Windows nor a name that the tree uses itself. Any
//! other name gives its plain characters, at most 40, and a hash of the whole name. Of names that
//! differ in case alone, the one in lower case stays as it is, else the first in the order of names.

use std::collections::{BTreeMap, HashSet};

/// Longest name that stays whole, in bytes.
const MAX_BYTES: usize = 60;
/// How many characters are kept of a name that gets a hash.
const KEPT_CHARS: usize = 40;

/// Names that Windows gives to devices, whatever follows behind a dot.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// One file name without extension for each pair of a name and its identifier, in their order;
/// each is `[A-Za-z0-9_]+`, unique without regard to case, and none of `reserved`.
pub(super) fn stems<'n>(names: impl Iterator<Item = (&'n str, &'n str)>, reserved: &[&str]) -> Vec<String> {
    let names: Vec<_> = names.collect();
    let mut order = names.clone();
    order.sort_unstable_by_key(|(name, _)| (name.to_lowercase() != *name, *name));
    let mut taken: HashSet<String> = reserved.iter().map(|name| name.to_lowercase()).collect();
    let mut made: BTreeMap<&str, String> = BTreeMap::new();
    for (name, identifier) in order {
        if made.contains_key(name) {
            continue;
        }
        let mut stem = identifier.to_owned();
        let mut round = 0_u64;
        while !is_plain(&stem) || !taken.insert(stem.to_lowercase()) {
            stem = hashed(identifier, name, round);
            round += 1;
        }
        made.insert(name, stem);
    }
    names.iter().filter_map(|(name, _)| made.get(name).cloned()).collect()
}

fn is_plain(stem: &str) -> bool {
    let lower = stem.to_ascii_lowercase();
    let numbered = |device: &str| {
        lower
            .strip_prefix(device)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    !stem.is_empty()
        && stem.len() <= MAX_BYTES
        && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !DEVICES.contains(&lower.as_str())
        && !numbered("com")
        && !numbered("lpt")
}

/// `round` tells apart names whose hashes are the same.
fn hashed(identifier: &str, name: &str, round: u64) -> String {
    let kept: String =
        identifier.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(KEPT_CHARS).collect();
    let hash = name.bytes().chain(round.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let kept = kept.trim_end_matches('_');
    let head = if kept.is_empty() || kept.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
    format!("{head}{kept}_{:012x}", hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naming::identifier;

    fn made(names: &[&str]) -> Vec<String> {
        let identifiers: Vec<String> = names.iter().map(|name| identifier(name)).collect();
        stems(names.iter().copied().zip(identifiers.iter().map(String::as_str)), &["index"])
    }

    #[test]
    fn names_become_safe_file_names() {
        let long = "x".repeat(300);
        let hostile =
            ["search", "../x", "CON", "com1", "Search", "index", &long, "八字", "", "$", "a b", "con.txt"];
        let stems = made(&hostile);
        for (name, stem) in hostile.iter().zip(&stems) {
            assert!(is_plain(stem) && !stem.eq_ignore_ascii_case("index"), "{name}: {stem}");
        }
        let folded: HashSet<String> = stems.iter().map(|stem| stem.to_lowercase()).collect();
        assert_eq!(folded.len(), hostile.len());
        assert_eq!(
            stems.iter().filter(|stem| ["search", "a_b", "con_txt"].contains(&stem.as_str())).count(),
            3
        );
    }

    #[test]
    fn file_names_do_not_depend_on_order() {
        let names = ["getX", "getx", "GETX", "a-b", "a_b"];
        let (forward, mut backward) = (made(&names), names);
        backward.reverse();
        let mut again = made(&backward);
        again.reverse();
        assert_eq!(forward, again);
    }
}
