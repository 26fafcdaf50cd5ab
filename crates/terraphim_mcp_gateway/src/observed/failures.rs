//! What calls of a tool have failed with: a few messages, each on one line and
//! without what looks like a value.

/// How many different messages are kept.
pub(super) const MOST: usize = 5;

/// Longest message, in characters.
const CHARS: usize = 160;

/// How much of a message is looked at, in characters.
const LOOKED_AT: usize = 1_000;

/// Longest quoted name that stays, in characters; any other quoted text goes.
const QUOTED: usize = 24;

/// Longest run of digits that stays, longest word with a digit, and longest word.
const DIGITS: usize = 3;
const MIXED: usize = 3;
const WORD: usize = 32;

/// The message as it is kept: white space collapsed, and an ellipsis for each
/// address and path, each number of more than three digits, each word with a
/// digit, and each quoted text that is not a short name.
pub(super) fn message(text: &str) -> String {
    let head: String = text.chars().take(LOOKED_AT).collect();
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let shown = |word| if is_place(word) { "…" } else { word };
    let words: Vec<&str> = head.split_whitespace().map(shown).collect();
    let line: Vec<char> = words.join(" ").chars().filter(visible).collect();
    let mut kept = String::new();
    let mut rest = line.as_slice();
    while let Some((first, after)) = rest.split_first() {
        if kept.chars().count() > CHARS {
            break;
        }
        if matches!(first, '"' | '\'' | '`')
            && let Some(length) = after.iter().position(|c| c == first)
            && !after.get(..length).is_some_and(is_name)
        {
            kept.extend([*first, '…', *first]);
            rest = after.get(length + 1..).unwrap_or_default();
            continue;
        }
        let length = rest.iter().take_while(|c| is_part(**c)).count();
        if length == 0 {
            kept.push(*first);
            rest = after;
            continue;
        }
        let (word, after) = rest.split_at(length);
        if is_value(word) {
            kept.push('…')
        } else {
            kept.extend(word)
        }
        rest = after;
    }
    crate::wording::cut(&kept, CHARS - 3)
}

/// Whether a word may say where something or somebody is: a path, a URL, an address.
fn is_place(word: &str) -> bool {
    word.contains(['@', '/', '\\'])
}

fn is_name(quoted: &[char]) -> bool {
    let is_part = |c: &char| c.is_alphabetic() || matches!(c, '_' | '-' | '.');
    quoted.len() <= QUOTED && quoted.iter().all(is_part)
}

/// Whether a character can stand inside of an identifier or a key.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '=')
}

fn is_value(word: &[char]) -> bool {
    let mut digits = 0;
    let mut longest = 0;
    for c in word {
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        longest = longest.max(digits);
    }
    longest > DIGITS || longest > 0 && word.len() > MIXED || word.len() > WORD
}

/// Puts a message in front of those known; whether it is a new one.
pub(super) fn add(known: &mut Vec<String>, message: String) -> bool {
    if message.is_empty() || known.contains(&message) {
        return false;
    }
    known.insert(0, message);
    known.truncate(MOST);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_words_and_loses_its_values() {
        let cases = [
            ("no such file", "no such file"),
            ("issue 48213771 not found", "issue … not found"),
            ("bad key sk-live-9aF3kQ81xZ77pLmN: denied", "bad key …: denied"),
            ("commit deadbeef0123 is unknown", "commit … is unknown"),
            ("line 12, status 404", "line 12, status 404"),
            ("cannot read \"a very long text that a caller has sent\" here", "cannot read \"…\" here"),
            ("cannot read 'short'", "cannot read 'short'"),
            ("cannot read 'what he wrote'", "cannot read '…'"),
            (
                "card 4111 1111 1111 1111 of a.b@c.org, password hunter2, /home/a/plan.txt",
                "card … … … … of … password …, …",
            ),
            ("a\n\tb\u{1b}[m\u{202e}", "a b[m"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(message(text), expected, "{text}");
        }
        assert!(message(&"ab ".repeat(1 << 20)).chars().count() <= CHARS);
        assert!(message(&"x".repeat(1 << 20)).len() < 10);
    }

    #[test]
    fn the_last_few_different_ones_are_kept() {
        let mut known = Vec::new();
        assert!(
            add(&mut known, "0".into()) && !add(&mut known, "0".into()) && !add(&mut known, String::new())
        );
        for n in 1..10 {
            add(&mut known, n.to_string());
        }
        assert_eq!(known, ["9", "8", "7", "6", "5"]);
    }
}
