//! The addresses of what a role holds.

use std::fmt::Write;

const NOTES: &str = "terraphim://notes/";
const CONCEPTS: &str = "terraphim://concepts/";
const INDEXES: &str = "terraphim://autocomplete/";

/// Longest address that is read, in bytes.
const MAX_BYTES: usize = 16 << 10;

/// What an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Note { role: String, path: String },
    Concept { role: String, concept: String },
    Index { role: String },
}

impl Address {
    pub(crate) fn role(&self) -> &str {
        match self {
            Self::Note { role, .. } | Self::Concept { role, .. } | Self::Index { role } => role,
        }
    }
}

/// The address of a note.
pub(crate) fn note(role: &str, path: &str) -> String {
    format!("{NOTES}{role}/{}", escaped(path, "-._~/"))
}

/// The address of a concept.
pub(crate) fn concept(role: &str, name: &str) -> String {
    format!("{CONCEPTS}{role}/{}", escaped(name, "-._~"))
}

/// The address of a role's autocomplete index.
pub(crate) fn index(role: &str) -> String {
    format!("{INDEXES}{role}")
}

fn escaped(text: &str, plain: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.as_bytes().contains(&byte) {
            made.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(made, "%{byte:02X}");
        }
    }
    made
}

/// Reads an address; none for any other text.
pub(crate) fn parse(uri: &str) -> Option<Address> {
    if uri.len() > MAX_BYTES {
        return None;
    }
    if let Some(rest) = uri.strip_prefix(NOTES) {
        let (role, path) = two(rest)?;
        return Some(Address::Note { role, path });
    }
    if let Some(rest) = uri.strip_prefix(CONCEPTS) {
        let (role, concept) = two(rest)?;
        return Some(Address::Concept { role, concept });
    }
    let role = plain(uri.strip_prefix(INDEXES)?)?;
    (!role.is_empty() && !role.contains('/')).then_some(Address::Index { role })
}

fn two(rest: &str) -> Option<(String, String)> {
    let (role, name) = rest.split_once('/')?;
    let (role, name) = (plain(role)?, plain(name)?);
    (!role.is_empty() && !name.is_empty()).then_some((role, name))
}

/// A text without its escapes; none if one is broken or the bytes are not UTF-8.
fn plain(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(note("me", "a b/ü?.md"), "terraphim://notes/me/a%20b/%C3%BC%3F.md");
        assert_eq!(concept("me", "tcp/ip"), "terraphim://concepts/me/tcp%2Fip");
        assert_eq!(index("me"), "terraphim://autocomplete/me");
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for text in [
            "",
            "terraphim://",
            "terraphim://notes/",
            "terraphim://notes/me",
            "terraphim://notes/me/",
            "terraphim://notes//a.md",
            "terraphim://notes/me/%",
            "terraphim://notes/me/%+1",
            "terraphim://notes/me/%ff",
            "terraphim://autocomplete/",
            "terraphim://autocomplete/me/x",
            "TERRAPHIM://notes/me/a.md",
            "file:///etc/passwd",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&note("me", &"x".repeat(20_000))), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(role in "[a-zA-Z0-9_-]{1,8}", name in "\\PC{1,40}") {
            prop_assert_eq!(parse(&note(&role, &name)), Some(Address::Note { role: role.clone(), path: name.clone() }));
            prop_assert_eq!(parse(&concept(&role, &name)), Some(Address::Concept { role: role.clone(), concept: name }));
            prop_assert_eq!(parse(&index(&role)), Some(Address::Index { role }));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            parse(&text);
            parse(&format!("terraphim://notes/{text}"));
        }
    }
}
