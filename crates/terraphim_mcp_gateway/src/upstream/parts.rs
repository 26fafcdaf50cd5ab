//! How many values a text would become. A value takes up to forty times the
//! memory of its text, so the length alone bounds nothing.

/// Most values that are built from one message.
const MOST: usize = 2_000_000;

/// What is said of a message with more.
pub(super) const TOO_MANY: &str = "it holds more than two million values";

/// Whether a text of JSON would become more values than are built. Looks at its
/// bytes and builds none.
pub(super) fn too_many(json: &str) -> bool {
    // A value takes a byte and what divides it from the next.
    json.len() / 2 > MOST && count(json.as_bytes()) > MOST
}

/// The number of values, or a few more: each opens a list or an object, or
/// follows a comma or the opening of one.
fn count(json: &[u8]) -> usize {
    let mut count = 1_usize;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' | b',' => count += 1,
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_what_stands_in_texts_is_not() {
        for (json, least, most) in [
            ("1", 1, 1),
            ("[]", 1, 2),
            ("[1,2,3]", 4, 4),
            (r#"{"a":[{},{"b":1}],"c":2}"#, 6, 8),
            (r#""[,,{\"[,,{\\""#, 1, 1),
            (r#"["\\",1]"#, 3, 3),
        ] {
            let count = count(json.as_bytes());
            assert!((least..=most).contains(&count), "{json}: {count}");
        }
    }

    #[test]
    fn long_texts_are_few_values_and_short_ones_may_be_many() {
        assert!(!too_many(&format!(r#"["{}"]"#, ",".repeat(10 << 20))));
        assert!(too_many(&format!("[{}{{}}]", "{},".repeat(MOST))));
    }
}
