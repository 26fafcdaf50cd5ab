//! The bytes of an autocomplete index.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `TKGINDEX` |
//! | 2 | version, little-endian as all numbers here |
//! | 4 + n | name: length, UTF-8 |
//! | 4, 4 | count of concepts, count of terms |
//! | each concept | id (8), name (4 + n), address (4 + n, empty for none) |
//! | each term | written form (4 + n), place of its concept (4), weight (8) |
//! | 32 | SHA-256 of all before |
//!
//! The transducer is not among them: bytes of others are never walked, they are
//! compiled anew. The sum tells damage, not forgery, so everything is checked
//! whatever the sum says.

use sha2::{Digest, Sha256};

use super::{AutocompleteError, AutocompleteIndex, Concepts, Entry};
use crate::{
    fold::fold,
    thesaurus::{MAX_TERM_BYTES, MAX_TERMS},
};

/// The version that is written, and the only one that is read.
pub const FORMAT_VERSION: u16 = 1;

/// Most bytes that are read.
pub const MAX_INDEX_BYTES: usize = 256 << 20;

const MAGIC: &[u8; 8] = b"TKGINDEX";
const SUM_BYTES: usize = 32;

/// Fewest bytes that a concept and a term can have.
const CONCEPT_BYTES: usize = 8 + 4 + 4;
const TERM_BYTES: usize = 4 + 4 + 8;

/// Why bytes are no index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexFormatError {
    /// They begin otherwise.
    #[error("these bytes are not an autocomplete index: make one by serializing an index")]
    Foreign,
    /// They are of another version.
    #[error("the index has format version {found}, this program reads {FORMAT_VERSION}: serialize it anew")]
    Version {
        /// The version found.
        found: u16,
    },
    /// There are too many of them.
    #[error("the index has {bytes} bytes, the limit is {MAX_INDEX_BYTES}: split the thesaurus")]
    TooLong {
        /// How many there are.
        bytes: usize,
    },
    /// The sum does not match.
    #[error("the index is damaged: its checksum does not match")]
    Checksum,
    /// A part breaks the format.
    #[error("the index is malformed at byte {offset}: {what}")]
    Malformed {
        /// Where.
        offset: usize,
        /// The rule that is broken.
        what: &'static str,
    },
    /// It could not be compiled.
    #[error("the index cannot be compiled")]
    Compile {
        /// Why.
        #[source]
        source: AutocompleteError,
    },
}

impl AutocompleteIndex {
    /// The index as bytes, for [`AutocompleteIndex::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        write_text(&mut bytes, &self.name);
        write_count(&mut bytes, self.concepts.ids.len());
        write_count(&mut bytes, self.terms.weights.len());
        let concepts = self.concepts.names.iter().zip(self.concepts.urls.iter());
        for (id, (name, url)) in self.concepts.ids.iter().zip(concepts) {
            bytes.extend_from_slice(&id.to_le_bytes());
            write_text(&mut bytes, name);
            write_text(&mut bytes, url);
        }
        let numbers = self.terms.concepts.iter().zip(&self.terms.weights);
        for (written, (concept, weight)) in self.terms.written.iter().zip(numbers) {
            write_text(&mut bytes, written);
            bytes.extend_from_slice(&concept.to_le_bytes());
            bytes.extend_from_slice(&weight.to_le_bytes());
        }
        let sum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// Reads an index from bytes of unknown origin. Memory stays within a small
    /// multiple of their length.
    ///
    /// # Errors
    /// Every variant of [`IndexFormatError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexFormatError> {
        if !bytes.starts_with(MAGIC) {
            return Err(IndexFormatError::Foreign);
        }
        let mut reader = Reader { bytes, at: MAGIC.len() };
        let found = u16::from_le_bytes(reader.array()?);
        if found != FORMAT_VERSION {
            return Err(IndexFormatError::Version { found });
        }
        if bytes.len() > MAX_INDEX_BYTES {
            return Err(IndexFormatError::TooLong { bytes: bytes.len() });
        }
        let (content, sum) = bytes
            .len()
            .checked_sub(SUM_BYTES)
            .and_then(|length| bytes.split_at_checked(length))
            .ok_or(IndexFormatError::Checksum)?;
        if Sha256::digest(content).as_slice() != sum {
            return Err(IndexFormatError::Checksum);
        }
        Reader { bytes: content, at: reader.at }.index()
    }
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    write_count(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

fn write_count(bytes: &mut Vec<u8>, count: usize) {
    // Strings and tables of an index hold less than that.
    bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn index(mut self) -> Result<AutocompleteIndex, IndexFormatError> {
        let compile = |source| IndexFormatError::Compile { source };
        let name = self.text(usize::MAX)?;
        let concept_count = self.count(CONCEPT_BYTES)?;
        let term_count = self.count(TERM_BYTES)?;
        let mut concepts = Concepts::default();
        for _ in 0..concept_count {
            let id = u64::from_le_bytes(self.array()?);
            let (name, url) = (self.text(MAX_TERM_BYTES)?, self.text(usize::MAX)?);
            concepts.push(id, name, url).map_err(compile)?;
        }
        let mut terms = Vec::new();
        for _ in 0..term_count {
            let offset = self.at;
            let written = self.text(MAX_TERM_BYTES)?;
            let concept = u32::from_le_bytes(self.array()?);
            let weight = u64::from_le_bytes(self.array()?);
            let folded = fold(written);
            if !folded.chars().any(char::is_alphanumeric) || written.trim() != written {
                return Err(IndexFormatError::Malformed { offset, what: "a term is not usable" });
            }
            if crate::strings::place(concept) >= concept_count {
                return Err(IndexFormatError::Malformed { offset, what: "a term has no concept" });
            }
            terms.push((folded, written, concept, weight));
        }
        if self.at != self.bytes.len() {
            return Err(self.malformed("something follows the last term"));
        }
        terms.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let twice = terms.iter().zip(terms.iter().skip(1)).any(|(left, right)| left.0 == right.0);
        if twice {
            return Err(self.malformed("a term stands in it twice"));
        }
        let mut entries: Vec<_> = terms
            .iter()
            .map(|(folded, written, concept, weight)| Entry {
                folded,
                written,
                concept: *concept,
                weight: *weight,
            })
            .collect();
        AutocompleteIndex::compile(name, concepts, &mut entries).map_err(compile)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], IndexFormatError> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.malformed("it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], IndexFormatError> {
        let malformed = self.malformed("it ends too early");
        self.take(N)?.first_chunk().copied().ok_or(malformed)
    }

    /// A count of things that have at least so many bytes each.
    fn count(&mut self, least_bytes: usize) -> Result<usize, IndexFormatError> {
        let count = crate::strings::place(u32::from_le_bytes(self.array()?));
        if count > MAX_TERMS {
            return Err(self.malformed("it has too many terms or concepts"));
        }
        if count.saturating_mul(least_bytes) > self.bytes.len() {
            return Err(self.malformed("a count is greater than the bytes allow"));
        }
        Ok(count)
    }

    fn text(&mut self, longest: usize) -> Result<&'b str, IndexFormatError> {
        let length = crate::strings::place(u32::from_le_bytes(self.array()?));
        if length > longest {
            return Err(self.malformed("a text is too long"));
        }
        let malformed = self.malformed("a text is not UTF-8");
        std::str::from_utf8(self.take(length)?).map_err(|_| malformed)
    }

    fn malformed(&self, what: &'static str) -> IndexFormatError {
        IndexFormatError::Malformed { offset: self.at, what }
    }
}
