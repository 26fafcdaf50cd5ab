//! JSON numbers: integers stay whole, also those that no machine integer holds.

use std::fmt;

/// A number. What neither an `i64`, a `u64` nor an `f64` holds keeps its text.
#[derive(Clone)]
pub struct Number(Kind);

#[derive(Clone)]
enum Kind {
    /// Every integer that fits.
    Int(i64),
    /// Integers above `i64::MAX`.
    Unsigned(u64),
    /// Finite.
    Float(f64),
    /// A JSON number: an integer beyond 64 bits, or one that is too large for an `f64`.
    Text(String),
}

impl Number {
    /// `None` for NaN and the infinities, which JSON does not have.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Kind::Float(value)))
    }

    /// The value of a JSON number's text, which the parser has checked.
    pub(crate) fn of_text(text: &str) -> Self {
        let whole = !text.contains(['.', 'e', 'E']);
        if whole {
            if let Ok(value) = text.parse() {
                return Self(Kind::Int(value));
            }
            if let Ok(value) = text.parse() {
                return Self(Kind::Unsigned(value));
            }
            return Self(Kind::Text(text.to_owned()));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Self(Kind::Float(value)),
            _ => Self(Kind::Text(text.to_owned())),
        }
    }

    /// The integer, if it is one that fits; `3.0` is 3.
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Kind::Int(value) => Some(value),
            // Beyond 2^53 a double does not tell which integer was meant.
            Kind::Float(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
                Some(value as i64)
            }
            _ => None,
        }
    }

    /// The integer, if it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Kind::Unsigned(value) => Some(value),
            _ => self.as_i64().and_then(|value| u64::try_from(value).ok()),
        }
    }

    /// The nearest double; `None` where that would be infinite.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.0 {
            Kind::Int(value) => Some(*value as f64),
            Kind::Unsigned(value) => Some(*value as f64),
            Kind::Float(value) => Some(*value),
            Kind::Text(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Kind::Int(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(i64::try_from(value).map_or(Kind::Unsigned(value), Kind::Int))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Int(one), Kind::Int(other)) => one == other,
            (Kind::Unsigned(one), Kind::Unsigned(other)) => one == other,
            (Kind::Text(one), Kind::Text(other)) => one == other,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Int(value) => write!(f, "{value}"),
            Kind::Unsigned(value) => write!(f, "{value}"),
            Kind::Float(value) if *value == 0.0 => f.write_str("0"),
            Kind::Float(value) if (1e-6..1e21).contains(&value.abs()) => write!(f, "{value}"),
            Kind::Float(value) => write!(f, "{value:e}"),
            Kind::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
