//! Lengths, budgets and primitive fields.

/// Bytes of a frame before its body: `u32` length and the kind.
pub const HEADER_BYTES: usize = 5;

/// A frame that cannot be accepted; its sender is not to be trusted further.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The kind byte stands for no frame of this direction.
    UnknownKind(u8),
    /// The body is longer than the budget of its kind.
    TooLong {
        /// The kind byte.
        kind: u8,
        /// Length of the body, in bytes.
        length: usize,
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// The body ends inside a field, or goes on behind the last one.
    BadLength {
        /// The kind byte.
        kind: u8,
    },
    /// A text field is not UTF-8.
    NotText {
        /// The kind byte.
        kind: u8,
    },
    /// The frame came a second time, or before or after its time.
    NotDue {
        /// The kind byte.
        kind: u8,
    },
    /// A field holds a value that stands for nothing.
    BadValue {
        /// The kind byte.
        kind: u8,
        /// The offending value.
        value: u8,
    },
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownKind(kind) => write!(f, "unknown frame kind {kind}"),
            Self::TooLong { kind, length, limit } => {
                write!(f, "frame of kind {kind} has {length} bytes, the limit is {limit}")
            }
            Self::BadLength { kind } => {
                write!(f, "frame of kind {kind} does not have the length of its fields")
            }
            Self::NotText { kind } => write!(f, "frame of kind {kind} has a text that is not UTF-8"),
            Self::NotDue { kind } => write!(f, "frame of kind {kind} is not due"),
            Self::BadValue { kind, value } => {
                write!(f, "frame of kind {kind} has the meaningless value {value}")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// The longest body that is accepted, by what it carries, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// A program with its settings.
    pub start: usize,
    /// A reply to a call.
    pub reply: usize,
    /// A call with its arguments.
    pub call: usize,
    /// A piece of the logs.
    pub log: usize,
    /// A result.
    pub done: usize,
    /// A failure's description.
    pub failed: usize,
}

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The kind byte.
    pub kind: u8,
    /// Length of the body, in bytes.
    pub body: usize,
}

impl Header {
    /// Reads a header; `None` if its length does not even cover the kind byte.
    pub fn decode(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        let [a, b, c, d, kind] = bytes;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        Some(Self { kind, body: length.checked_sub(1)? })
    }
}

/// Appends fields to a frame.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins a frame of `kind`, with room for a body of about `body` bytes.
    pub(crate) fn new(kind: u8, body: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + body);
        bytes.extend_from_slice(&[0, 0, 0, 0, kind]);
        Self { bytes }
    }

    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.bytes.push(value);
        self
    }

    pub(crate) fn u16(mut self, value: u16) -> Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A text with its length before it; cut at 4 GiB, which no budget allows.
    pub(crate) fn text(self, value: &str) -> Self {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let mut this = self.u32(length);
        this.bytes.extend(value.bytes().take(length as usize));
        this
    }

    /// The rest of the body.
    pub(crate) fn rest(mut self, value: &[u8]) -> Self {
        self.bytes.extend_from_slice(value);
        self
    }

    /// The frame. A body over 4 GiB keeps a length that the other side refuses.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len().saturating_sub(4)).unwrap_or(u32::MAX);
        for (slot, byte) in self.bytes.iter_mut().zip(length.to_le_bytes()) {
            *slot = byte;
        }
        self.bytes
    }
}

/// Takes fields off a body.
pub(crate) struct Reader<'a> {
    kind: u8,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(kind: u8, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, tail) =
            self.bytes.split_first_chunk().ok_or(DecodeError::BadLength { kind: self.kind })?;
        self.bytes = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        let [value] = self.array()?;
        Ok(value)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn text(&mut self) -> Result<String, DecodeError> {
        let length = self.u32()? as usize;
        let (head, tail) =
            self.bytes.split_at_checked(length).ok_or(DecodeError::BadLength { kind: self.kind })?;
        self.bytes = tail;
        let text = std::str::from_utf8(head).map_err(|_| DecodeError::NotText { kind: self.kind })?;
        Ok(text.to_owned())
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Ends the body; anything left makes it invalid.
    pub(crate) fn end(self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(DecodeError::BadLength { kind: self.kind }) }
    }

    pub(crate) fn bad_value(&self, value: u8) -> DecodeError {
        DecodeError::BadValue { kind: self.kind, value }
    }
}
