//! Text as index terms: identifiers split, accents folded, words stemmed; scripts
//! that put no space between words (Chinese, Japanese, Korean, Thai, Khmer, Lao,
//! Burmese) in pairs of characters.

/// Most characters of one text that are indexed.
const MAX_TEXT_CHARS: usize = 8_000;
/// Longest term, in characters; what follows is dropped.
const MAX_TERM_CHARS: usize = 40;

/// Words that say nothing about a tool, sorted.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "does", "for", "from", "had", "has", "have", "help", "how", "i", "if", "in",
    "into", "is", "it", "its", "let", "like", "me", "my", "need", "of", "on", "or", "our", "out", "please",
    "should", "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "those", "to", "us", "want", "was", "we", "were", "what", "when", "where", "which", "who",
    "will", "with", "would", "you", "your",
];

/// Whether a word is left out of queries that have others.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Gives each term of a text, in order, unstemmed and in lower case.
pub(super) fn split(text: &str, mut give: impl FnMut(&str)) {
    let mut word = String::new();
    let mut pair: Option<char> = None;
    let mut lone = false;
    let mut last = Kind::Other;
    let mut chars = text.chars().take(MAX_TEXT_CHARS).peekable();
    while let Some(c) = chars.next() {
        let kind = Kind::of(c);
        if kind == Kind::Mark {
            continue;
        }
        let next = chars.peek().map_or(Kind::Other, |c| Kind::of(*c));
        let is_new = match (last, kind) {
            (_, Kind::Other | Kind::Ideograph) => true,
            (Kind::Lower | Kind::Digit, Kind::Upper) => true,
            // The last capital of `HTTPServer` opens the next word.
            (Kind::Upper, Kind::Upper) => next == Kind::Lower,
            (Kind::Digit, Kind::Lower) | (Kind::Lower | Kind::Upper, Kind::Digit) => true,
            _ => false,
        };
        if is_new && !word.is_empty() {
            give(&word);
            word.clear();
        }
        if kind == Kind::Ideograph {
            if let Some(before) = pair {
                give(&String::from_iter([before, c]));
            }
            lone = pair.is_none();
            pair = Some(c);
        } else {
            if let (true, Some(only)) = (lone, pair) {
                give(&String::from(only));
            }
            (pair, lone) = (None, false);
        }
        if !matches!(kind, Kind::Other | Kind::Ideograph) && word.chars().count() < MAX_TERM_CHARS {
            push_folded(&mut word, c);
        }
        last = kind;
    }
    if !word.is_empty() {
        give(&word);
    }
    if let (true, Some(only)) = (lone, pair) {
        give(&String::from(only));
    }
}

/// The terms of a text, stemmed.
pub(super) fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    split(text, |word| terms.push(stem(word)));
    terms
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Ideograph,
    /// An accent, a vowel sign or a joiner of the character before it.
    Mark,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            // Combining accents, soft hyphen and joiners, Hebrew points, Arabic vowel signs and
            // lengthening, Thai tone marks, variation selectors.
            '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{640}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{e47}'..='\u{e4e}'
            | '\u{200b}'..='\u{200d}'
            | '\u{fe00}'..='\u{fe0f}' => Self::Mark,
            '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{2e80}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => {
                if c.is_alphanumeric() {
                    Self::Ideograph
                } else {
                    Self::Other
                }
            }
            c if c.is_uppercase() => Self::Upper,
            c if c.is_alphabetic() => Self::Lower,
            c if c.is_numeric() => Self::Digit,
            _ => Self::Other,
        }
    }
}

/// Adds a letter in lower case and without its accent, so that `Löschen` meets
/// `loschen`, and the forms of an Arabic alef each other.
fn push_folded(word: &mut String, c: char) {
    if c.is_ascii() {
        word.push(c.to_ascii_lowercase());
        return;
    }
    for c in c.to_lowercase() {
        let plain = match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
            'æ' => "ae",
            'ç' | 'ć' | 'č' => "c",
            'ď' | 'đ' => "d",
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
            'ğ' => "g",
            'ì'..='ï' | 'ī' | 'ı' => "i",
            'ł' => "l",
            'ñ' | 'ń' | 'ň' => "n",
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
            'œ' => "oe",
            'ř' => "r",
            'ś' | 'š' | 'ş' | 'ș' => "s",
            'ß' => "ss",
            'ť' | 'ţ' | 'ț' => "t",
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
            'ý' | 'ÿ' => "y",
            'ź' | 'ż' | 'ž' => "z",
            'ё' => "е",
            'أ' | 'إ' | 'آ' => "ا",
            'ى' => "ي",
            '\u{307}' => "",
            _ => {
                word.push(c);
                continue;
            }
        };
        word.push_str(plain);
    }
}

/// The word without the endings of its language, as far as its script tells it.
pub(super) fn stem(word: &str) -> String {
    match word.chars().next() {
        Some('\u{400}'..='\u{52f}') => cyrillic_stem(word).to_owned(),
        Some('\u{600}'..='\u{6ff}') => arabic_stem(word).to_owned(),
        _ => english_stem(word),
    }
}

