//! Characters of a name that look like others, or like nothing: they are spelled out.
//!
//! Two tools whose names look the same but are not would be told apart by nobody. The rule looks
//! at one name alone, so a name's identifier does not depend on what else there is: in a word (a
//! run of letters) a letter becomes `u` and its number in hexadecimal, as in `su0435arch`, where it
//!
//! - is a mark that is set over another letter, or a styled or wide form of a plain letter;
//! - stands beside plain Latin letters and is of a script that has look-alikes of them;
//! - stands in a word that is made of look-alikes of plain Latin letters alone.
//!
//! A character that shows nothing counts as no part of an identifier.

use std::borrow::Cow;

/// Letters of other scripts that look like plain Latin ones.
const LIKE_LATIN: &str =
    "АВЕКМНОРСТУХІЈЅԚԌԜҮѴӀаеорсухіјѕԛԁһѵӏԝүΑΒΕΖΗΙΚΜΝΟΡΤΥΧαιγνορυϲϳՕՍՏԼօոսհցյզᎪᎬᎻᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃ";

/// The name with what could be taken for something else spelled out.
pub(crate) fn spelled_out(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for word in words(name) {
        let mixed = word.contains(|c: char| c.is_ascii_alphabetic());
        let alike = word.chars().all(|c| !c.is_alphabetic() || LIKE_LATIN.contains(c));
        for c in word.chars() {
            if is_blank(c) {
                // No identifier has one.
                out.push(' ');
            } else if is_styled(c) || mixed && has_look_alikes(c) || alike && LIKE_LATIN.contains(c) {
                out.push_str(&format!("u{:04x}", u32::from(c)));
            } else {
                out.push(c);
            }
        }
    }
    if out == name { Cow::Borrowed(name) } else { Cow::Owned(out) }
}

/// The name in runs of letters with what is set over them, and runs of everything else.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let is_letter = |c: char| c.is_alphabetic() || is_styled(c);
    let mut rest = name;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|c| is_letter(c) != is_letter(first)).unwrap_or(rest.len());
        let (word, others) = rest.split_at(end);
        rest = others;
        Some(word)
    })
}

/// Letters and marks that show nothing, although they may stand in an identifier.
fn is_blank(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200c}' | '\u{200d}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{e0100}'..='\u{e01ef}')
}

/// Marks over letters, and plain letters and digits in another style or width.
fn is_styled(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{2100}'..='\u{214f}' | '\u{fb00}'..='\u{fb06}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}'
        | '\u{1d400}'..='\u{1d7ff}' | '\u{1f130}'..='\u{1f189}')
}

/// Letters of the scripts of which some look like plain Latin ones.
fn has_look_alikes(c: char) -> bool {
    matches!(c,
        'ı' | 'ȷ' | 'ſ' | '\u{250}'..='\u{2af}' | '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}'
        | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1c80}'..='\u{1c8f}' | '\u{1d00}'..='\u{1d7f}'
        | '\u{1f00}'..='\u{1fff}' | '\u{2c80}'..='\u{2cff}' | '\u{a4d0}'..='\u{a4ff}'
        | '\u{a640}'..='\u{a69f}' | '\u{ab30}'..='\u{abbf}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_spelled_out() {
        for (name, spelled) in [
            ("search", "search"),
            ("s\u{435}arch", "su0435arch"),
            ("\u{441}\u{43e}\u{440}\u{443}_all", "u0441u043eu0440u0443_all"),
            ("поиск_all", "поиск_all"),
            ("größe", "größe"),
            ("八字", "八字"),
            ("ｓearch", "uff53earch"),
            ("cafe\u{301}", "cafeu0301"),
            ("a\u{fe0f}b", "a b"),
            ("Δ", "Δ"),
            ("xΔ", "xu0394"),
        ] {
            assert_eq!(spelled_out(name), spelled, "{name}");
        }
    }
}
