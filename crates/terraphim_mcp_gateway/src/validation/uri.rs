//! URIs and their fragments, as far as the names of schemas need them.

/// A URI read from where another one stands, as far as schemas need it.
pub(super) fn joined(base: &str, uri: &str) -> String {
    let has_scheme = |uri: &str| {
        let scheme = uri.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        !scheme.is_empty()
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    if has_scheme(uri) || base.is_empty() {
        return uri.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("", base));
    let (authority, path) = match (scheme, rest.find('/')) {
        ("", _) => ("", rest),
        (_, Some(at)) => rest.split_at(at),
        (_, None) => (rest, ""),
    };
    let sign = if scheme.is_empty() { "" } else { "://" };
    if uri.starts_with('/') {
        return format!("{scheme}{sign}{authority}{uri}");
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let slash = if path.contains('/') || !authority.is_empty() { "/" } else { "" };
    format!("{scheme}{sign}{authority}{folder}{slash}{}", uri.trim_start_matches("./"))
}

/// A fragment without its escapes; `None` where they are none.
pub(super) fn decoded(fragment: &str) -> Option<String> {
    if !fragment.contains('%') {
        return Some(fragment.to_owned());
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_from_where_they_stand() {
        let cases = [
            ("", "item.json", "item.json"),
            ("https://example.org/a/root.json", "item.json", "https://example.org/a/item.json"),
            ("https://example.org/a/root.json", "./item.json", "https://example.org/a/item.json"),
            ("https://example.org/a/root.json", "/item.json", "https://example.org/item.json"),
            ("https://example.org", "item.json", "https://example.org/item.json"),
            ("https://example.org/a", "urn:other", "urn:other"),
            ("schemas/root.json", "item.json", "schemas/item.json"),
            ("root", "item", "item"),
        ];
        for (base, uri, expected) in cases {
            assert_eq!(joined(base, uri), expected, "{base} {uri}");
        }
        assert_eq!(decoded("/%24defs/a%20b").as_deref(), Some("/$defs/a b"));
        assert_eq!((decoded("%"), decoded("%zz"), decoded("%ff")), (None, None, None));
    }
}
