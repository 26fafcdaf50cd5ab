//! Whole numbers that JavaScript cannot hold: it has doubles, which are exact up to 2^53.

use terraphim_types::Language;

/// A number with fewer digits is exact in a double.
const DIGITS: usize = 16;

/// Whether programs in this language read each number as a double.
pub(super) fn reads_doubles(language: Language) -> bool {
    matches!(language, Language::TypeScript | Language::JavaScript | Language::Node)
}

/// The first whole number of a JSON text that changes when it is read as a double.
pub(super) fn first_rounded(json: &str) -> Option<&str> {
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at + 1),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = bytes.iter().skip(at).take_while(is_part).count().max(1);
                let number = json.get(at..at + length)?;
                if length >= DIGITS && is_rounded(number) {
                    return Some(number);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    let rest = |at: usize| bytes.get(at..).unwrap_or_default().iter();
    while let Some(found) = rest(at).position(|byte| matches!(byte, b'"' | b'\\')) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whether they lose anything is the question"
)]
fn is_rounded(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    digits.parse::<u128>().map_or(true, |whole| whole as f64 as u128 != whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_beyond_a_double_are_found_outside_of_texts() {
        for (json, rounded) in [
            ("{\"id\":9007199254740993}", Some("9007199254740993")),
            ("[1, -9007199254740993 ]", Some("-9007199254740993")),
            ("[9007199254740992, 9007199254740994, 1e300, 100000000000000000000]", None),
            ("[0.12345678901234567, 1234567890123456.75, 12345678901234567e3]", None),
            ("{\"9007199254740993\":\"9007199254740993 \\\" 9007199254740993\"}", None),
            ("{\"a\\\\\":18446744073709551615}", Some("18446744073709551615")),
            ("340282366920938463463374607431768211457", Some("340282366920938463463374607431768211457")),
            ("\"open 9007199254740993", None),
            ("\"\\", None),
            ("", None),
        ] {
            assert_eq!(first_rounded(json), rounded, "{json}");
        }
    }
}
