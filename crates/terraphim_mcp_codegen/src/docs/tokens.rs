//! How many tokens a text takes, at most, without a tokenizer: what a budget
//! goes by where an answer must not wait for an exact count.
//!
//! The figure is made from runs of characters of one kind, as byte pair
//! encodings take texts apart: of small letters four make a token, of digits
//! three, of signs two, of white space eight; of other scripts each character is
//! one. Texts of words and JSON have fewer tokens by o200k. A text of random letters can have
//! more, up to one for two letters.

/// The estimate, in tokens.
pub fn tokens_at_most(text: &str) -> usize {
    let mut tokens = 0;
    let mut run = 0;
    let mut last = None;
    for c in text.chars() {
        let kind = Kind::of(c);
        // A word goes on with small letters after a large one.
        let goes_on = last == Some(kind) || (last == Some(Kind::Large) && kind == Kind::Small && run == 1);
        if !goes_on {
            tokens += last.map_or(0, |last: Kind| last.tokens(run));
            run = 0;
        }
        run += 1;
        last = Some(kind);
    }
    tokens + last.map_or(0, |last| last.tokens(run))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Small,
    Large,
    Digit,
    Space,
    Sign,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' => Self::Small,
            'A'..='Z' => Self::Large,
            '0'..='9' => Self::Digit,
            ' ' | '\n' | '\t' | '\r' => Self::Space,
            c if c.is_ascii() => Self::Sign,
            _ => Self::Other,
        }
    }

    /// The tokens of so many characters.
    fn tokens(self, run: usize) -> usize {
        match self {
            // Most words of up to seven letters are one token.
            Self::Small if run <= 7 => 1,
            Self::Small => run.div_ceil(4),
            Self::Large => run.div_ceil(2),
            Self::Digit => run.div_ceil(3),
            // One space belongs to the word behind it.
            Self::Space if run == 1 => 0,
            Self::Space => run.div_ceil(8),
            Self::Sign => run.div_ceil(2),
            Self::Other => run,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_made_from_runs() {
        let cases = [
            ("", 0),
            ("hello world", 2),
            ("internationalisation", 5),
            ("{\"name\":\"a\"}", 6),
            ("2026-01-31", 6),
            ("知识图谱", 4),
            ("HTTPServer", 4),
        ];
        for (text, expected) in cases {
            assert_eq!(tokens_at_most(text), expected, "{text}");
        }
    }
}
