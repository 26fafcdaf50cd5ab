//! The name of a note within its role.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Names a note within its role. It is made from the note's path, so it stays
/// the same while the note stays where it is. Written as 16 hexadecimal digits
/// it is the id of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteKey(pub u64);

impl NoteKey {
    pub(crate) fn of(path: &str) -> Self {
        let hash = Sha256::digest(path);
        Self(hash.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text is not the id of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document's id has 16 hexadecimal digits: pass the `id` of a document found")]
pub struct InvalidKey;

impl FromStr for NoteKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let key = if digits { u64::from_str_radix(text, 16).ok() } else { None };
        key.map(Self).ok_or(InvalidKey)
    }
}

impl Serialize for NoteKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for key in [NoteKey(0), NoteKey(u64::MAX), NoteKey::of("a/b.md")] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for wrong in ["", "12", "+123456789012345", "g000000000000000", "00000000000000000"] {
            assert_eq!(wrong.parse::<NoteKey>(), Err(InvalidKey), "{wrong}");
        }
    }
}
