//! What a program writes: standard output is its result, standard error goes to
//! the logs as it comes.

use std::{
    collections::VecDeque,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::io::Errno;

use crate::{jail::JailError, json};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

/// Longest line of a log, in bytes; a byte that is no text becomes three.
const LINE_BYTES: usize = 8 << 10;

/// Bytes of a result that are written as JSON at once.
const PIECE_BYTES: usize = 64 << 10;

/// Logs that are sent as they come, and what is kept of the rest until the end, in bytes.
const LIVE_BYTES: usize = 256 << 10;
const TAIL_BYTES: usize = 32 << 10;

/// Last lines of the logs that are looked at when the program fails.
const LINES_KEPT: usize = 64;

/// The end of a pipe that is read without waiting.
pub(super) struct Pipe(Option<OwnedFd>);

/// What a read of a [`Pipe`] gave.
pub(super) enum Read {
    Some,
    NothingYet,
    End,
}

impl Pipe {
    /// Both ends: the one that is read, and the one that a command writes to.
    pub(super) fn new() -> Result<(Self, OwnedFd), JailError> {
        let failed = |error: Errno| JailError { step: "pipe", source: error.into() };
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(failed)?;
        // The flag is the reader's own: the other end is another open file.
        rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK).map_err(failed)?;
        Ok((Self(Some(reader)), writer))
    }

    /// What to wait for, while it is open.
    pub(super) fn open(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref().map(AsFd::as_fd)
    }

    /// Appends what is there, up to one read.
    pub(super) fn read(&mut self, into: &mut Vec<u8>) -> Read {
        let Some(reader) = &self.0 else { return Read::End };
        let start = into.len();
        if into.capacity() < start + READ_BYTES {
            // Not twice as much: what is long is long enough.
            into.reserve_exact(READ_BYTES + start / 8);
        }
        into.resize(start + READ_BYTES, 0);
        let target = into.get_mut(start..).unwrap_or_default();
        let read = rustix::io::read(reader, target);
        into.truncate(start + read.unwrap_or(0));
        match read {
            Ok(count) if count > 0 => Read::Some,
            Err(Errno::AGAIN | Errno::INTR) => Read::NothingYet,
            _ => {
                self.0 = None;
                Read::End
            }
        }
    }
}

/// The result that a text stands for, as JSON: the value that it is, or else a
/// string without the last line's end; nothing is null. `None` if it would have
/// more than `most` bytes.
pub(super) fn result(written: &[u8], most: usize) -> Option<String> {
    if written.is_empty() {
        return Some("null".to_owned());
    }
    let plain = std::str::from_utf8(written).ok();
    if let Some(value) = plain.map(|text| text.trim_matches([' ', '\t', '\n', '\r']))
        && json::is_value(value)
    {
        return (value.len() <= most).then(|| json::without_halves(value).into_owned());
    }
    let written = written.strip_suffix(b"\n").unwrap_or(written);
    let mut result = String::new();
    result.push('"');
    for chunk in written.utf8_chunks() {
        // In pieces, so that what is too long is never held as a whole.
        let mut rest = chunk.valid();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
            json::escape(piece, &mut result);
            rest = after;
            if result.len() >= most {
                return None;
            }
        }
        if !chunk.invalid().is_empty() {
            result.push(char::REPLACEMENT_CHARACTER);
        }
    }
    result.push('"');
    (result.len() <= most).then_some(result)
}

/// Standard error, cut into lines.
#[derive(Default)]
pub(super) struct Errors {
    partial: Vec<u8>,
    last: VecDeque<String>,
    /// Bytes that were logged as they came.
    sent: usize,
    tail: VecDeque<String>,
    tail_bytes: usize,
    left_out: u64,
}

impl Errors {
    /// Logs the whole lines of what was written.
    pub(super) fn take(&mut self, log: &mut dyn FnMut(&str)) {
        let bytes = std::mem::take(&mut self.partial);
        let mut rest = bytes.as_slice();
        while let Some((line, after)) = next_line(rest) {
            self.log(line, log);
            rest = after;
        }
        self.partial = rest.to_vec();
    }

