//! How far two spellings are apart, and which names are nearest to one that is not known.

/// Longest text that is compared, in characters; what follows is not looked at.
const MAX_CHARS: usize = 64;

/// Number of edits (insertion, deletion, substitution, swap of neighbours) that
/// turn `a` into `b`, or `None` where it is more than `limit`.
///
/// The optimal string alignment distance: no part is edited twice.
pub(crate) fn edit_distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let a: Vec<char> = a.chars().take(MAX_CHARS).collect();
    let b: Vec<char> = b.chars().take(MAX_CHARS).collect();
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        let mut left = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut cost = (at(&above, j) + usize::from(x != y)).min(at(&above, j + 1) + 1).min(left + 1);
            let swapped = j > 0 && i > 0 && b.get(j - 1) == Some(&x) && a.get(i - 1) == Some(&y);
            if swapped {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
            left = cost;
        }
        if row.iter().min().is_none_or(|least| *least > limit) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|distance| *distance <= limit)
}

/// A set of the letters and digits in a word; two words whose sets differ in
/// more than `2 * limit` members are more than `limit` edits apart.
pub(crate) fn letters(word: &str) -> u64 {
    word.chars().take(MAX_CHARS).fold(0, |set, c| set | 1 << (u32::from(c) % 64))
}

/// Up to three of `candidates` that are most like `name`, best first. Case and
/// separators do not count; a qualified candidate is also compared by its last part.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = folded(name);
    let wanted_tail = folded(tail(name));
    let mut ranked: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let whole = unlikeness(&wanted, &folded(candidate));
            let part = unlikeness(&wanted_tail, &folded(tail(candidate)));
            // The same tool of another server comes after a near miss of the whole name.
            let part = part.map(|edits| edits + usize::from(name.contains('.')));
            Some((whole.into_iter().chain(part).min()?, candidate))
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

fn tail(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, tail)| tail)
}

fn folded(name: &str) -> String {
    name.chars().take(2 * MAX_CHARS).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The edits between two folded names, where they are few for their length or one holds the other.
fn unlikeness(wanted: &str, candidate: &str) -> Option<usize> {
    let length = wanted.chars().count().min(MAX_CHARS);
    if length == 0 {
        return None;
    }
    let limit = (length / 3).max(1);
    let differing = (letters(wanted) ^ letters(candidate)).count_ones() as usize;
    if differing <= 2 * limit
        && let Some(edits) = edit_distance(wanted, candidate, limit)
    {
        return Some(edits);
    }
    let holds = length >= 3 && candidate.contains(wanted)
        || candidate.chars().count() >= 3 && wanted.contains(candidate);
    holds.then_some(limit + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, distance) in [
            ("search", "serach", 1),
            ("search", "search", 0),
            ("a", "", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
        ] {
            assert_eq!(edit_distance(a, b, 9), Some(distance), "{a} {b}");
            assert_eq!(edit_distance(b, a, 9), Some(distance), "{b} {a}");
        }
        assert_eq!(edit_distance("kitten", "sitting", 2), None);
    }

    #[test]
    fn style_and_typing_errors_are_forgiven() {
        let names = ["terraphim.search", "terraphim.find_matches", "excel.read_range", "github.search_code"];
        assert_eq!(nearest("terraphim.findMatches", names), ["terraphim.find_matches"]);
        assert_eq!(nearest("excel.readrnage", names), ["excel.read_range"]);
        assert_eq!(nearest("serach", names), ["terraphim.search", "github.search_code"][..1]);
        assert!(nearest("zzzzqqqq", names).is_empty());
        assert!(nearest("", names).is_empty());
    }
}