/// Case and number of Russian and its neighbours: the longest ending that leaves three letters.
fn cyrillic_stem(word: &str) -> &str {
    const ENDINGS: &[&str] = &[
        "иями",
        "ениями",
        "ами",
        "ями",
        "иях",
        "ого",
        "его",
        "ому",
        "ему",
        "ыми",
        "ими",
        "ать",
        "ять",
        "ить",
        "еть",
        "ия",
        "ие",
        "ии",
        "ию",
        "ий",
        "ый",
        "ой",
        "ая",
        "яя",
        "ое",
        "ее",
        "ые",
        "ов",
        "ев",
        "ей",
        "ам",
        "ям",
        "ах",
        "ях",
        "ом",
        "ем",
        "ую",
        "юю",
        "ы",
        "и",
        "а",
        "я",
        "у",
        "ю",
        "о",
        "е",
        "ь",
        "й",
    ];
    let rests = ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending));
    rests.filter(|rest| rest.chars().count() >= 3).min_by_key(|rest| rest.len()).unwrap_or(word)
}

/// Without the article and what is written together with it, and without the sound plurals.
fn arabic_stem(word: &str) -> &str {
    let long = |rest: &&str| rest.chars().count() >= 3;
    let heads = ["وال", "بال", "كال", "فال", "ال", "لل"];
    let word = heads.iter().find_map(|head| word.strip_prefix(head).filter(long)).unwrap_or(word);
    let tails = ["ات", "ون", "ين", "ان", "ية", "ة", "ه"];
    tails.iter().find_map(|tail| word.strip_suffix(tail).filter(long)).unwrap_or(word)
}

/// Strips the common English endings, so that `creating`, `created`, `creation`
/// and `creates` meet. Lighter than Porter's algorithm: what is left need not be
/// a word, but two different words should seldom meet.
fn english_stem(word: &str) -> String {
    // The one frequent word whose ending is none.
    if !word.is_ascii() || word.len() < 4 || word == "news" {
        return word.to_owned();
    }
    let mut stem = without_plural(word).into_owned();
    for (ending, least) in [
        ("ization", 3),
        ("isation", 3),
        ("ing", 3),
        ("edly", 3),
        ("ed", 3),
        ("ment", 5),
        ("er", 4),
        ("or", 4),
        ("ly", 4),
    ] {
        let Some(rest) = stem.strip_suffix(ending) else { continue };
        if rest.len() >= least && rest.contains(['a', 'e', 'i', 'o', 'u', 'y']) {
            stem = without_double(rest).to_owned();
        }
        break;
    }
    for ending in ["ations", "ation", "ative", "ate"] {
        if let Some(rest) = stem.strip_suffix(ending).filter(|rest| rest.len() >= 4) {
            stem = format!("{rest}at");
            break;
        }
    }
    if let Some(rest) = stem.strip_suffix("ion").filter(|rest| rest.len() >= 4 && rest.ends_with(['t', 's']))
    {
        stem = rest.to_owned();
    }
    if let Some(rest) = stem.strip_suffix('e').filter(|rest| rest.len() >= 3) {
        stem = rest.to_owned();
    }
    stem
}

fn without_plural(word: &str) -> std::borrow::Cow<'_, str> {
    if let Some(rest) = word.strip_suffix("ies").filter(|rest| rest.len() >= 2) {
        return format!("{rest}y").into();
    }
    for ending in ["sses", "xes", "ches", "shes", "zes"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").unwrap_or(word).into();
        }
    }
    let is_plural = word.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    word.strip_suffix('s').filter(|_| is_plural).unwrap_or(word).into()
}

/// `running` leaves `runn`, which is `run`.
fn without_double(word: &str) -> &str {
    let mut ends = word.chars().rev();
    match (ends.next(), ends.next()) {
        (Some(a), Some(b)) if a == b && !matches!(a, 'l' | 's' | 'z' | 'a' | 'e' | 'i' | 'o' | 'u') => {
            word.strip_suffix(a).unwrap_or(word)
        }
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        split(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn identifiers_are_split() {
        assert_eq!(
            words("readFile list-collections HTTPServer2 sha256_sum"),
            ["read", "file", "list", "collections", "http", "server", "2", "sha", "256", "sum"]
        );
        assert_eq!(words("使用必应 search 图"), ["使用", "用必", "必应", "search", "图"]);
        assert_eq!(words("Dateien LÖSCHEN, cafe\u{301}"), ["dateien", "loschen", "cafe"]);
        assert_eq!(words("ค้นหา"), ["คน", "นห", "หา"]);
        assert_eq!(words("مَلَفّ"), ["ملف"]);
        assert!(words("--- …").is_empty());
    }

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            &["create", "creates", "creating", "created", "creation", "creator"][..],
            &["query", "queries"],
            &["execute", "execution", "executed", "executing"],
            &["match", "matches", "matching", "matched", "matcher"],
            &["run", "running"],
            &["manage", "management", "manager", "managing"],
            &["search", "searches", "searching"],
            &["translate", "translation", "translator"],
            &["path", "paths"],
            &["файл", "файлы", "файлов", "файлами"],
            &["ملف", "الملف", "ملفات"],
        ] {
            let stems: Vec<_> = forms.iter().map(|form| stem(form)).collect();
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{forms:?} {stems:?}");
        }
        assert_ne!(stem("status"), stem("state"));
        assert_ne!(stem("news"), stem("new"));
    }
}