    /// Logs everything, also what has no line's end.
    pub(super) fn finish(&mut self, log: &mut dyn FnMut(&str)) {
        self.take(log);
        if !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.log(&line, log);
        }
        if self.left_out > 0 {
            log(&format!("({} lines are left out here)", self.left_out));
        }
        self.tail.drain(..).for_each(|line| log(&line));
    }

    /// Where new bytes go.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.partial
    }

    /// The last lines that were written, the newest last.
    pub(super) fn last(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }

    fn log(&mut self, line: &[u8], log: &mut dyn FnMut(&str)) {
        let line = String::from_utf8_lossy(line).into_owned();
        if self.sent < LIVE_BYTES {
            self.sent += line.len() + 1;
            log(&line);
        } else {
            self.tail_bytes += line.len() + 1;
            self.tail.push_back(line.clone());
        }
        while self.tail_bytes > TAIL_BYTES
            && let Some(oldest) = self.tail.pop_front()
        {
            self.tail_bytes -= oldest.len() + 1;
            self.left_out += 1;
        }
        if line.trim().is_empty() {
            return;
        }
        if self.last.len() == LINES_KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

/// A line without its end, cut where it is too long, and what follows it.
fn next_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let head = bytes.get(..bytes.len().min(LINE_BYTES))?;
    match head.iter().position(|byte| *byte == b'\n') {
        Some(end) => Some((bytes.get(..end)?, bytes.get(end + 1..)?)),
        None if head.len() == LINE_BYTES => bytes.split_at_checked(LINE_BYTES),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_the_value_or_the_text() {
        for (written, expected) in [
            ("", "null"),
            ("42\n", "42"),
            ("{\"a\": [1]}\n\n", "{\"a\": [1]}"),
            ("{\"a\":1}\n{\"a\":2}\n", "\"{\\\"a\\\":1}\\u000a{\\\"a\\\":2}\""),
            ("two words\n", "\"two words\""),
            ("a\n\n", "\"a\\u000a\""),
            ("\n", "\"\""),
            ("1e999", "\"1e999\""),
            ("007", "\"007\""),
            ("\"\\ud800\"", "\"\\ufffd\""),
        ] {
            assert_eq!(result(written.as_bytes(), 1000).as_deref(), Some(expected), "{written:?}");
        }
        assert_eq!(result(b"\xffa", 1000).unwrap(), "\"\u{fffd}a\"");
        assert_eq!(result(b"abc", 5).unwrap(), "\"abc\"");
        let mut errors = Errors::default();
        let mut lines = Vec::new();
        for bytes in ["a\nb", "c\n\n", &"x".repeat(LINE_BYTES + 1)] {
            errors.bytes().extend_from_slice(bytes.as_bytes());
            errors.take(&mut |line| lines.push(line.len()));
        }
        errors.finish(&mut |line| lines.push(line.len()));
        assert_eq!(lines, [1, 2, 0, LINE_BYTES, 1]);
        let mut errors = Errors::default();
        let mut lines = Vec::new();
        for _ in 0..10 {
            errors.bytes().extend(b"line\n".repeat(LIVE_BYTES / 40));
            errors.take(&mut |line| lines.push(line.len()));
        }
        assert_eq!(lines.len(), LIVE_BYTES.div_ceil(5));
        errors.bytes().extend(b"line\n".repeat(TAIL_BYTES / 5 + 3));
        errors.finish(&mut |line| lines.push(line.len()));
        assert_eq!(lines.len(), LIVE_BYTES.div_ceil(5) + 1 + TAIL_BYTES / 5);
        for long in ["abc", "\u{1}", "12345"] {
            assert_eq!(result(long.as_bytes(), 4), None, "{long:?}");
        }
    }
}
