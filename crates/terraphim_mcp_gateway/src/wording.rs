//! Wording of complaints: the names closest to one that is not known, and
//! excerpts of what was given.

/// How many names are offered at most.
const OFFERED: usize = 3;
/// How much of a name is compared, in characters.
const LETTERS: usize = 64;

/// Up to three of `candidates` that resemble `name`, the closest first.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = plain(name);
    let written: String = name.chars().take(LETTERS).collect();
    let mut scored: Vec<_> = candidates
        .into_iter()
        .map(|candidate| (similarity(&wanted, &plain(candidate)), candidate))
        .filter(|(score, _)| *score >= 0.5)
        .map(|(score, candidate)| {
            // Of those that differ in case and separators alone, the one that is written most alike.
            let start: String = candidate.chars().take(LETTERS).collect();
            (score, strsim::normalized_damerau_levenshtein(&written, &start), candidate)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then_with(|| a.2.cmp(b.2)));
    scored.into_iter().take(OFFERED).map(|(_, _, candidate)| candidate.to_owned()).collect()
}

/// The sentence part that offers them; empty where there are none.
pub(crate) fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => format!("; did you mean {}?", quoted(names)),
    }
}

/// The names in backquotes, separated by commas.
pub(crate) fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// At most that many characters of a text, with a mark where it was cut.
pub(crate) fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Case and separators make no difference.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(LETTERS).collect()
}

fn similarity(a: &str, b: &str) -> f64 {
    let contained = !a.is_empty() && !b.is_empty() && (a.contains(b) || b.contains(a));
    let distance = strsim::normalized_damerau_levenshtein(a, b);
    if contained { distance.max(0.6) } else { distance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_typos_and_parts_are_seen_through() {
        let names = ["search_files", "read_file", "list_directory", "write_file"];
        assert_eq!(nearest("searchFiles", names)[0], "search_files");
        assert_eq!(nearest("raed_file", names)[0], "read_file");
        assert_eq!(nearest("directory", names), ["list_directory"]);
        assert!(nearest("quaternion", names).is_empty());
        assert_eq!(did_you_mean(&nearest("read_fil", ["read_file"])), "; did you mean `read_file`?");
    }
}
