//! What the fuzz targets reach of this crate; it exists in their builds alone.

use terraphim_sandbox_protocol::{DecodeError, GuestFrame, LogLevel};
use terraphim_types::Limits;

use crate::{channel::FrameReader, logs::Logs, run::budget};

/// The frames of a stream that arrives in pieces, and what is wrong with the
/// one that ended it; the length is that of the longest rest that was kept.
pub fn frames<'p>(
    pieces: impl IntoIterator<Item = &'p [u8]>,
    limits: &Limits,
) -> (Vec<GuestFrame>, Option<DecodeError>, usize) {
    let mut reader = FrameReader::new(budget(limits));
    let mut frames = Vec::new();
    let mut kept = 0;
    for piece in pieces {
        reader.forget_taken();
        kept = kept.max(reader.bytes.len());
        reader.bytes.extend_from_slice(piece);
        loop {
            match reader.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error), kept),
            }
        }
    }
    (frames, None, kept)
}

/// Adds what a guest logged.
pub fn log(logs: &mut Logs, level: LogLevel, text: &str) {
    logs.push(level, text);
}
